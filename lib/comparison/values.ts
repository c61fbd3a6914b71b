import { isDeepStrictEqual } from "node:util";
import { compareArrays } from "./arrays.ts";
import { compareMaps, compareSets } from "./collections.ts";
import type { DifferenceKind } from "./difference.ts";
import type { Findings } from "./findings.ts";
import { isObject, kindOf, opaqueReason, sameClass } from "./kinds.ts";
import { hasEnumerable, valueAt } from "./own-keys.ts";
import type { PathState } from "./path-states.ts";
import { compareOwn } from "./properties.ts";
import { timesWithin, tolerates } from "./tolerance.ts";

/** What an Error has that isn't enumerable and counts. Its stack does not. */
const ERROR_KEYS = ["message", "name", "cause", "errors"] as const;

/** Compares two values of any type under the rules that apply here and below. */
export function compareValues(
  into: Findings,
  a: unknown,
  b: unknown,
  state: PathState | null,
  depth: number,
): boolean {
  if (Object.is(a, b)) return true;
  if (state !== null) {
    if (state.ignore !== undefined) {
      into.hide(state.ignore, (apart) => apart.equal(a, b, null, 0));
      return true;
    }
    if (state.tolerances !== undefined && tolerates(state.tolerances, a, b)) return true;
  }
  if (isObject(a) && isObject(b)) return compareObjects(into, a, b, state, depth);
  const type = typeName(a);
  if (type !== typeName(b)) return into.differ("type", a, b);
  return type === "function" ? into.refuse("a function") : into.differ("value", a, b);
}

/** Compares two objects, of which one may be on the way to itself. */
export function compareObjects(
  into: Findings,
  a: object,
  b: object,
  state: PathState | null,
  depth: number,
): boolean {
  const { walk } = into;
  if (depth < walk.watchFrom) return compareInside(into, a, b, state, depth);
  const entry = walk.enter(a, b, state, depth);
  if (entry !== "look") return entry === "equal" || into.differ("value", a, b);
  const goOn = compareInside(into, a, b, state, depth);
  walk.leave(a, b, state);
  return goOn;
}

/** Compares what two objects of any kind hold. */
export function compareInside(
  into: Findings,
  a: object,
  b: object,
  state: PathState | null,
  depth: number,
): boolean {
  const kind = kindOf(a);
  const sameKind = kind === kindOf(b);
  if (sameKind && kind === "opaque") return into.refuse(opaqueReason(a) as string);
  if (!sameKind || !sameClass(a, b)) return into.differ("type", a, b);
  if (kind === "array") return compareArrays(into, a as unknown[], b as unknown[], state, depth);
  if (kind === "leaf") return isDeepStrictEqual(a, b) || into.differ(leafDifference(a, b), a, b);
  if (kind === "map" && !compareMaps(into, a as AnyMap, b as AnyMap, state, depth)) return false;
  if (kind === "set" && !compareSets(into, a as AnySet, b as AnySet, state, depth)) return false;
  if (kind === "error" && !compareErrors(into, a, b, state, depth)) return false;
  const sameText =
    kind === "date"
      ? equalDates(a as Date, b as Date, state)
      : kind !== "search-params" || searchText(a) === searchText(b);
  return (sameText || into.differ("value", a, b)) && compareOwn(into, a, b, state, depth);
}

type AnyMap = Map<unknown, unknown>;
type AnySet = Set<unknown>;

function compareErrors(
  into: Findings,
  a: object,
  b: object,
  state: PathState | null,
  depth: number,
): boolean {
  return ERROR_KEYS.every((key) => {
    if (hasEnumerable(b, key)) return true; // It is compared with the own properties.
    const [x, y] = [valueAt(a, key), valueAt(b, key)];
    const child = state === null ? null : state.child(key);
    if (child !== null && child.ignore !== undefined) {
      into.hide(child.ignore, (apart) => apart.equal(x, y, null, 0));
      return true;
    }
    const hasCause = Object.hasOwn(a, key);
    if (key === "cause" && hasCause !== Object.hasOwn(b, key))
      return hasCause ? into.missing(key, x) : into.extra(key, y);
    return into.pair(key, x, y, child, depth + 1);
  });
}

function equalDates(a: Date, b: Date, state: PathState | null): boolean {
  const [time1, time2] = [Date.prototype.getTime.call(a), Date.prototype.getTime.call(b)];
  return (
    Object.is(time1, time2) ||
    (state?.tolerances !== undefined && timesWithin(state.tolerances, time1, time2))
  );
}

/** The text of a URLSearchParams, which isDeepStrictEqual can't see into. */
function searchText(value: object): string {
  return URLSearchParams.prototype.toString.call(value);
}

function typeName(value: unknown): string {
  return value === null ? "null" : typeof value;
}

function leafDifference(a: object, b: object): DifferenceKind {
  const [length1, length2] = [a, b].map((each) =>
    "byteLength" in each ? each.byteLength : undefined,
  );
  return length1 === length2 ? "value" : "length";
}
