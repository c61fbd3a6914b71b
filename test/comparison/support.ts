import assert from "node:assert/strict";
import { inspect } from "node:util";
import * as fc from "../support/property.ts";
import { comparator } from "../../lib/comparison/index.ts";
import type { CompareRules, Verdict } from "../../lib/comparison/index.ts";

/** The verdict on two answers, where no function of the rules returns a promise. */
export function verdict(v1: unknown, v2: unknown, rules?: CompareRules): Verdict {
  const result = comparator(rules).answers(v1, v2);
  assert.ok(!(result instanceof Promise));
  return result;
}

/** The differences as `path kind`, none for a match. */
export function differences(v1: unknown, v2: unknown, rules?: CompareRules): string[] {
  const result = verdict(v1, v2, rules);
  if (result.outcome === "match") return [];
  assert.equal(result.outcome, "mismatch", inspect(result));
  assert.ok(result.outcome === "mismatch");
  return result.differences.map(({ path, kind }) => `${path} ${kind}`);
}

/** Values of all the kinds that JavaScript has. */
export const anything: fc.Arbitrary<unknown> = fc.anything({
  maxDepth: 4,
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: true,
});

/** Plain JSON, with arrays that repeat their elements. */
export const json: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 4 });

/** Few values, so that two that are drawn are often the same or nearly so. */
export const smallJson: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<unknown>(0, 1, "a", null),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("x", "y", "odd key", "__proto__"), tie("value"), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
})).value;

/** A value and a copy of it that was changed at one place, maybe to what it was. */
export const changedPair: fc.Arbitrary<[unknown, unknown]> = fc
  .tuple(
    fc.clone(anything, 2),
    fc.nat(),
    fc.nat(),
    fc.constantFrom<unknown>(0, -0, "", null, undefined),
  )
  .map(([[value, copy], where, how, what]) => {
    const places = [...containers(copy)];
    const place = places[where % Math.max(places.length, 1)];
    if (place !== undefined) change(place, how, what);
    return [value, copy];
  });

function* containers(value: unknown): Generator<object> {
  if (typeof value !== "object" || value === null) return;
  yield value;
  if (value instanceof Map)
    for (const [key, inner] of value) yield* [...containers(key), ...containers(inner)];
  else if (value instanceof Set) for (const inner of value) yield* containers(inner);
  else if (!ArrayBuffer.isView(value))
    for (const inner of Object.values(value)) yield* containers(inner);
}

function change(place: object, how: number, what: unknown): void {
  if (place instanceof Map) {
    const key: unknown = [...place.keys()][how % Math.max(place.size, 1)];
    if (how % 3 === 0) place.delete(key);
    else if (how % 3 === 1) place.set(key, what);
    else place.set(what, key);
  } else if (place instanceof Set) {
    if (how % 2 === 0) place.delete([...place][how % Math.max(place.size, 1)]);
    else place.add(what);
  } else if (place instanceof Date) place.setTime(place.getTime() + (how % 3));
  else if (ArrayBuffer.isView(place)) new Uint8Array(place.buffer).fill(how % 2, 0, 1);
  else if (Array.isArray(place) && how % 5 === 0) place.length = how % 7;
  else if (Array.isArray(place) && how % 5 === 1) place.reverse();
  else {
    const keys = Object.keys(place);
    const key = keys[how % Math.max(keys.length, 1)] ?? "added";
    if (how % 4 === 0) Reflect.deleteProperty(place, key);
    else if (how % 4 === 1) Reflect.set(place, "added", what);
    else if (how % 4 === 2) Reflect.set(place, Symbol.iterator, what);
    else Reflect.defineProperty(place, key, { value: what });
  }
}
