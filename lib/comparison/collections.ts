import { ABSENT } from "./findings.ts";
import type { Findings } from "./findings.ts";
import { isObject } from "./kinds.ts";
import type { Unpaired } from "./pairing.ts";
import type { PathState } from "./path-states.ts";
import { mapPathKey } from "./paths.ts";
import { pairElements, pairEntries } from "./unordered.ts";

// Here and elsewhere the prototypes' own methods are called: a subclass may have put others in
// their place.

type AnyMap = Map<unknown, unknown>;
type AnySet = Set<unknown>;

/** Compares the entries of two Maps, in whatever order they stand. */
export function compareMaps(
  into: Findings,
  a: AnyMap,
  b: AnyMap,
  state: PathState | undefined,
  depth: number,
): boolean {
  const { walk } = into;
  walk.visit(Math.max(a.size, b.size));
  for (const [key, value] of Map.prototype.entries.call(a)) {
    if (isObject(key)) continue;
    const name = mapPathKey(key);
    const other: unknown = Map.prototype.has.call(b, key) ? Map.prototype.get.call(b, key) : ABSENT;
    if (!into.pair(name, value, other, state?.child(name), depth + 1)) return false;
  }
  for (const [key, value] of Map.prototype.entries.call(b)) {
    if (isObject(key) || Map.prototype.has.call(a, key)) continue;
    const name = mapPathKey(key);
    if (!into.pair(name, ABSENT, value, state?.child(name), depth + 1)) return false;
  }
  // Only deep equality can find a key that is an object in another Map.
  const entries1 = Array.from(Map.prototype.entries.call(a));
  const entries2 = Array.from(Map.prototype.entries.call(b));
  const side1 = entries1.filter(([key]) => isObject(key));
  const side2 = entries2.filter(([key]) => isObject(key));
  const child = state?.anyChild();
  if (child?.ignore !== undefined) {
    into.hide(child.ignore, (apart) => apart.equal(new Map(side1), new Map(side2), undefined, 0));
    return true;
  }
  const unpaired = pairEntries(walk, side1, side2, child, depth + 1, into.early);
  return reportUnpaired(into, unpaired, [entries1, side1], [entries2, side2]);
}

/** Compares the members of two Sets. */
export function compareSets(
  into: Findings,
  a: AnySet,
  b: AnySet,
  state: PathState | undefined,
  depth: number,
): boolean {
  const { walk } = into;
  const member = state?.anyChild();
  if (member?.ignore !== undefined) {
    into.hide(member.ignore, (apart) => apart.equal(a, b, undefined, 0));
    return true;
  }
  walk.visit(Math.max(a.size, b.size));
  const members1 = Array.from(Set.prototype.values.call(a));
  const members2 = Array.from(Set.prototype.values.call(b));
  // Rules may set apart even what both have.
  const apart = (members: unknown[], other: AnySet): unknown[] =>
    member === undefined
      ? members.filter((value) => !Set.prototype.has.call(other, value))
      : members;
  const [side1, side2] = [apart(members1, b), apart(members2, a)];
  const unpaired = pairElements(walk, side1, side2, member, depth + 1, into.early);
  return reportUnpaired(into, unpaired, [members1, side1], [members2, side2]);
}

/** What a collection holds, and that of it which was to be paired. */
type Side = readonly [all: readonly unknown[], some: readonly unknown[]];

/** Reports what has no partner by its position in the collection. */
function reportUnpaired(
  into: Findings,
  unpaired: Unpaired | undefined,
  [all1, some1]: Side,
  [all2, some2]: Side,
): boolean {
  if (unpaired === undefined) return false;
  // Not indexOf, which can't find NaN.
  const position = (all: readonly unknown[], one: unknown): number =>
    all.findIndex((other) => Object.is(one, other));
  return (
    unpaired.v1.every((i) => into.pair(position(all1, some1[i]), some1[i], ABSENT, undefined, 0)) &&
    unpaired.v2.every((i) => into.pair(position(all2, some2[i]), ABSENT, some2[i], undefined, 0))
  );
}
