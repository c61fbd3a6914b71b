import { EventEmitter } from "node:events";
import { types } from "node:util";

/**
 * What an object is inside, whatever its prototype, `constructor` or `Symbol.toStringTag` say.
 *
 * - `leaf`: nothing below it has a path: buffers and their views, RegExp, boxed primitives, URL, keys
 * - `opaque`: can be neither compared nor copied; {@link opaqueReason} says what it is
 * - `object`: its own enumerable properties are all there is to it
 */
export type Kind =
  "array" | "object" | "date" | "map" | "set" | "error" | "search-params" | "leaf" | "opaque";

const { getPrototypeOf } = Object;

/** Prototypes between an object and its end that are looked at: a Proxy can have ever new ones. */
const MAX_PROTOTYPES = 50;

/** Classes whose state lives elsewhere, or can't be seen, so that any two would look equal. */
const OPAQUE_TAGS = new Set([
  "AbortController",
  "Blob",
  "File",
  "FinalizationRegistry",
  "FormData",
  "Headers",
  "ReadableStream",
  "Request",
  "Response",
  "TransformStream",
  "WeakRef",
  "WritableStream",
]);

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Never throws, except what a Proxy's traps throw. */
export function kindOf(value: object): Kind {
  if (Array.isArray(value)) return "array";
  const prototype: unknown = getPrototypeOf(value);
  // Even with a "pipe", which is a property like any other: two that differ can't be compared.
  if (prototype === Object.prototype || prototype === null) return "object";
  if (types.isMap(value)) return "map";
  if (types.isSet(value)) return "set";
  if (types.isDate(value)) return "date";
  if (types.isNativeError(value)) return "error";
  if (isLeaf(value)) return "leaf";
  if (opaqueReason(value) !== undefined) return "opaque";
  if (isKey(value) || inherits(value, URL.prototype)) return "leaf";
  if (inherits(value, Error.prototype)) return "error";
  if (inherits(value, URLSearchParams.prototype)) return "search-params";
  return "object";
}

/** What an object is that can't be compared or copied, such as "a stream"; undefined if it can. */
export function opaqueReason(value: object): string | undefined {
  if (typeof value === "function") return "a function";
  if (types.isPromise(value)) return "a promise";
  if (types.isWeakMap(value)) return "a WeakMap";
  if (types.isWeakSet(value)) return "a WeakSet";
  if (types.isGeneratorObject(value)) return "a generator";
  if (types.isExternal(value)) return "a native handle";
  if (typeof (value as { pipe?: unknown }).pipe === "function") return "a stream";
  const prototype: unknown = getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return undefined;
  if (inherits(value, EventEmitter.prototype)) return "an event emitter";
  if (inherits(value, EventTarget.prototype)) return "an event target";
  const tag = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  if (typeof tag !== "string" || !OPAQUE_TAGS.has(tag)) return undefined;
  // A tag can lie. The globals are asked only now: to touch some of them loads all of fetch.
  const { prototype: opaque } = (globalThis as Record<string, any>)[tag];
  return inherits(value, opaque)
    ? tag.endsWith("Stream")
      ? "a stream"
      : `${/^[AEIOU]/.test(tag) ? "an" : "a"} ${tag}`
    : undefined;
}

/** Like `instanceof`, but without asking the class, and with an end. */
export function inherits(value: object, prototype: object): boolean {
  let next: object | null = getPrototypeOf(value);
  for (let i = 0; next !== null && i < MAX_PROTOTYPES; i++, next = getPrototypeOf(next))
    if (next === prototype) return true;
  return false;
}

/** Whether two objects are of the same class, as isDeepStrictEqual sees it. */
export function sameClass(a: object, b: object): boolean {
  if (getPrototypeOf(a) === getPrototypeOf(b)) return true;
  const { constructor } = a;
  return (
    constructor !== undefined && !Object.hasOwn(a, "constructor") && constructor === b.constructor
  );
}

function isLeaf(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    types.isAnyArrayBuffer(value) ||
    types.isRegExp(value) ||
    types.isBoxedPrimitive(value)
  );
}

/** Whether this is a key of node:crypto. */
export function isKey(value: object): boolean {
  // To ask about any other object is slow.
  const tag = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return (
    (tag === "KeyObject" && types.isKeyObject(value)) ||
    (tag === "CryptoKey" && types.isCryptoKey(value))
  );
}
