import { printable } from "../text/printable.ts";

/** Text that is HTML already: nothing else is ever taken for it. */
class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type { Markup };

/** What may stand in a template: data, which is escaped, markup, or any number of these. */
export type Content = string | number | Markup | undefined | readonly Content[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * HTML of a template. What stands in it is data, shown as it is and never obeyed, in a text as in a quoted
 * attribute; control characters are shown as a terminal would have them shown. `undefined` is nothing.
 */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(String.raw({ raw: strings }, ...contents.map(textOf)));
}

/** A text of our own that is HTML as it stands, such as a style: never data. */
export function verbatim(text: string): Markup {
  return new Markup(text);
}

function textOf(content: Content): string {
  if (content === undefined) return "";
  if (content instanceof Markup) return content.text;
  if (typeof content === "object") return content.map(textOf).join("");
  // A page may have no half of a pair, and none of the code points that are no characters.
  return printable(String(content).toWellFormed())
    .replaceAll(/\p{Noncharacter_Code_Point}/gu, "\ufffd")
    .replaceAll(/[&<>"']/g, (character) => ESCAPES[character]!);
}
