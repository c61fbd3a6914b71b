import { html, type Markup } from "./html.ts";

/** A time as a person reads it, in UTC: `2026-01-31 23:59`. */
export function moment(time: number): Markup {
  const iso = new Date(time).toISOString();
  return html`<time datetime="${iso}"
    ><span>${iso.slice(0, 10)}</span> <span>${iso.slice(11, 16)}</span></time
  >`;
}
