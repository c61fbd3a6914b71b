import { types } from "node:util";
import type { DifferenceWalk } from "./difference-list.ts";
import { KeyedPairs } from "./keyed.ts";
import type { KeyPath } from "./keyed.ts";
import { kindOf, opaqueReason } from "./kinds.ts";
import { hasOnlyElements, isSparse, ownKeys, ownKeysBeyondElements, pathKey } from "./own-keys.ts";
import type { PathState, Unordered } from "./path-states.ts";
import type { PathKey } from "./paths.ts";
import { elementsOf, pairElements } from "./unordered.ts";
import { MAX_DEPTH } from "./walk.ts";

type AnyArray = readonly unknown[];

/** Lists the differences of two arrays. */
export function compareArrays(
  into: DifferenceWalk,
  a: AnyArray,
  b: AnyArray,
  state: PathState | null,
  depth: number,
): void {
  if (state?.unordered) return compareUnordered(into, a, b, state, state.unordered, depth);
  // Their keys tell more than their lengths do, of which they may be full.
  if (isOdd(into, a) || isOdd(into, b)) return compareByKeys(into, a, b, state, depth);

  const { walk, list } = into;
  const shared = Math.min(a.length, b.length);
  walk.visit(shared);
  const changed: number[] = [];
  for (let i = 0; i < shared; i++) {
    const child = state === null ? null : state.child(i);
    if (!walk.attempt(a[i], b[i], child, depth + 1)) changed.push(i);
  }
  if (a.length === b.length && isPermuted(into, a, b, changed, state, depth))
    return list.report("order", a, b);
  for (const i of changed) {
    list.path.push(i);
    into.compare(a[i], b[i], state === null ? null : state.child(i), depth + 1);
    list.path.pop();
  }
  for (let i = shared; i < a.length; i++)
    if (state?.child(i)?.ignore === undefined) list.missing(i, a[i]);
  for (let i = shared; i < b.length; i++)
    if (state?.child(i)?.ignore === undefined) list.extra(i, b[i]);
}

/** Whether the elements at these indexes are the same on both sides, in another order. */
function isPermuted(
  { walk }: DifferenceWalk,
  a: AnyArray,
  b: AnyArray,
  changed: readonly number[],
  state: PathState | null,
  depth: number,
): boolean {
  if (changed.length < 2) return false;
  const side1 = changed.map((i) => a[i]);
  const side2 = changed.map((i) => b[i]);
  const element = state === null ? null : state.anyChild();
  return pairElements(walk, side1, side2, element, depth + 1, true) === undefined;
}

function isOdd({ walk }: DifferenceWalk, array: AnyArray): boolean {
  if (types.isProxy(array)) return true;
  if (isSparse(walk, array)) return true;
  if (array.length > walk.left) walk.visit(array.length);
  return !hasOnlyElements(array);
}

/** For arrays with holes or properties of their own: each key stands for itself. */
function compareByKeys(
  into: DifferenceWalk,
  a: AnyArray,
  b: AnyArray,
  state: PathState | null,
  depth: number,
): void {
  const { found } = into.list;
  const before = found.length;
  into.properties(a, b, ownKeys(a), ownKeys(b), state, depth);
  const ignored = state?.anyChild()?.ignore !== undefined;
  if (found.length === before && a.length !== b.length && !ignored)
    into.list.report("length", a, b);
}

function compareUnordered(
  into: DifferenceWalk,
  a: AnyArray,
  b: AnyArray,
  state: PathState,
  { by }: Unordered,
  depth: number,
): void {
  const element = state.anyChild();
  if (element === null || element.ignore === undefined) {
    const [v1, v2] = [elementsOf(into.walk, a), elementsOf(into.walk, b)];
    if (by === undefined) compareMultisets(into, v1, v2, element, depth);
    else compareKeyed(into, v1, v2, element, by, depth);
  }
  const beyond = [ownKeysBeyondElements(a), ownKeysBeyondElements(b)] as const;
  into.properties(a, b, ...beyond, state, depth);
}

function compareKeyed(
  into: DifferenceWalk,
  a: AnyArray,
  b: AnyArray,
  element: PathState | null,
  by: KeyPath,
  depth: number,
): void {
  const pairs = new KeyedPairs(a, b, by);
  for (let i = 0; i < a.length; i++) {
    const partner = pairs.partnerOf(i);
    if (partner === -1) into.list.missing(i, a[i]);
    else {
      into.list.path.push(i);
      into.compare(a[i], b[partner], element, depth + 1);
      into.list.path.pop();
    }
  }
  for (const i of pairs.rest()) into.list.extra(i, b[i]);
}

function compareMultisets(
  into: DifferenceWalk,
  a: AnyArray,
  b: AnyArray,
  element: PathState | null,
  depth: number,
): void {
  const unpaired = pairElements(into.walk, a, b, element, depth + 1, false);
  if (unpaired === undefined) return;
  // Two functions find no partner since they can't be compared, not since they differ.
  const seen = new Set<object>();
  if (unpaired.v2.length > 0) for (const i of unpaired.v1) refuseOpaque(into, a[i], i, seen);
  for (const i of unpaired.v1) into.list.missing(i, a[i]);
  for (const i of unpaired.v2) into.list.extra(i, b[i]);
}

/** @throws NotComparable when something below can't be compared */
function refuseOpaque(into: DifferenceWalk, value: unknown, key: PathKey, seen: Set<object>): void {
  const { walk, list } = into;
  if (typeof value !== "function" && (typeof value !== "object" || value === null)) return;
  if (seen.has(value)) return;
  seen.add(value);
  list.path.push(key);
  const reason = opaqueReason(value);
  if (reason !== undefined) list.refuse(reason);
  if (list.path.length < MAX_DEPTH && kindOf(value) !== "leaf") {
    const keys = ownKeys(value);
    walk.visit(keys.length);
    for (const name of keys) {
      const inner = (value as Record<PropertyKey, unknown>)[name];
      refuseOpaque(into, inner, pathKey(value, name), seen);
    }
  }
  list.path.pop();
}
