import { isDeepStrictEqual, types } from "node:util";
import { equalInside, equalKeys, equalOwn } from "./inside.ts";
import { hasEnumerable, hasOnlyElements, isSparse, ownSymbols } from "./own-keys.ts";
import type { PathState } from "./path-states.ts";
import { tolerates } from "./tolerance.ts";
import type { Walk } from "./walk.ts";

const { getOwnPropertySymbols, getPrototypeOf, is, keys } = Object;
const { isArray } = Array;
const { isProxy } = types;

type Properties = Record<PropertyKey, unknown>;

/**
 * Whether two values are equal as isDeepStrictEqual of node:util has it. Builds nothing on plain
 * objects and arrays but one list of keys an object.
 *
 * What can't be compared, such as two functions, counts as different here.
 *
 * @throws Capped, CycleFound, and what getters and Proxies throw
 */
export function equal(walk: Walk, a: unknown, b: unknown, depth: number): boolean {
  if (a === b) return a !== 0 || is(a, b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
    return Number.isNaN(a) && Number.isNaN(b);
  if (depth >= walk.watchFrom) return equalWatched(walk, a, b, null, depth);
  return equalObjects(walk, a, b, depth);
}

/** Like {@link equal}, under the rules that apply here and below. */
export function equalUnder(
  walk: Walk,
  a: unknown,
  b: unknown,
  state: PathState | null,
  depth: number,
): boolean {
  if (state === null) return equal(walk, a, b, depth);
  if (a === b && (a !== 0 || is(a, b))) return true;
  if (state.ignore !== undefined) {
    walk.hide(state.ignore, (apart) => equal(apart, a, b, 0));
    return true;
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    if (Number.isNaN(a) && Number.isNaN(b)) return true;
    return state.tolerances !== undefined && tolerates(state.tolerances, a, b);
  }
  if (depth >= walk.watchFrom) return equalWatched(walk, a, b, state, depth);
  return equalInside(walk, a, b, state, depth);
}

function equalWatched(
  walk: Walk,
  a: object,
  b: object,
  state: PathState | null,
  depth: number,
): boolean {
  const entry = walk.enter(a, b, state, depth);
  if (entry !== "look") return entry === "equal";
  const result =
    state === null ? equalObjects(walk, a, b, depth) : equalInside(walk, a, b, state, depth);
  walk.leave(a, b, state);
  return result;
}

function equalObjects(walk: Walk, a: object, b: object, depth: number): boolean {
  const prototype: unknown = getPrototypeOf(a);
  // A Proxy may have another prototype each time it is asked, or a length without end.
  if (prototype !== getPrototypeOf(b) || isProxy(a)) return equalInside(walk, a, b, null, depth);
  if (isArray(a)) return isArray(b) && a.length === b.length && equalArrays(walk, a, b, depth);
  if ((prototype !== Object.prototype && prototype !== null) || !walk.cleanPrototype)
    return equalInside(walk, a, b, null, depth);

  const names = keys(b);
  walk.visit(names.length);
  let count = 0;
  // The only loop over keys for which the engine makes no list.
  for (const name in a) {
    if (names[count++] !== name && !hasEnumerable(b, name)) return false;
    const x = (a as Properties)[name];
    const y = (b as Properties)[name];
    if (x === y ? x === 0 && !is(x, y) : !equal(walk, x, y, depth + 1)) return false;
  }
  return (
    count === names.length &&
    ((getOwnPropertySymbols(a).length === 0 && getOwnPropertySymbols(b).length === 0) ||
      equalKeys(walk, a, b, ownSymbols(a), ownSymbols(b), null, depth))
  );
}

/** Arrays of one length and prototype. */
function equalArrays(
  walk: Walk,
  a: readonly unknown[],
  b: readonly unknown[],
  depth: number,
): boolean {
  const { length } = a;
  if (isSparse(walk, a)) return equalOwn(walk, a, b, null, depth);
  walk.visit(length);
  // With nothing below them, Node tells best whether there are holes, or properties beyond the
  // elements; there is no way to ask for those alone.
  if (!holdsObjects(a)) return isDeepStrictEqual(a, b);
  for (let i = 0; i < length; i++) {
    const x = a[i];
    const y = b[i];
    if (x === y ? x === 0 && !is(x, y) : !equal(walk, x, y, depth + 1)) return false;
  }
  return (hasOnlyElements(a) && hasOnlyElements(b)) || equalOwn(walk, a, b, null, depth);
}

function holdsObjects(array: readonly unknown[]): boolean {
  for (let i = 0; i < array.length; i++)
    if (typeof array[i] === "object" && array[i] !== null) return true;
  return false;
}
