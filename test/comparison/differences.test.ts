import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import * as fc from "../support/property.ts";
import { comparator } from "../../lib/comparison/index.ts";
import type { Difference } from "../../lib/comparison/index.ts";
import { parsePath } from "../../lib/comparison/paths.ts";
import { differences, json, smallJson, verdict } from "./support.ts";

class Money {
  readonly amount = 1;
}
class Price extends Money {}

const table: [name: string, v1: unknown, v2: unknown, ...expected: string[]][] = [
  ["primitives", 1, 2, "$ value"],
  ["types", 1, "1", "$ type"],
  ["null and undefined", null, undefined, "$ type"],
  ["null and an object", { a: null }, { a: {} }, "$.a type"],
  ["an object and an array", {}, [], "$ type"],
  ["classes", { a: new Money() }, { a: new Price() }, "$.a type"],
  ["a class and a plain object", new Money(), { amount: 1 }, "$ type"],
  ["a function and a number", () => 1, 1, "$ type"],
  ["a promise and a number", Promise.resolve(1), 1, "$ type"],
  ["symbols", Symbol("a"), Symbol("a"), "$ value"],
  ["missing and extra", { a: 1, b: 2 }, { b: 2, c: 3 }, "$.a missing", "$.c extra"],
  ["undefined is not absent", { a: undefined }, { b: undefined }, "$.a missing", "$.b extra"],
  [
    "V1's order, then V2's",
    { z: 1, a: 1 },
    { y: 1, a: 2, b: 1 },
    "$.z missing",
    "$.a value",
    "$.y extra",
    "$.b extra",
  ],
  ["odd keys", { "a b": { "it's": 1 } }, { "a b": { "it's": 2 } }, "$['a b']['it\\'s'] value"],
  ["symbol keys", { [Symbol.iterator]: 1 }, {}, "$['Symbol(Symbol.iterator)'] missing"],
  ["elements", [1, { a: 1 }], [1, { a: 2 }], "$[1].a value"],
  ["a longer V1", [1, 2, 3], [1], "$[1] missing", "$[2] missing"],
  ["a longer V2", [1], [2, 2, 3], "$[0] value", "$[1] extra", "$[2] extra"],
  ["order", { a: [1, 2, 3] }, { a: [2, 3, 1] }, "$.a order"],
  ["order of objects", [{ a: 1 }, { a: 2 }], [{ a: 2 }, { a: 1 }], "$ order"],
  ["order of arrays", [[1], [2], [3]], [[1], [3], [2]], "$ order"],
  ["nearly an order", [1, 1, 2], [1, 2, 2], "$[1] value"],
  [
    "order at two depths",
    [
      [1, 2],
      [3, 4],
    ],
    [
      [2, 1],
      [4, 3],
    ],
    "$[0] order",
    "$[1] order",
  ],
  ["holes", [, 1], [0, 1], "$[0] extra"], // oxlint-disable-line no-sparse-arrays
  ["holes at the end", Array(2), Array(3), "$ length"],
  ["properties of an array", Object.assign([1], { k: 1 }), [1], "$.k missing"],
  ["Dates", { at: new Date(1) }, { at: new Date(2) }, "$.at value"],
  ["properties of a Date", Object.assign(new Date(1), { k: 1 }), new Date(1), "$.k missing"],
  ["RegExps", /a/, /b/, "$ value"],
  ["boxed primitives", Object("a"), Object("b"), "$ value"],
  ["bytes", Buffer.from([1, 2]), Buffer.from([1, 3]), "$ value"],
  ["lengths of bytes", { b: Buffer.from([1]) }, { b: Buffer.from([1, 2]) }, "$.b length"],
  ["lengths of ArrayBuffers", new ArrayBuffer(1), new ArrayBuffer(2), "$ length"],
  ["URLs", new URL("https://a.test"), new URL("https://b.test"), "$ value"],
  [
    "Map entries",
    new Map([
      ["a", 1],
      ["b", 2],
    ]),
    new Map([
      ["a", 2],
      ["c", 3],
    ]),
    "$.a value",
    "$.b missing",
    "$.c extra",
  ],
  ["Map entries by number", new Map([[7, { x: 1 }]]), new Map([[7, { x: 2 }]]), "$[7].x value"],
  [
    "Map entries by object",
    new Map<unknown, unknown>([
      ["a", 1],
      [{ k: 1 }, 2],
    ]),
    new Map<unknown, unknown>([
      [{ k: 1 }, 3],
      ["a", 1],
    ]),
    "$[1] missing",
    "$[0] extra",
  ],
  ["NaN in a Set", new Set([1, Number.NaN]), new Set([1, 2]), "$[1] missing", "$[1] extra"],
  [
    "members of a Set",
    new Set([1, { a: 1 }, 2]),
    new Set([{ a: 1 }, 2, 3]),
    "$[0] missing",
    "$[2] extra",
  ],
  ["Errors", new Error("a"), new Error("b"), "$.message value"],
  [
    "causes",
    new Error("a", { cause: { x: 1 } }),
    new Error("a", { cause: { x: 2 } }),
    "$.cause.x value",
  ],
  ["a cause and none", new Error("a"), new Error("a", { cause: undefined }), "$.cause extra"],
  [
    "errors' codes",
    Object.assign(new Error("a"), { code: "X" }),
    Object.assign(new Error("a"), { code: "Y" }),
    "$.code value",
  ],
];

for (const [name, v1, v2, ...expected] of table)
  test(`differences: ${name}`, () => assert.deepEqual(differences(v1, v2), expected));

test("a difference carries both values, undefined where there is none", () => {
  const result = verdict({ a: [1, 2], b: null }, { a: [2, 1], c: 3 });
  assert.deepEqual(result, {
    outcome: "mismatch",
    differences: [
      { path: "$.a", kind: "order", v1: [1, 2], v2: [2, 1] },
      { path: "$.b", kind: "missing", v1: null, v2: undefined },
      { path: "$.c", kind: "extra", v1: undefined, v2: 3 },
    ],
    truncated: false,
    signature: "$.a order",
  });
});

test("the signature is that of the first difference", () => {
  const result = verdict({ items: [{ p: 1 }, { p: 2 }] }, { items: [{ p: 1 }, { p: 3 }], x: 1 });
  assert.equal(result.outcome === "mismatch" && result.signature, "$.items[*].p value");
});

test("the list ends at maxDifferences, and says so only when more is there", () => {
  const v1 = Array.from({ length: 101 }, (_, i) => i);
  const v2 = v1.map((i) => i + 1_000);
  const of = (length: number, maxDifferences?: number): [number, boolean] => {
    const result = verdict(v1.slice(0, length), v2.slice(0, length), { maxDifferences });
    assert.ok(result.outcome === "mismatch");
    return [result.differences.length, result.truncated];
  };
  assert.deepEqual(of(99), [99, false]);
  assert.deepEqual(of(100), [100, false]);
  assert.deepEqual(of(101), [100, true]);
  assert.deepEqual(of(2, 1), [1, true]);
  assert.deepEqual(of(101, Infinity), [101, false]);
});

test("V1 with the differences applied is V2", () => {
  const holds = (v1: unknown, v2: unknown): void => {
    const result = comparator({ maxDifferences: Infinity }).answers(v1, v2);
    assert.ok(!(result instanceof Promise));
    assert.equal(result.outcome, isDeepStrictEqual(v1, v2) ? "match" : "mismatch");
    if (result.outcome === "mismatch")
      assert.deepEqual(apply(structuredClone(v1), result.differences), v2);
  };
  fc.assert(fc.property(smallJson, smallJson, holds), { numRuns: 1_000 });
  fc.assert(fc.property(json, json, holds));
});

/** Undoes each difference, the last one first, so that what is missing at the end goes first. */
function apply(v1: unknown, list: readonly Difference[]): unknown {
  const root = { $: v1 };
  for (const { path, kind, v2 } of [
    ...list.filter(isExtra),
    ...list.filter(not(isExtra)).toReversed(),
  ]) {
    const keys = ["$", ...parsePath(path).map(({ key }) => key as string | number)];
    const last = keys.pop() as string | number;
    let parent: object = root;
    for (const key of keys) parent = Object.getOwnPropertyDescriptor(parent, key)?.value as object;
    if (kind !== "missing")
      Object.defineProperty(parent, last, {
        value: v2,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    else if (Array.isArray(parent)) parent.length = last as number;
    else Reflect.deleteProperty(parent, last);
  }
  return root.$;
}

const isExtra = ({ kind }: Difference): boolean => kind === "extra";
const not =
  <T>(holds: (value: T) => boolean) =>
  (value: T): boolean =>
    !holds(value);
