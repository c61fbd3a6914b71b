import type { Names } from "./names.ts";

/** The kinds of a first migration. */
export const KINDS = ["read", "dual-write"] as const;

/** `read`: the handler only reads. `dual-write`: it writes too, to both versions. */
export type Kind = (typeof KINDS)[number];

/** What the text of a new file depends on. */
export interface TemplateInput extends Names {
  /** Whether the handler writes too, to both versions. */
  readonly writes: boolean;
  /** What an import of a neighbour such as `./v1` ends with: `.js`, `.ts`, `.mjs` or `.mts`. */
  readonly importSuffix: string;
}

/** A new file's text. */
export type Template = (input: TemplateInput) => string;

/** A piece of a template that is there under a condition. */
export function only(condition: boolean, text: string): string {
  return condition ? text : "";
}
