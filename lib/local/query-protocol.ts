import { randomUUID } from "node:crypto";
import type { ServiceResponse } from "./service.ts";

/** What an answer of the query protocol has: elements in elements, by name. */
export interface Elements {
  readonly [name: string]: string | Elements;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** What XML has other words for; and control characters, which it can't have at all. */
const unwritable = /[&<>]|[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;

function xml(elements: Elements): string {
  return Object.entries(elements)
    .map(([name, content]) => {
      const inner =
        typeof content === "string"
          ? content.replaceAll(unwritable, (character) => entities[character] ?? "\u{fffd}")
          : xml(content);
      return `<${name}>${inner}</${name}>`;
    })
    .join("");
}

const headers = { "content-type": "text/xml" };

/** An operation's answer in the query protocol, which is XML. */
export function xmlAnswer(namespace: string, operation: string, result: Elements): ServiceResponse {
  const content = xml({
    [`${operation}Result`]: result,
    ResponseMetadata: { RequestId: randomUUID() },
  });
  const name = `${operation}Response`;
  return { status: 200, headers, body: `<${name} xmlns="${namespace}">${content}</${name}>` };
}

/** An error in the query protocol. */
export function xmlError(code: string, message: string, status: number): ServiceResponse {
  const Type = status < 500 ? "Sender" : "Receiver";
  const error = { Error: { Type, Code: code, Message: message }, RequestId: randomUUID() };
  return { status, headers, body: xml({ ErrorResponse: error }) };
}
