import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "../support/property.ts";
import type { CompareRules } from "../../lib/comparison/index.ts";
import { anything, changedPair, differences, smallJson, verdict } from "./support.ts";

/** The same elements in an order that the seed chooses. */
function shuffled<T>(elements: readonly T[], seed: number): T[] {
  const left = [...elements];
  const result: T[] = [];
  for (let next = seed; left.length > 0; next = Math.imul(next, 48_271) + 11) {
    const [taken] = left.splice((next >>> 8) % left.length, 1);
    result.push(taken as T);
  }
  return result;
}

const table: [
  name: string,
  unordered: CompareRules["unordered"],
  v1: unknown,
  v2: unknown,
  ...expected: string[],
][] = [
  ["the root", ["$"], [1, 2, 3], [3, 1, 2]],
  ["elsewhere, order counts", ["$.a"], { b: [1, 2] }, { b: [2, 1] }, "$.b order"],
  ["repeated elements", ["$"], [1, 1, 2], [1, 2, 1]],
  ["other counts", ["$"], [1, 1, 2], [1, 2, 2], "$[1] missing", "$[2] extra"],
  ["a missing element", ["$"], ["a", "b", "c"], ["c", "a"], "$[1] missing"],
  ["an extra element", ["$"], ["a"], ["b", "a"], "$[0] extra"],
  [
    "types are kept apart",
    ["$"],
    [1, "1", null, undefined, 0],
    ["1", 1, undefined, null, -0],
    "$[4] missing",
    "$[4] extra",
  ],
  ["objects", ["$.x"], { x: [{ a: 1, b: 2 }, { a: 2 }] }, { x: [{ a: 2 }, { b: 2, a: 1 }] }],
  [
    "a changed object",
    ["$"],
    [{ a: 1 }, { a: 2 }],
    [{ a: 3 }, { a: 1 }],
    "$[1] missing",
    "$[0] extra",
  ],
  [
    "at several places",
    ["$.groups[*].members"],
    { groups: [{ members: [1, 2] }, { members: [3, 4] }] },
    { groups: [{ members: [2, 1] }, { members: [4, 3] }] },
  ],
  [
    "at any depth",
    ["$..tags"],
    { tags: [1, 2], a: { tags: [3, 4] } },
    { tags: [2, 1], a: { tags: [4, 3] } },
  ],
  [
    "nested",
    ["$", "$[*]"],
    [
      [1, 2],
      [3, 4],
    ],
    [
      [4, 3],
      [2, 1],
    ],
  ],
  [
    "nested, the inner in order",
    ["$"],
    [
      [1, 2],
      [3, 4],
    ],
    [
      [3, 4],
      [2, 1],
    ],
    "$[0] missing",
    "$[1] extra",
  ],
  ["all arrays", ["$", "$..*"], [[[1, 2]], [[3], [4]]], [[[4], [3]], [[2, 1]]]],
  [
    "by a key",
    [{ path: "$", by: "id" }],
    [
      { id: 1, v: 1 },
      { id: 2, v: 2 },
    ],
    [
      { id: 2, v: 2 },
      { id: 1, v: 1 },
    ],
  ],
  [
    "by a key, with V1's index",
    [{ path: "$", by: "id" }],
    [
      { id: 1, v: 1 },
      { id: 2, v: 2 },
    ],
    [
      { id: 2, v: 3 },
      { id: 1, v: 1 },
    ],
    "$[1].v value",
  ],
  [
    "by a key that one side lacks",
    [{ path: "$", by: "id" }],
    [{ id: 1 }, { id: 2 }],
    [{ id: 3 }, { id: 2 }],
    "$[0] missing",
    "$[0] extra",
  ],
  [
    "by a key that repeats",
    [{ path: "$", by: "id" }],
    [
      { id: 1, v: 1 },
      { id: 1, v: 2 },
      { id: 1, v: 3 },
    ],
    [
      { id: 1, v: 1 },
      { id: 1, v: 3 },
    ],
    "$[1].v value",
    "$[2] missing",
  ],
  [
    "by a path",
    [{ path: "$", by: "$.key.id" }],
    [{ key: { id: 1 } }, { key: { id: 2 } }],
    [{ key: { id: 2 } }, { key: { id: 1 } }],
  ],
  [
    "by a short path",
    [{ path: "$", by: "key.ids[0]" }],
    [{ key: { ids: [1] } }, { key: { ids: [2] } }],
    [{ key: { ids: [2] } }, { key: { ids: [1] } }],
  ],
  [
    "by an odd name",
    [{ path: "$", by: "['odd key']" }],
    [{ "odd key": 1 }, { "odd key": 2 }],
    [{ "odd key": 2 }, { "odd key": 1 }],
  ],
  [
    "by the element itself",
    [{ path: "$", by: "$" }],
    ["a", "b"],
    ["b", "c"],
    "$[0] missing",
    "$[1] extra",
  ],
  [
    "by a Date",
    [{ path: "$", by: "at" }],
    [{ at: new Date(1) }, { at: new Date(2) }],
    [{ at: new Date(2) }, { at: new Date(1) }],
  ],
  [
    "by bytes",
    [{ path: "$", by: "id" }],
    [{ id: Buffer.from("a") }, { id: Buffer.from("b") }],
    [{ id: Buffer.from("b") }, { id: Buffer.from("a") }],
  ],
  [
    "by a key of a Map",
    [{ path: "$", by: "id" }],
    [new Map([["id", 1]]), new Map([["id", 2]])],
    [new Map([["id", 2]]), new Map([["id", 1]])],
  ],
  [
    "a key goes before equality",
    ["$", { path: "$", by: "id" }],
    [{ id: 1, v: 1 }],
    [{ id: 1, v: 2 }],
    "$[0].v value",
  ],
  [
    "a key's type counts",
    [{ path: "$", by: "id" }],
    [{ id: 1 }],
    [{ id: "1" }],
    "$[0] missing",
    "$[0] extra",
  ],
  [
    "no key at all, in order",
    [{ path: "$", by: "id" }],
    [1, { a: 1 }],
    [1, { a: 2 }],
    "$[1].a value",
  ],
  [
    "properties of an array",
    ["$"],
    Object.assign([1, 2], { k: 1 }),
    Object.assign([2, 1], { k: 2 }),
    "$.k value",
  ],
  ["something that is no array", ["$"], { a: 1 }, { a: 2 }, "$.a value"],
  ["an array and none", ["$"], [1], { 0: 1 }, "$ type"],
];

for (const [name, unordered, v1, v2, ...expected] of table)
  test(`unordered: ${name}`, () => assert.deepEqual(differences(v1, v2, { unordered }), expected));

test("the order of the elements changes nothing", () => {
  const elements = fc.array(fc.oneof(smallJson, anything), { maxLength: 12 });
  fc.assert(
    fc.property(fc.clone(elements, 2), fc.nat(), ([v1, v2], seed) => {
      assert.equal(verdict(v1, shuffled(v2, seed), { unordered: ["$"] }).outcome, "match");
    }),
  );
});

test("the order of the elements changes nothing at any depth", () => {
  const shuffleAll = (value: unknown, seed: number): unknown => {
    if (Array.isArray(value))
      return shuffled(
        value.map((each, i) => shuffleAll(each, seed + i)),
        seed,
      );
    if (typeof value !== "object" || value === null) return value;
    const pairs = Object.entries(value).map(([key, each]) => [key, shuffleAll(each, seed)]);
    return Object.fromEntries(pairs) as unknown;
  };
  const unordered = ["$", "$..*"];
  fc.assert(
    fc.property(smallJson, smallJson, fc.nat(), (v1, v2, seed) => {
      assert.equal(verdict(v1, shuffleAll(v1, seed), { unordered }).outcome, "match");
      const { outcome } = verdict(v1, v2, { unordered });
      assert.equal(verdict(v1, shuffleAll(v2, seed), { unordered }).outcome, outcome);
    }),
  );
});

test("the number of differences doesn't depend on the order either", () => {
  const elements = fc.array(smallJson, { maxLength: 8 });
  fc.assert(
    fc.property(elements, elements, fc.nat(), (v1, v2, seed) => {
      const count = (other: unknown): number => differences(v1, other, { unordered: ["$"] }).length;
      assert.equal(count(shuffled(v2, seed)), count(v2));
    }),
  );
});

test("two multisets differ exactly when sorted ones do", () => {
  const numbers = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 6 });
  const sorted = (list: number[]): string => list.toSorted((a, b) => a - b).join();
  fc.assert(
    fc.property(numbers, numbers, (v1, v2) => {
      const { outcome } = verdict(v1, v2, { unordered: ["$"] });
      assert.equal(outcome, sorted(v1) === sorted(v2) ? "match" : "mismatch");
    }),
    { numRuns: 500 },
  );
});

test("in one array of a changed pair the change is found", () => {
  fc.assert(
    fc.property(changedPair, ([v1, v2]) => {
      const expected = verdict(v1, v2).outcome;
      assert.equal(verdict([1, v1], [v2, 1], { unordered: ["$"] }).outcome, expected);
    }),
    { numRuns: 500 },
  );
});

test("ignore holds inside the elements", () => {
  const rules = { unordered: ["$"], ignore: ["$[*].at"] };
  const v1 = [
    { id: 1, at: 1 },
    { id: 2, at: 2 },
  ];
  assert.equal(verdict(v1, [{ id: 2, at: 3 }, { id: 1 }], rules).outcome, "ignored");
  assert.equal(
    verdict(
      v1,
      [
        { id: 2, at: 2 },
        { id: 1, at: 1 },
      ],
      rules,
    ).outcome,
    "match",
  );
  assert.deepEqual(differences(v1, [{ id: 3, at: 2 }, { id: 1 }], rules), [
    "$[1] missing",
    "$[0] extra",
  ]);
});

test("an order in which all is the same is a match, though what is ignored could pair otherwise", () => {
  const rules = { unordered: ["$"], ignore: ["$[*].at"] };
  const v1 = [
    { id: 1, at: 1 },
    { id: 1, at: 2 },
    { id: 1, at: 3 },
  ];
  for (let seed = 0; seed < 20; seed++)
    assert.equal(verdict(v1, shuffled(structuredClone(v1), seed), rules).outcome, "match");
});

test("tolerance holds inside the elements, whichever order they are in", () => {
  const tolerance = [{ path: "$[*].p", absolute: 0.15 }];
  const rules = { unordered: ["$"], tolerance };
  const prices = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 10 });
  fc.assert(
    fc.property(prices, fc.nat(), (list, seed) => {
      const v1 = list.map((p) => ({ p: p / 10 }));
      const v2 = list.map((p) => ({ p: p / 10 + 0.1 }));
      assert.equal(verdict(v1, shuffled(v2, seed), rules).outcome, "match");
      assert.equal(verdict(shuffled(v1, seed), v2, rules).outcome, "match");
    }),
  );
});

const many = (make: (i: number) => unknown): unknown[] =>
  Array.from({ length: 50_000 }, (_, i) => make(i));
const crowds: [name: string, make: (i: number) => unknown, rules: CompareRules][] = [
  ["all the same", () => "a", {}],
  ["all equal", () => ({ a: [1] }), {}],
  ["of few values", (i) => i % 3, {}],
  ["the same but for what is ignored", (i) => ({ at: i }), { ignore: ["$[*].at"] }],
  [
    "the same but for what is tolerated",
    (i) => ({ at: i }),
    { tolerance: [{ path: "$[*].at", absolute: 0.1 }] },
  ],
  ["Sets of one size", (i) => new Set([i, { i }]), {}],
  ["Errors of one class", (i) => new Error(`no ${i}`), {}],
  ["of one key", (i) => ({ id: 1, i: i % 1 }), { unordered: [{ path: "$", by: "id" }] }],
];

for (const [name, make, rules] of crowds)
  test(`50,000 elements, ${name}, are not compared each with each`, () => {
    const v2 = many(make).toReversed();
    // Far more than it takes, and far less than the square of the elements would.
    const limits: CompareRules = { unordered: ["$"], maxMs: 10_000, ...rules };
    assert.deepEqual(verdict(many(make), v2, limits), { outcome: "match" });
  });

test("rules for elements hold for the members of a Set", () => {
  const rules = { tolerance: [{ path: "$[*]", absolute: 1 }] };
  assert.equal(verdict(new Set([1, 5]), new Set([6, 2]), rules).outcome, "match");
  assert.deepEqual(differences(new Set([1, 5]), new Set([7, 2]), rules), [
    "$[1] missing",
    "$[0] extra",
  ]);
});

test("an object as a key is not compared", () => {
  const rules = { unordered: [{ path: "$", by: "id" }] };
  assert.deepEqual(verdict([{ id: {} }, 1], [{ id: {} }, 2], rules), {
    outcome: "not-compared",
    reason: 'an object as the key ["id"] of an element; allowed is a primitive, a Date or bytes',
  });
});

test("functions in elements are not compared, wherever they stand", () => {
  const element = (): unknown => ({ a: [{ run: () => 1 }] });
  assert.deepEqual(verdict([1, element()], [element(), 1], { unordered: ["$"] }), {
    outcome: "not-compared",
    reason: "a function at $[1].a[0].run",
  });
});

test("values that contain themselves are paired", () => {
  const node = (id: number): unknown => {
    const value: Record<string, unknown> = { id };
    value["self"] = [value, { value }];
    return value;
  };
  const rules = { unordered: ["$", "$..self"] };
  assert.equal(verdict([node(1), node(2)], [node(2), node(1)], rules).outcome, "match");
  assert.equal(verdict([node(1), node(2)], [node(2), node(3)], rules).outcome, "mismatch");
});
