import { isDeepStrictEqual, types } from "node:util";
import type { Findings } from "./findings.ts";
import { hasEnumerable, hasOnlyElements, isSparse, ownSymbols, valueAt } from "./own-keys.ts";
import type { PathState } from "./path-states.ts";
import type { PathKey } from "./paths.ts";
import { compareOwn, compareProperties } from "./properties.ts";
import { compareInside, compareObjects, compareValues } from "./values.ts";
import type { Walk } from "./walk.ts";

const { getOwnPropertySymbols, getPrototypeOf, is, keys } = Object;
const { isArray } = Array;
const { isProxy } = types;

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
  return depth >= walk.watchFrom
    ? compareObjects(new AnyDifference(walk), a, b, undefined, depth)
    : equalObjects(walk, a, b, depth);
}

/** Like {@link equal}, under the rules that apply here and below. */
export function equalUnder(
  walk: Walk,
  a: unknown,
  b: unknown,
  state: PathState | undefined,
  depth: number,
): boolean {
  return state === undefined
    ? equal(walk, a, b, depth)
    : compareValues(new AnyDifference(walk), a, b, state, depth);
}

/** For whom the first difference is enough. */
class AnyDifference implements Findings {
  readonly walk: Walk;
  readonly early = true;
  readonly listed = 0;

  constructor(walk: Walk) {
    this.walk = walk;
  }

  pair(_: PathKey, v1: unknown, v2: unknown, state: PathState | undefined, depth: number): boolean {
    return state === undefined
      ? equal(this.walk, v1, v2, depth)
      : compareValues(this, v1, v2, state, depth);
  }

  differ(): boolean {
    return false;
  }

  refuse(): boolean {
    return false;
  }

  hide(rule: string, same: (walk: Walk) => boolean): void {
    this.walk.hide(rule, same);
  }
}

function equalObjects(walk: Walk, a: object, b: object, depth: number): boolean {
  const prototype: unknown = getPrototypeOf(a);
  // A Proxy may have another prototype each time it is asked, or a length without end.
  if (prototype !== getPrototypeOf(b) || isProxy(a))
    return compareInside(new AnyDifference(walk), a, b, undefined, depth);
  if (isArray(a)) return isArray(b) && a.length === b.length && equalArrays(walk, a, b, depth);
  if ((prototype !== Object.prototype && prototype !== null) || !walk.cleanPrototype)
    return compareInside(new AnyDifference(walk), a, b, undefined, depth);

  const names = keys(b);
  walk.visit(names.length);
  let count = 0;
  // The only loop over keys for which the engine makes no list.
  for (const name in a) {
    if (names[count++] !== name && !hasEnumerable(b, name)) return false;
    const x = valueAt(a, name);
    const y = valueAt(b, name);
    if (x === y ? x === 0 && !is(x, y) : !equal(walk, x, y, depth + 1)) return false;
  }
  return (
    count === names.length &&
    ((getOwnPropertySymbols(a).length === 0 && getOwnPropertySymbols(b).length === 0) ||
      compareProperties(
        new AnyDifference(walk),
        a,
        b,
        ownSymbols(a),
        ownSymbols(b),
        undefined,
        depth,
      ))
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
  if (isSparse(walk, a)) return compareOwn(new AnyDifference(walk), a, b, undefined, depth);
  walk.visit(length);
  // With nothing below them, Node tells best whether there are holes, or properties beyond the
  // elements; there is no way to ask for those alone.
  if (!holdsObjects(a)) return isDeepStrictEqual(a, b);
  for (let i = 0; i < length; i++) {
    const x = a[i];
    const y = b[i];
    if (x === y ? x === 0 && !is(x, y) : !equal(walk, x, y, depth + 1)) return false;
  }
  return (
    (hasOnlyElements(a) && hasOnlyElements(b)) ||
    compareOwn(new AnyDifference(walk), a, b, undefined, depth)
  );
}

function holdsObjects(array: readonly unknown[]): boolean {
  for (let i = 0; i < array.length; i++)
    if (typeof array[i] === "object" && array[i] !== null) return true;
  return false;
}
