import type { PathKey } from "./paths.ts";

/** Elements from which it is worth a look whether there are any. */
const LONG_ARRAY = 100_000;

/** Lists of own keys, as equality means them: enumerable ones, strings before symbols. */

const { getOwnPropertySymbols, keys, values } = Object;

export function hasEnumerable(value: object, key: PropertyKey): boolean {
  return Object.prototype.propertyIsEnumerable.call(value, key);
}

export function valueAt(object: object, key: PropertyKey): unknown {
  return (object as Record<PropertyKey, unknown>)[key];
}

/** Own enumerable keys. For an array that may be sparse this costs what it holds, not its length. */
export function ownKeys(value: object): (string | symbol)[] {
  const names: (string | symbol)[] = keys(value);
  if (getOwnPropertySymbols(value).length > 0) names.push(...ownSymbols(value));
  return names;
}

/** Own enumerable symbols. */
export function ownSymbols(value: object): symbol[] {
  return getOwnPropertySymbols(value).filter((symbol) => hasEnumerable(value, symbol));
}

/** Own enumerable keys of an array beyond its elements, such as the `index` of a RegExp match. */
export function ownKeysBeyondElements(value: readonly unknown[]): (string | symbol)[] {
  return hasOnlyElements(value) ? [] : ownKeys(value).filter((key) => indexOf(key) === undefined);
}

/** Whether an array has no holes, and no properties beyond its elements. */
export function hasOnlyElements(array: readonly unknown[]): boolean {
  const { length } = array;
  // A list of its values is cheaper than one of its keys, but can't tell a hole from a property.
  if (values(array).length !== length || getOwnPropertySymbols(array).length > 0) return false;
  for (let i = 0; i < length; i++)
    if (array[i] === undefined && !Object.hasOwn(array, i)) return false;
  return true;
}

/** Whether an array is very long and mostly holes, so that its keys are rather to be listed. */
export function isSparse({ left }: { readonly left: number }, array: readonly unknown[]): boolean {
  if (!(array.length > Math.min(left, LONG_ARRAY))) return false;
  for (let i = 0; i < 100; i++) if (!Object.hasOwn(array, i)) return true;
  return false;
}

/** The index that a key of an array is, or undefined when it is none. */
export function indexOf(key: string | symbol): number | undefined {
  if (typeof key === "symbol") return undefined;
  const index = Number(key);
  return index < 4_294_967_295 && Number.isInteger(index) && String(index) === key && index >= 0
    ? index
    : undefined;
}

/** The key as paths and rules have it: an element's as a number. */
export function pathKey(parent: object, key: string | symbol): PathKey {
  return (Array.isArray(parent) ? indexOf(key) : undefined) ?? key;
}
