import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "../support/property.ts";
import { anything, differences, verdict } from "./support.ts";

const ignored: [path: string, v1: unknown, v2: unknown, reason?: string][] = [
  ["$.etag", { etag: 1, a: 1 }, { etag: 2, a: 1 }],
  ["$.etag", { etag: 1, a: 1 }, { a: 1 }],
  ["$.etag", { a: 1 }, { etag: undefined, a: 1 }],
  ["$", 1, { a: 2 }],
  ["$.*", { a: 1 }, { b: 2 }],
  ["$.items[*].at", { items: [{ at: 1 }, { at: 2 }] }, { items: [{ at: 3 }, {}] }],
  ["$.items[1]", { items: [1, 2, 3] }, { items: [1, 9, 3] }],
  ["$.items[*]", { items: [1, 2, 3] }, { items: [1] }],
  ["$[1]", [1], [1, 2]],
  ["$..etag", { a: [{ b: { etag: 1 } }] }, { a: [{ b: { etag: 2 } }] }],
  ["$..meta.at", { meta: { meta: { at: 1 } } }, { meta: { meta: { at: 2 } } }],
  ["$['odd key']", { "odd key": 1 }, { "odd key": 2 }],
  ["$.map.at", { map: new Map([["at", 1]]) }, { map: new Map([["at", 2]]) }],
  ["$.map.at", { map: new Map([["at", 1]]) }, { map: new Map() }],
  ["$.map.at", { map: new Map() }, { map: new Map([["at", 1]]) }],
  ["$.map[3]", { map: new Map([[3, 1]]) }, { map: new Map([[3, 2]]) }],
  ["$.map.*", new Map([["map", new Map([[{}, 1]])]]), new Map([["map", new Map([[{}, 2]])]])],
  ["$.set[*]", { set: new Set([1]) }, { set: new Set([2, 3]) }],
  ["$.set[*].at", { set: new Set([{ at: 1 }]) }, { set: new Set([{ at: 2 }]) }],
  ["$.message", new Error("a"), new Error("b")],
  ["$.cause", new Error("a", { cause: 1 }), new Error("a")],
  ["$['Symbol(tag)']", { [Symbol.for("tag")]: 1 }, { [Symbol.for("tag")]: 2 }],
  ["$.f", { f: () => 1 }, { f: () => 2 }],
  ["$.at", Object.assign([1], { at: 1 }), Object.assign([1], { at: 2 })],
  [
    "$.a.b",
    { a: Object.create({}, { b: { get: throwing, enumerable: true } }) },
    { a: Object.create({}, { b: { get: throwing, enumerable: true } }) },
  ],
];

function throwing(): never {
  throw new Error("not to be read");
}

for (const [path, v1, v2] of ignored)
  test(`${path} ignores what differs there`, () => {
    assert.deepEqual(verdict(v1, v2, { ignore: [path] }), {
      outcome: "ignored",
      reason: `ignore: ${path}`,
    });
    assert.equal(verdict(v2, v1, { ignore: [path] }).outcome, "ignored");
    assert.equal(verdict(v1, v1, { ignore: [path] }).outcome, "match");
  });

const seen: [path: string, v1: unknown, v2: unknown, ...expected: string[]][] = [
  ["$.etag", { etag: 1, a: 1 }, { etag: 2, a: 2 }, "$.a value"],
  ["$.etag", { a: { etag: 1 } }, { a: { etag: 2 } }, "$.a.etag value"],
  ["$[0]", { 0: 1 }, { 0: 2 }, "$['0'] value"],
  ["$['0']", [1], [2], "$[0] value"],
  ["$.items[1]", { items: [1, 2] }, { items: [1, 3, 4] }, "$.items[2] extra"],
  ["$.etag", [1], { etag: 2 }, "$ type"],
  ["$.a.b", { a: 1 }, {}, "$.a missing"],
  ["$..a", { b: 1, a: 1 }, { c: 1 }, "$.b missing", "$.c extra"],
];

for (const [path, v1, v2, ...expected] of seen)
  test(`${path} does not ignore ${expected.join()} of ${JSON.stringify([v1, v2])}`, () =>
    assert.deepEqual(differences(v1, v2, { ignore: [path] }), expected));

test("equal values are a match, and the reason names each rule that hid something, once", () => {
  const ignore = ["$..at", "$.items[*].etag", "$.never"];
  const v1 = { at: 1, items: [{ etag: 1, at: 1 }, { etag: 2 }], never: [1] };
  assert.deepEqual(verdict(v1, structuredClone(v1), { ignore }), { outcome: "match" });
  const v2 = { at: 2, items: [{ etag: 3, at: 4 }, { etag: 5 }], never: [1] };
  assert.deepEqual(verdict(v1, v2, { ignore }), {
    outcome: "ignored",
    reason: "ignore: $..at, $.items[*].etag",
  });
});

test("what is ignored does not count as visited", () => {
  const v1 = { a: 1, big: Array.from({ length: 1_000 }, (_, i) => i) };
  const v2 = { a: 1, big: v1.big.toReversed() };
  assert.equal(verdict(v1, v2, { ignore: ["$.big"], maxNodes: 10 }).outcome, "ignored");
});

test("a cycle below what is ignored is followed", () => {
  const make = (id: number): unknown => {
    const parent: Record<string, unknown> = { id };
    parent["child"] = { parent };
    return parent;
  };
  const rules = { ignore: ["$.child"] };
  assert.equal(verdict(make(1), make(1), rules).outcome, "match");
  assert.deepEqual(differences(make(1), make(2), rules), ["$.id value"]);
});

test("with everything ignored, any two values agree", () => {
  fc.assert(
    fc.property(anything, anything, (v1, v2) => {
      assert.ok(["match", "ignored"].includes(verdict(v1, v2, { ignore: ["$"] }).outcome));
    }),
  );
});
