import { isDeepStrictEqual } from "node:util";
import { compareArrays } from "./arrays.ts";
import { compareMaps, compareSets } from "./collections.ts";
import type { DifferenceKind } from "./difference.ts";
import { ABSENT } from "./findings.ts";
import type { Findings } from "./findings.ts";
import { isObject, kindOf, opaqueReason, sameClass } from "./kinds.ts";
import { hasEnumerable } from "./own-keys.ts";
import type { PathState } from "./path-states.ts";
import { compareOwn, compareProperty } from "./properties.ts";
import { timesWithin, tolerates } from "./tolerance.ts";

/** What an Error has that isn't enumerable and counts. Its stack does not. */
const ERROR_KEYS = ["message", "name", "cause", "errors"] as const;

/** Compares two values of any type, of which one may be absent, under the rules for them. */
export function compareValues(
  into: Findings,
  a: unknown,
  b: unknown,
  state: PathState | undefined,
  depth: number,
): boolean {
  if (Object.is(a, b)) return true;
  if (state !== undefined) {
    if (state.ignore !== undefined) {
      into.hide(state.ignore, (apart) => apart.equal(a, b, undefined, 0));
      return true;
    }
    if (state.tolerances !== undefined && tolerates(state.tolerances, a, b)) return true;
  }
  if (b === ABSENT) return into.differ("missing", a, undefined);
  if (a === ABSENT) return into.differ("extra", undefined, b);
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
  state: PathState | undefined,
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
  state: PathState | undefined,
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
  state: PathState | undefined,
  depth: number,
): boolean {
  return ERROR_KEYS.every((key) => {
    if (hasEnumerable(b, key)) return true; // It is compared with the own properties.
    const isCause = key === "cause" && Object.hasOwn(a, key) !== Object.hasOwn(b, key);
    const isInA = !isCause || Object.hasOwn(a, key);
    return compareProperty(into, a, b, key, isInA, !isCause || !isInA, state, depth);
  });
}

function equalDates(a: Date, b: Date, state: PathState | undefined): boolean {
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
