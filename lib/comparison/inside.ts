import { isDeepStrictEqual, types } from "node:util";
import { equalMaps, equalSets } from "./collections.ts";
import { kindOf, sameClass } from "./kinds.ts";
import { KeyedPairs } from "./keyed.ts";
import {
  hasEnumerable,
  hasOnlyElements,
  isSparse,
  ownKeys,
  ownKeysBeyondElements,
  pathKey,
} from "./own-keys.ts";
import type { PathState } from "./path-states.ts";
import { timesWithin } from "./tolerance.ts";
import { elementsOf, pairElements } from "./unordered.ts";
import type { Walk } from "./walk.ts";

type Properties = Record<PropertyKey, unknown>;

/** What an Error has that isn't enumerable and counts. Its stack does not. */
export const ERROR_KEYS = ["message", "name", "cause", "errors"] as const;

/** Whether two objects of any kind are equal inside, under the rules. */
export function equalInside(
  walk: Walk,
  a: object,
  b: object,
  state: PathState | null,
  depth: number,
): boolean {
  const kind = kindOf(a);
  if (kind !== kindOf(b) || !sameClass(a, b)) return false;
  switch (kind) {
    case "opaque":
      return false;
    case "leaf":
      return isDeepStrictEqual(a, b);
    case "array":
      return equalArrays(walk, a as unknown[], b as unknown[], state, depth);
    case "map":
      if (!equalMaps(walk, a as Map<unknown, unknown>, b as Map<unknown, unknown>, state, depth))
        return false;
      break;
    case "set":
      if (!equalSets(walk, a as Set<unknown>, b as Set<unknown>, state, depth)) return false;
      break;
    case "date":
      if (!equalDates(a as Date, b as Date, state)) return false;
      break;
    case "search-params":
      if (searchText(a) !== searchText(b)) return false;
      break;
    case "error":
      if (!equalErrors(walk, a as Error, b as Error, state, depth)) return false;
      break;
    case "object":
      break;
  }
  return equalOwn(walk, a, b, state, depth);
}

/** Whether all own enumerable properties are equal. */
export function equalOwn(
  walk: Walk,
  a: object,
  b: object,
  state: PathState | null,
  depth: number,
): boolean {
  return equalKeys(walk, a, b, ownKeys(a), ownKeys(b), state, depth);
}

/** Whether two objects have the same keys, of those given, and equal values there. */
export function equalKeys(
  walk: Walk,
  a: object,
  b: object,
  keysOfA: readonly (string | symbol)[],
  keysOfB: readonly (string | symbol)[],
  state: PathState | null,
  depth: number,
): boolean {
  const mayIgnore = state !== null && state.mayIgnore;
  if (!mayIgnore && keysOfA.length !== keysOfB.length) return false;
  walk.visit(Math.max(keysOfA.length, keysOfB.length));
  for (const key of keysOfA) {
    const child = childState(state, a, key);
    if (child !== null && child.ignore !== undefined) hideKey(walk, child.ignore, a, b, key);
    else if (
      !hasEnumerable(b, key) ||
      !walk.equal((a as Properties)[key], (b as Properties)[key], child, depth + 1)
    )
      return false;
  }
  if (mayIgnore)
    for (const key of keysOfB) {
      if (hasEnumerable(a, key)) continue;
      const ignore = childState(state, b, key)?.ignore;
      if (ignore === undefined) return false;
      walk.hide(ignore, () => false);
    }
  return true;
}

/** The state of an own property or an element; a symbol goes by its description. */
export function childState(
  state: PathState | null,
  parent: object,
  key: string | symbol,
): PathState | null {
  if (state === null) return null;
  const name = pathKey(parent, key);
  return state.child(typeof name === "symbol" ? String(name) : name);
}

/** The text of a URLSearchParams, which isDeepStrictEqual can't see into. */
export function searchText(value: object): string {
  return URLSearchParams.prototype.toString.call(value);
}

export function equalDates(a: Date, b: Date, state: PathState | null): boolean {
  const [time1, time2] = [Date.prototype.getTime.call(a), Date.prototype.getTime.call(b)];
  return (
    Object.is(time1, time2) ||
    (state?.tolerances !== undefined && timesWithin(state.tolerances, time1, time2))
  );
}

function hideKey(walk: Walk, rule: string, a: object, b: object, key: string | symbol): void {
  walk.hide(
    rule,
    (apart) =>
      hasEnumerable(a, key) === hasEnumerable(b, key) &&
      apart.equal((a as Properties)[key], (b as Properties)[key], null, 0),
  );
}

function equalArrays(
  walk: Walk,
  a: readonly unknown[],
  b: readonly unknown[],
  state: PathState | null,
  depth: number,
): boolean {
  if (state?.unordered) return equalUnordered(walk, a, b, state, depth);
  const longest = Math.max(a.length, b.length);
  const shortest = Math.min(a.length, b.length);
  const everyElement = state === null ? null : state.anyChild();
  const mayIgnore = state !== null && state.mayIgnore;
  if (longest !== shortest && !mayIgnore) return false;
  if (
    state === null ||
    types.isProxy(a) ||
    types.isProxy(b) ||
    isSparse(walk, a) ||
    isSparse(walk, b)
  )
    return (
      (longest === shortest || everyElement?.ignore !== undefined) &&
      equalOwn(walk, a, b, state, depth)
    );
  walk.visit(longest);
  for (let i = 0; i < longest; i++) {
    const child = state.child(i);
    if (child !== null && child.ignore !== undefined) hideKey(walk, child.ignore, a, b, String(i));
    else if (i >= shortest || !walk.equal(a[i], b[i], child, depth + 1)) return false;
  }
  return (hasOnlyElements(a) && hasOnlyElements(b)) || equalOwn(walk, a, b, state, depth);
}

function equalUnordered(
  walk: Walk,
  a: readonly unknown[],
  b: readonly unknown[],
  state: PathState,
  depth: number,
): boolean {
  const element = state.anyChild();
  if (element?.ignore !== undefined)
    walk.hide(element.ignore, (apart) => apart.equal(a, b, null, 0));
  else {
    if (a.length !== b.length) return false;
    const [v1, v2] = [elementsOf(walk, a), elementsOf(walk, b)];
    const by = state.unordered?.by;
    if (by === undefined) {
      if (pairElements(walk, v1, v2, element, depth + 1, true)) return false;
    } else {
      const pairs = new KeyedPairs(v1, v2, by);
      for (let i = 0; i < v1.length; i++) {
        const partner = pairs.partnerOf(i);
        if (partner === -1 || !walk.equal(v1[i], v2[partner], element, depth + 1)) return false;
      }
    }
  }
  const beyond = [ownKeysBeyondElements(a), ownKeysBeyondElements(b)] as const;
  return equalKeys(walk, a, b, ...beyond, state, depth);
}

function equalErrors(
  walk: Walk,
  a: Error,
  b: Error,
  state: PathState | null,
  depth: number,
): boolean {
  for (const key of ERROR_KEYS) {
    if (hasEnumerable(b, key)) continue; // It is compared with the own properties.
    const child = state === null ? null : state.child(key);
    const [x, y] = [(a as unknown as Properties)[key], (b as unknown as Properties)[key]];
    if (child !== null && child.ignore !== undefined)
      walk.hide(child.ignore, (apart) => apart.equal(x, y, null, 0));
    else if (
      !walk.equal(x, y, child, depth + 1) ||
      (key === "cause" && Object.hasOwn(a, key) !== Object.hasOwn(b, key))
    )
      return false;
  }
  return true;
}
