import { parse, type DefaultTreeAdapterTypes } from "parse5";

/** A page as a browser reads it. */
export interface ParsedPage {
  /** Elements by tag name, with how many there are. */
  readonly elements: ReadonlyMap<string, number>;
  /** Names of all attributes. */
  readonly attributes: ReadonlySet<string>;
  /** What stands in elements, comments and attributes, without white space around it. */
  readonly texts: readonly string[];
  readonly errors: readonly string[];
}

/** Reads a page with HTML's own parser. */
export function parsed(page: string): ParsedPage {
  const elements = new Map<string, number>();
  const attributes = new Set<string>();
  const texts: string[] = [];
  const errors: string[] = [];
  const visit = (node: DefaultTreeAdapterTypes.Node): void => {
    if ("value" in node) texts.push(node.value.trim());
    if ("data" in node) texts.push(node.data);
    if ("tagName" in node) {
      elements.set(node.tagName, (elements.get(node.tagName) ?? 0) + 1);
      for (const { name, value } of node.attrs) {
        attributes.add(name);
        texts.push(value);
      }
    }
    if ("childNodes" in node) for (const child of node.childNodes) visit(child);
  };
  visit(parse(page, { onParseError: ({ code }) => errors.push(code) }));
  return { elements, attributes, texts, errors };
}
