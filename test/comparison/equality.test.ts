import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import * as fc from "../support/property.ts";
import { comparator } from "../../lib/comparison/index.ts";
import { anything, changedPair, smallJson, verdict } from "./support.ts";

/** Equal exactly when isDeepStrictEqual says so, both ways, and with differences exactly when not. */
function agrees(v1: unknown, v2: unknown): void {
  const expected = isDeepStrictEqual(v1, v2) ? "match" : "mismatch";
  assert.equal(verdict(v1, v2).outcome, expected);
  assert.equal(verdict(v2, v1).outcome, expected);
  // Rules that apply nowhere take the other walk.
  const rules = { ignore: ["$..no such key"].map((name) => name.replaceAll(" ", "_")) };
  assert.equal(verdict(v1, v2, rules).outcome, expected);
}

test("agrees with isDeepStrictEqual on equal values", () => {
  fc.assert(
    fc.property(fc.clone(anything, 2), ([v1, v2]) => agrees(v1, v2)),
    { numRuns: 500 },
  );
});

test("agrees with isDeepStrictEqual on values that were changed at one place", () => {
  fc.assert(
    fc.property(changedPair, ([v1, v2]) => agrees(v1, v2)),
    { numRuns: 1_000 },
  );
});

test("agrees with isDeepStrictEqual on any two values", () => {
  fc.assert(fc.property(anything, anything, agrees), { numRuns: 500 });
  fc.assert(fc.property(smallJson, smallJson, agrees), { numRuns: 500 });
});

class Money {
  readonly amount: number;
  constructor(amount: number) {
    this.amount = amount;
  }
}
class Price extends Money {}

function withProperty<T extends object>(value: T, key: PropertyKey, property: unknown): T {
  return Object.defineProperty(value, key, { value: property, enumerable: true });
}

function cycle(length: number, tail = 0): unknown {
  const first: Record<string, unknown> = {};
  let last = first;
  for (let i = 1; i < length; i++) last = last["next"] = {} as Record<string, unknown>;
  last["next"] = first;
  let value: unknown = first;
  for (let i = 0; i < tail; i++) value = { next: value };
  return value;
}

const buffer = (...bytes: number[]): Buffer => Buffer.from(bytes);
const tag = Symbol("tag");

const pairs: [name: string, v1: unknown, v2: unknown][] = [
  ["NaN and NaN", Number.NaN, Number.NaN],
  ["0 and -0", 0, -0],
  ["-0 and -0, inside", [-0], [-0]],
  ["bigints", { a: 1n }, { a: 1n }],
  ["a bigint and a number", 1n, 1],
  ["undefined and absent", { a: undefined }, {}],
  ["undefined and absent, the other way", {}, { a: undefined }],
  ["undefined and null", { a: undefined }, { a: null }],
  ["other keys, as many", { a: undefined }, { b: undefined }],
  ["keys in another order", { a: 1, b: 2 }, { b: 2, a: 1 }],
  ["an own __proto__ and none", JSON.parse('{"__proto__":{}}'), { toString: 1 }],
  ["own __proto__ keys", JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":1}')],
  ["a hidden property and none", Object.defineProperty({ z: 1 }, "k", { value: 1 }), { k: 1 }],
  ["null prototype and Object's", Object.create(null), {}],
  ["instances", new Money(1), new Money(1)],
  ["instances of other classes", new Money(1), new Price(1)],
  ["an instance and a plain object", new Money(1), { amount: 1 }],
  ["an object and an array", {}, []],
  ["a hole and undefined", [, 1], [undefined, 1]], // oxlint-disable-line no-sparse-arrays
  ["holes", [, { a: 1 }], [, { a: 1 }]], // oxlint-disable-line no-sparse-arrays
  ["a hole and none, with an extra", withProperty(Array(1), "x", 1), withProperty([1], "x", 1)],
  ["arrays of other lengths", [1], [1, 2]],
  ["arrays of holes of other lengths", Array(3), Array(4)],
  ["arrays with a property", withProperty([{ a: 1 }], "k", 1), withProperty([{ a: 1 }], "k", 1)],
  ["arrays, one with a property", withProperty([{ a: 1 }], "k", 1), [{ a: 1 }]],
  ["arrays of primitives, one with a property", withProperty([1], "k", 1), [1]],
  ["RegExp matches", /b/.exec("abc"), /b/.exec("abc")],
  ["RegExp matches elsewhere", /b/.exec("abc"), /b/.exec("aabc")],
  ["symbol keys", { [tag]: { a: 1 } }, { [tag]: { a: 1 } }],
  ["symbol keys of other values", { [tag]: 1 }, { [tag]: 2 }],
  ["a symbol key and none", { [tag]: 1 }, {}],
  ["a hidden symbol key and none", Object.defineProperty({}, tag, { value: 1 }), {}],
  ["an array with a symbol key and one without", withProperty([{}], tag, 1), [{}]],
  ["Dates", new Date(5), new Date(5)],
  ["other Dates", new Date(5), new Date(6)],
  ["invalid Dates", new Date(Number.NaN), new Date(Number.NaN)],
  ["Dates with properties", withProperty(new Date(5), "k", 1), new Date(5)],
  ["RegExps", /a/gi, /a/gi],
  ["RegExps with other flags", /a/g, /a/i],
  ["a RegExp that has moved on", Object.assign(/a/g, { lastIndex: 1 }), /a/g],
  ["boxed numbers", Object(1), Object(1)],
  ["a boxed number and a number", Object(1), 1],
  ["boxed strings", Object("ab"), Object("ac")],
  ["Errors", new Error("a"), new Error("a")],
  ["Errors with other messages", new Error("a"), new Error("b")],
  ["Errors of other classes", new TypeError("a"), new RangeError("a")],
  ["Errors with causes", new Error("a", { cause: [1] }), new Error("a", { cause: [1] })],
  ["an undefined cause and none", new Error("a", { cause: undefined }), new Error("a")],
  ["AggregateErrors", new AggregateError([1], "a"), new AggregateError([2], "a")],
  ["Buffers", buffer(1, 2), buffer(1, 2)],
  ["other Buffers", buffer(1, 2), buffer(1, 3)],
  ["a Buffer and a Uint8Array", buffer(1), new Uint8Array([1])],
  ["Float64Arrays of NaN", new Float64Array([Number.NaN]), new Float64Array([Number.NaN])],
  ["Float64Arrays of 0 and -0", new Float64Array([0]), new Float64Array([-0])],
  ["typed arrays of other types", new Uint8Array([1]), new Int8Array([1])],
  ["ArrayBuffers", new Uint8Array([1]).buffer, new Uint8Array([1]).buffer],
  ["other ArrayBuffers", new Uint8Array([1]).buffer, new Uint8Array([2]).buffer],
  ["DataViews", new DataView(new ArrayBuffer(2)), new DataView(new ArrayBuffer(2))],
  ["URLs", new URL("https://a.test/b"), new URL("https://a.test/b")],
  ["keys", createSecretKey("a", "utf8"), createSecretKey("a", "utf8")],
  ["other keys", createSecretKey("a", "utf8"), createSecretKey("b", "utf8")],
  ["other URLs", new URL("https://a.test/b"), new URL("https://a.test/c")],
  [
    "Maps in another order",
    new Map([
      ["a", 1],
      ["b", 2],
    ]),
    new Map([
      ["b", 2],
      ["a", 1],
    ]),
  ],
  ["Maps with other values", new Map([["a", { b: 1 }]]), new Map([["a", { b: 2 }]])],
  [
    "Maps with an undefined value and none",
    new Map([["a", undefined]]),
    new Map([["b", undefined]]),
  ],
  [
    "Maps by object",
    new Map([
      [{ a: 1 }, [1]],
      [{ a: 2 }, [2]],
    ]),
    new Map([
      [{ a: 2 }, [2]],
      [{ a: 1 }, [1]],
    ]),
  ],
  ["Maps by object with other values", new Map([[{ a: 1 }, 1]]), new Map([[{ a: 1 }, 2]])],
  [
    "Maps by null and by object",
    new Map<unknown, unknown>([
      [null, 1],
      [{}, 2],
    ]),
    new Map<unknown, unknown>([
      [{}, 1],
      [null, 2],
    ]),
  ],
  ["Maps with properties", withProperty(new Map(), "k", 1), new Map()],
  ["Sets in another order", new Set([1, 2]), new Set([2, 1])],
  ["Sets with other members", new Set([1, 2]), new Set([1, 3])],
  ["Sets of objects", new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }])],
  ["Sets of equal objects", new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])],
  ["a Set and a Map", new Set(), new Map()],
  ["cycles", cycle(1), cycle(1)],
  ["cycles of other lengths", cycle(1), cycle(2)],
  ["longer cycles", cycle(50), cycle(50)],
  ["a cycle with a longer way in", cycle(1), cycle(1, 1)],
  ["a cycle and its end", cycle(1), { next: { next: { next: {} } } }],
  [
    "a lie about the class",
    Object.defineProperty({}, Symbol.toStringTag, { value: "Map", enumerable: true }),
    {},
  ],
];

for (const [name, v1, v2] of pairs)
  test(`agrees with isDeepStrictEqual on ${name}`, () => agrees(v1, v2));

test("URLSearchParams are equal when their text is, which isDeepStrictEqual can't see", () => {
  const params = (text: string): unknown => ({ params: new URLSearchParams(text) });
  assert.equal(verdict(params("a=1"), params("a=1")).outcome, "match");
  assert.equal(verdict(params("a=1"), params("a=2")).outcome, "mismatch");
});

test("a comparator can be used from within a getter of what it compares", () => {
  const plain = comparator();
  const make = (): unknown => ({
    get inner() {
      return plain.answers([1], [1]);
    },
  });
  assert.deepEqual(plain.answers(make(), make()), { outcome: "match" });
});

test("equality holds while Object.prototype is polluted", () => {
  const key = "polluted";
  const prototype: object = Object.prototype;
  Object.defineProperty(prototype, key, { value: 1, enumerable: true, configurable: true });
  try {
    const own = Object.defineProperty({}, key, { value: 1, enumerable: true });
    agrees({ a: [{}] }, { a: [{}] });
    agrees(own, {});
  } finally {
    Reflect.deleteProperty(prototype, key);
  }
});
