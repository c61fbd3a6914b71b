import { types } from "node:util";
import { inherits, isKey } from "./kinds.ts";

type ViewConstructor = new (buffer: ArrayBuffer) => object;

/** The getter that tells a typed array's true name, and undefined for a DataView. */
const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
);

/**
 * Copies what a built-in object holds inside, not its properties, its entries or its prototype;
 * undefined for an object that holds nothing. Asks neither `constructor` nor `Symbol.species`.
 */
export function copyBuiltIn(value: object): object | undefined {
  if (types.isDate(value)) return new Date(Date.prototype.getTime.call(value));
  if (types.isMap(value)) return new Map();
  if (types.isSet(value)) return new Set();
  if (types.isRegExp(value)) return copyRegExp(value);
  if (ArrayBuffer.isView(value)) return copyView(value);
  if (types.isAnyArrayBuffer(value)) return bytesOf(new Uint8Array(value));
  if (types.isBoxedPrimitive(value)) return Object(unboxed(value)) as object;
  // They can't be changed.
  if (isKey(value)) return value;
  if (inherits(value, URL.prototype)) return new URL((value as URL).href);
  if (inherits(value, URLSearchParams.prototype))
    return new URLSearchParams(URLSearchParams.prototype.toString.call(value));
  if (inherits(value, DOMException.prototype)) {
    const { message, name } = value as DOMException;
    return new DOMException(message, name);
  }
  return types.isNativeError(value) ? new Error() : undefined;
}

function copyRegExp(value: RegExp): RegExp {
  const copy = new RegExp(value.source, value.flags);
  copy.lastIndex = value.lastIndex;
  return copy;
}

/** A Buffer is often a few bytes of a large pool: only what the view shows is copied. */
function copyView(view: ArrayBufferView): object {
  const buffer = bytesOf(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  const name = typedArrayName?.get?.call(view) as string | undefined;
  if (name === undefined) return new DataView(buffer);
  const View = (globalThis as unknown as Record<string, ViewConstructor>)[name] as ViewConstructor;
  return new View(buffer);
}

function bytesOf(bytes: Uint8Array): ArrayBuffer {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy.buffer;
}

function unboxed(value: object): unknown {
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value);
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value);
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value);
  if (types.isBigIntObject(value)) return BigInt.prototype.valueOf.call(value);
  return Symbol.prototype.valueOf.call(value);
}
