/**
 * Reads what `encode.ts` has written. What comes back is equal to what was written, save that an instance of
 * a class is a plain object by then, a hole is `undefined`, and an error has no stack.
 */

/** A text that does not say what value it was. The message says why. */
export class NotDecodable extends Error {
  override readonly name = "NotDecodable";
}

/**
 * Reads a value from its text.
 *
 * @throws {NotDecodable} for what has no way back (functions, symbols, cycles, what could not be read), and
 *   for a text that is none of `encodeValue`'s, such as one that was cut.
 */
export function decodeValue(text: string): unknown {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new NotDecodable("it is not whole");
  }
  try {
    return decode(json);
  } catch (error) {
    // What a hostile text has led to: too many levels, a date or a pattern that is none.
    throw error instanceof NotDecodable ? error : new NotDecodable("it can't be read");
  }
}

function decode(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(decode);
  const kind = Object.keys(json).find((key) => key.startsWith("$"));
  return kind === undefined ? decodeEntries(json) : decodeSpecial(kind, json);
}

/** As own properties, whatever their names: `__proto__` is a key like any other. */
function decodeEntries(json: object): Record<string, unknown> {
  if (typeof json !== "object" || Array.isArray(json)) throw new NotDecodable("it can't be read");
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, decode(value)]));
}

function decodeSpecial(kind: string, json: object): unknown {
  const { [kind]: content, ...rest } = json as Record<string, any>;
  const besides = Object.keys(rest);
  if (kind === "$bytes" && besides.join() === "type") return bytesFrom(content, rest["type"]);
  if (besides.length > 0) throw new NotDecodable("it can't be read");
  switch (kind) {
    case "$object":
      return decodeEntries(content);
    case "$undefined":
      return undefined;
    case "$number":
      return Number(content);
    case "$bigint":
      return BigInt(content);
    case "$date":
      return dateFrom(content);
    case "$regexp":
      return patternFrom(content);
    case "$map":
      return new Map(
        content.map(([key, value]: [unknown, unknown]) => [decode(key), decode(value)]),
      );
    case "$set":
      return new Set(content.map(decode));
    case "$error":
      return errorFrom(decodeEntries(content));
    default:
      throw new NotDecodable(
        `it holds what has no way back: ${WITHOUT_WAY_BACK[kind] ?? "what is not known"}`,
      );
  }
}

const WITHOUT_WAY_BACK: Readonly<Record<string, string>> = {
  $function: "a function",
  $symbol: "a symbol",
  $cycle: "a cycle",
  $unreadable: "what could not be read",
};

function dateFrom(content: string): Date {
  const date = new Date(content);
  if (Number.isNaN(date.getTime()) && content !== "invalid") {
    throw new NotDecodable("it holds what is no date");
  }
  return date;
}

function patternFrom(content: string): RegExp {
  const end = content.lastIndexOf("/");
  return new RegExp(content.slice(1, end), content.slice(end + 1));
}

const LANGUAGE_ERRORS = [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

function errorFrom({ name, message, ...rest }: Record<string, unknown>): Error {
  const Class = LANGUAGE_ERRORS.find((known) => known.name === name) ?? Error;
  const error = new Class(String(message));
  delete error.stack;
  if (name !== error.name) define(error, "name", name, false);
  const { cause, ...own } = rest;
  if ("cause" in rest) define(error, "cause", cause, false);
  for (const [key, value] of Object.entries(own)) define(error, key, value, true);
  return error;
}

function define(to: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(to, key, { value, enumerable, writable: true, configurable: true });
}

/** The views on bytes that the language has. */
const VIEWS: readonly (new (buffer: ArrayBuffer) => ArrayBufferView)[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
];

function bytesFrom(content: string, type: unknown): ArrayBufferView {
  const bytes = Buffer.from(content, "base64");
  if (type === "Buffer") return bytes;
  const View = VIEWS.find(({ name }) => name === type);
  if (View === undefined) throw new NotDecodable("it holds bytes of a class of its own");
  // Of their own, for a Buffer's are part of a pool.
  return new View(Uint8Array.from(bytes).buffer);
}
