import type { PathState } from "./path-states.ts";
import { mapPathKey } from "./paths.ts";
import { pairElements, pairEntries } from "./unordered.ts";
import type { MapEntry } from "./unordered.ts";
import type { Walk } from "./walk.ts";

// Here and elsewhere the prototypes' own methods are called: a subclass may have put others in
// their place.

type AnyMap = Map<unknown, unknown>;

/** Whether two Maps have equal entries, in whatever order. Own properties are not looked at. */
export function equalMaps(
  walk: Walk,
  a: AnyMap,
  b: AnyMap,
  state: PathState | null,
  depth: number,
): boolean {
  const mayIgnore = state !== null && state.mayIgnore;
  if (!mayIgnore && a.size !== b.size) return false;
  walk.visit(Math.max(a.size, b.size));
  for (const [key, value] of Map.prototype.entries.call(a)) {
    if (isObject(key)) continue;
    const child = state === null ? null : state.child(mapPathKey(key));
    const present = Map.prototype.has.call(b, key);
    const other: unknown = Map.prototype.get.call(b, key);
    if (child !== null && child.ignore !== undefined)
      walk.hide(child.ignore, (apart) => present && apart.equal(value, other, null, 0));
    else if (!present || !walk.equal(value, other, child, depth + 1)) return false;
  }
  if (mayIgnore)
    for (const [key] of Map.prototype.entries.call(b)) {
      if (isObject(key) || Map.prototype.has.call(a, key)) continue;
      const ignore = state.child(mapPathKey(key))?.ignore;
      if (ignore === undefined) return false;
      walk.hide(ignore, () => false);
    }
  const [side1, side2] = [entriesByObject(a), entriesByObject(b)];
  const child = state === null ? null : state.anyChild();
  if (child === null || child.ignore === undefined)
    return (
      side1.length === side2.length &&
      pairEntries(walk, side1, side2, child, depth + 1, true) === undefined
    );
  walk.hide(child.ignore, (apart) => pairEntries(apart, side1, side2, null, 0, true) === undefined);
  return true;
}

/** Whether two Sets have equal members. Own properties are not looked at. */
export function equalSets(
  walk: Walk,
  a: Set<unknown>,
  b: Set<unknown>,
  state: PathState | null,
  depth: number,
): boolean {
  const member = state === null ? null : state.anyChild();
  if (member?.ignore !== undefined) {
    walk.hide(member.ignore, (apart) => equalSets(apart, a, b, null, 0));
    return true;
  }
  if (a.size !== b.size) return false;
  walk.visit(a.size);
  const [side1, side2] = membersApart(a, b, member);
  if (member === null && !side1.every(isObject)) return false;
  return pairElements(walk, side1, side2, member, depth + 1, true) === undefined;
}

/** The entries whose keys are objects, which only deep equality can find in another Map. */
export function entriesByObject(map: AnyMap): MapEntry[] {
  const found: MapEntry[] = [];
  for (const entry of Map.prototype.entries.call(map)) if (isObject(entry[0])) found.push(entry);
  return found;
}

/** The members that the other Set doesn't have; all of them, where rules apply to members. */
export function membersApart(
  a: Set<unknown>,
  b: Set<unknown>,
  member: PathState | null,
): [unknown[], unknown[]] {
  const apart = (one: Set<unknown>, other: Set<unknown>): unknown[] => {
    const all = Array.from(Set.prototype.values.call(one));
    return member === null ? all.filter((value) => !Set.prototype.has.call(other, value)) : all;
  };
  return [apart(a, b), apart(b, a)];
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
