import { html, type Markup } from "./html.ts";

/** A time as a person reads it, in UTC: `2026-01-31 23:59`. */
export function moment(time: number): Markup {
  const iso = new Date(time).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 16)}</time>`;
}
