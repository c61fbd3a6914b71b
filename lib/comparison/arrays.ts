import { types } from "node:util";
import { ABSENT } from "./findings.ts";
import type { Findings } from "./findings.ts";
import { pairByKey } from "./keyed.ts";
import type { KeyPath } from "./keyed.ts";
import { isObject, kindOf, opaqueReason } from "./kinds.ts";
import {
  hasOnlyElements,
  isSparse,
  ownKeys,
  ownKeysBeyondElements,
  pathKey,
  valueAt,
} from "./own-keys.ts";
import type { PathState, Unordered } from "./path-states.ts";
import type { PathKey } from "./paths.ts";
import { compareOwn, compareProperties } from "./properties.ts";
import { elementsOf, pairElements } from "./unordered.ts";
import { MAX_DEPTH } from "./walk.ts";
import type { Walk } from "./walk.ts";

type AnyArray = readonly unknown[];

/** Compares two arrays. */
export function compareArrays(
  into: Findings,
  a: AnyArray,
  b: AnyArray,
  state: PathState | undefined,
  depth: number,
): boolean {
  if (state?.unordered) return compareUnordered(into, a, b, state, state.unordered, depth);
  const { walk } = into;
  // Their keys tell more than their lengths do, of which they may be full.
  if (isOdd(walk, a) || isOdd(walk, b)) return compareByKeys(into, a, b, state, depth);

  const childAt = (i: number) => state?.child(i);
  const shared = Math.min(a.length, b.length);
  walk.visit(shared);
  const changed: number[] = [];
  for (let i = 0; i < shared; i++) {
    if (walk.attempt(a[i], b[i], childAt(i), depth + 1)) continue;
    if (into.early) return false;
    changed.push(i);
  }
  if (a.length === b.length && isPermuted(walk, a, b, changed, state, depth))
    return into.differ("order", a, b);
  for (const i of changed) if (!into.pair(i, a[i], b[i], childAt(i), depth + 1)) return false;
  for (let i = shared; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [i < a.length ? a[i] : ABSENT, i < b.length ? b[i] : ABSENT];
    if (!into.pair(i, x, y, childAt(i), depth + 1)) return false;
  }
  return true;
}

/** Whether the elements at these indexes are the same on both sides, in another order. */
function isPermuted(
  walk: Walk,
  a: AnyArray,
  b: AnyArray,
  changed: readonly number[],
  state: PathState | undefined,
  depth: number,
): boolean {
  if (changed.length < 2) return false;
  const side1 = changed.map((i) => a[i]);
  const side2 = changed.map((i) => b[i]);
  const element = state?.anyChild();
  return pairElements(walk, side1, side2, element, depth + 1, true) !== undefined;
}

function isOdd(walk: Walk, array: AnyArray): boolean {
  if (types.isProxy(array) || isSparse(walk, array)) return true;
  if (array.length > walk.left) walk.visit(array.length);
  return !hasOnlyElements(array);
}

/** For arrays with holes or properties of their own: each key stands for itself. */
function compareByKeys(
  into: Findings,
  a: AnyArray,
  b: AnyArray,
  state: PathState | undefined,
  depth: number,
): boolean {
  const before = into.listed;
  if (!compareOwn(into, a, b, state, depth)) return false;
  const isTold = a.length === b.length || state?.anyChild()?.ignore !== undefined;
  return isTold || into.listed !== before || into.differ("length", a, b);
}

function compareUnordered(
  into: Findings,
  a: AnyArray,
  b: AnyArray,
  state: PathState,
  { by }: Unordered,
  depth: number,
): boolean {
  const element = state.anyChild();
  if (element?.ignore !== undefined)
    into.hide(element.ignore, (apart) => apart.equal(a, b, undefined, 0));
  else {
    const [v1, v2] = [elementsOf(into.walk, a), elementsOf(into.walk, b)];
    const goOn =
      by === undefined
        ? compareMultisets(into, v1, v2, element, depth)
        : compareKeyed(into, v1, v2, element, by, depth);
    if (!goOn) return false;
  }
  const beyond = [ownKeysBeyondElements(a), ownKeysBeyondElements(b)] as const;
  return compareProperties(into, a, b, ...beyond, state, depth);
}

function compareKeyed(
  into: Findings,
  a: AnyArray,
  b: AnyArray,
  element: PathState | undefined,
  by: KeyPath,
  depth: number,
): boolean {
  const pairs = pairByKey(into.walk, a, b, by, into.early);
  if (pairs === undefined) return false;
  for (let i = 0; i < a.length; i++) {
    const partner = pairs.partners[i] as number;
    const other = partner === -1 ? ABSENT : b[partner];
    if (!into.pair(i, a[i], other, element, depth + 1)) return false;
  }
  return pairs.v2.every((i) => into.pair(i, ABSENT, b[i], element, depth + 1));
}

function compareMultisets(
  into: Findings,
  a: AnyArray,
  b: AnyArray,
  element: PathState | undefined,
  depth: number,
): boolean {
  const { walk } = into;
  const unpaired = pairElements(walk, a, b, element, depth + 1, into.early);
  if (unpaired === undefined) return false;
  // Two functions find no partner since they can't be compared, not since they differ.
  if (unpaired.v2.length > 0) {
    const way: PathKey[] = [];
    const seen = new Set<object>();
    for (const i of unpaired.v1) {
      const reason = findOpaque(walk, a[i], i, way, seen);
      if (reason !== undefined) return into.refuse(reason, way);
    }
  }
  return (
    unpaired.v1.every((i) => into.pair(i, a[i], ABSENT, element, depth + 1)) &&
    unpaired.v2.every((i) => into.pair(i, ABSENT, b[i], element, depth + 1))
  );
}

/** Why something at a key, or below, can't be compared; `way` leads to it then. */
function findOpaque(
  walk: Walk,
  value: unknown,
  key: PathKey,
  way: PathKey[],
  seen: Set<object>,
): string | undefined {
  if ((typeof value !== "function" && !isObject(value)) || seen.has(value)) return undefined;
  seen.add(value);
  way.push(key);
  const reason = opaqueReason(value);
  if (reason !== undefined) return reason;
  if (way.length < MAX_DEPTH && kindOf(value) !== "leaf") {
    const keys = ownKeys(value);
    walk.visit(keys.length);
    for (const name of keys) {
      const inner = findOpaque(walk, valueAt(value, name), pathKey(value, name), way, seen);
      if (inner !== undefined) return inner;
    }
  }
  way.pop();
  return undefined;
}
