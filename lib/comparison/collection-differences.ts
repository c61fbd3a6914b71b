import { entriesByObject, membersApart } from "./collections.ts";
import type { DifferenceWalk } from "./difference-list.ts";
import type { PathState } from "./path-states.ts";
import { mapPathKey } from "./paths.ts";
import { pairElements, pairEntries } from "./unordered.ts";

/** Lists the differences of the entries of two Maps. */
export function compareMaps(
  into: DifferenceWalk,
  a: Map<unknown, unknown>,
  b: Map<unknown, unknown>,
  state: PathState | null,
  depth: number,
): void {
  const { walk, list } = into;
  walk.visit(Math.max(a.size, b.size));
  for (const [key, value] of Map.prototype.entries.call(a)) {
    if (typeof key === "object" && key !== null) continue;
    const name = mapPathKey(key);
    const child = state === null ? null : state.child(name);
    if (child !== null && child.ignore !== undefined) continue;
    if (!Map.prototype.has.call(b, key)) list.missing(name, value);
    else {
      list.path.push(name);
      into.compare(value, Map.prototype.get.call(b, key), child, depth + 1);
      list.path.pop();
    }
  }
  for (const [key, value] of Map.prototype.entries.call(b)) {
    if ((typeof key === "object" && key !== null) || Map.prototype.has.call(a, key)) continue;
    const name = mapPathKey(key);
    if (state?.child(name)?.ignore === undefined) list.extra(name, value);
  }
  const child = state === null ? null : state.anyChild();
  if (child?.ignore !== undefined) return;
  const [side1, side2] = [entriesByObject(a), entriesByObject(b)];
  const unpaired = pairEntries(walk, side1, side2, child, depth + 1, false);
  const position = (map: Map<unknown, unknown>, key: unknown): number =>
    Array.from(Map.prototype.entries.call(map)).findIndex((entry) => entry[0] === key);
  for (const i of unpaired?.v1 ?? []) list.missing(position(a, side1[i]?.[0]), side1[i]);
  for (const i of unpaired?.v2 ?? []) list.extra(position(b, side2[i]?.[0]), side2[i]);
}

/** Lists the differences of the members of two Sets. */
export function compareSets(
  into: DifferenceWalk,
  a: Set<unknown>,
  b: Set<unknown>,
  state: PathState | null,
  depth: number,
): void {
  const { walk, list } = into;
  walk.visit(Math.max(a.size, b.size));
  const member = state === null ? null : state.anyChild();
  if (member?.ignore !== undefined) return;
  const [side1, side2] = membersApart(a, b, member);
  const unpaired = pairElements(walk, side1, side2, member, depth + 1, false);
  const position = (set: Set<unknown>, value: unknown): number =>
    Array.from(Set.prototype.values.call(set)).findIndex((other) => Object.is(other, value));
  for (const i of unpaired?.v1 ?? []) list.missing(position(a, side1[i]), side1[i]);
  for (const i of unpaired?.v2 ?? []) list.extra(position(b, side2[i]), side2[i]);
}
