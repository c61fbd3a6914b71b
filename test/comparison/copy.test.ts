import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import * as fc from "../support/property.ts";
import { copy, NotCopyable } from "../../lib/comparison/index.ts";
import { anything } from "./support.ts";

test("a copy is equal, and shares no object", () => {
  const objects = (value: unknown): object[] => {
    if (typeof value !== "object" || value === null) return [];
    const inner = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : [];
    const own = ArrayBuffer.isView(value) ? [] : Object.values(value);
    return [value, ...[...own, ...inner].flatMap(objects)];
  };
  fc.assert(
    fc.property(anything, (value) => {
      const copied = copy(value);
      assert.ok(isDeepStrictEqual(copied, value));
      const originals = new Set(objects(value));
      assert.ok(objects(copied).every((each) => !originals.has(each)));
    }),
    { numRuns: 500 },
  );
});

class Money {
  readonly amount: number;
  constructor(amount: number) {
    this.amount = amount;
  }
  set tax(_: number) {
    throw new Error("a setter ran");
  }
}
class Tags extends Array<string> {}
class Index extends Map<string, number> {}

const tag = Symbol("tag");
const kept: [name: string, make: () => object][] = [
  ["an instance", () => new Money(1)],
  [
    "an own property that hides a setter",
    () => Object.defineProperty(new Money(1), "tax", { value: 1, enumerable: true }),
  ],
  ["an own __proto__", () => JSON.parse('{"__proto__":{"a":1}}') as object],
  ["own names of Object.prototype", () => ({ constructor: 1, toString: null, hasOwnProperty: [] })],
  ["a null prototype", () => Object.assign(Object.create(null) as object, { a: 1 })],
  ["a subclass of Array", () => Tags.from(["a", "b"])],
  ["a subclass of Map", () => new Index([["a", 1]])],
  ["a Map by object", () => new Map([[{ a: 1 }, new Set([{ b: 2 }])]])],
  ["holes", () => [1, , { a: 1 }, ,]], // oxlint-disable-line no-sparse-arrays
  ["a huge array of few", () => Object.assign(Array(4_294_967_295), { 7: { a: 1 } })],
  ["properties of an array", () => /b/.exec("abc") as object],
  ["symbol keys", () => ({ [tag]: { a: 1 } })],
  ["a Date", () => new Date(5)],
  ["an invalid Date", () => new Date(Number.NaN)],
  ["properties of a Date", () => Object.assign(new Date(5), { k: [1] })],
  ["a RegExp that has moved on", () => Object.assign(/a/gi, { lastIndex: 3 })],
  ["a boxed number", () => Object(-0) as object],
  ["a boxed string with a property", () => Object.assign(Object("ab") as object, { k: 1 })],
  ["a boxed symbol", () => Object(tag) as object],
  ["a Buffer", () => Buffer.from("text")],
  ["a view in the middle", () => new Uint16Array(new Uint8Array([1, 2, 3, 4, 5, 6]).buffer, 2, 1)],
  ["a BigInt64Array", () => new BigInt64Array([1n])],
  ["a DataView", () => new DataView(new Uint8Array([1, 2, 3]).buffer, 1)],
  ["an ArrayBuffer", () => new Uint8Array([1, 2]).buffer],
  ["a URL", () => new URL("https://a.test/b?c=d#e")],
  ["an Error", () => new TypeError("a", { cause: { b: [1] } })],
  [
    "an Error with properties",
    () => Object.assign(new Error("a"), { code: "X", $metadata: { a: 1 } }),
  ],
  ["an AggregateError", () => new AggregateError([new Error("b")], "a")],
  ["a timeout", () => new DOMException("a", "TimeoutError")],
];

for (const [name, make] of kept)
  test(`keeps ${name}`, () => {
    const value = make();
    const copied = copy(value);
    assert.notEqual(copied, value);
    assert.ok(isDeepStrictEqual(copied, value), "equal");
    assert.equal(Object.getPrototypeOf(copied), Object.getPrototypeOf(value));
    assert.ok(isDeepStrictEqual(copy({ value }), { value }), "equal inside");
  });

test("keeps an Error's stack, and hides what it hid", () => {
  const error = new TypeError("a", { cause: 1 });
  const copied = copy(error);
  assert.equal(copied.stack, error.stack);
  assert.deepEqual(Object.keys(copied), []);
  assert.ok(copied instanceof TypeError && Error.isError(copied));
});

test("keeps a timeout's code", () => {
  const { code, name, message } = copy(new DOMException("a", "TimeoutError"));
  assert.deepEqual({ code, name, message }, { code: 23, name: "TimeoutError", message: "a" });
});

test("keeps the text of URLSearchParams", () => {
  assert.equal(copy(new URLSearchParams("a=1&a=2")).toString(), "a=1&a=2");
});

test("keeps shared references and cycles", () => {
  const shared = { a: 1 };
  const value: Record<string, unknown> = {
    one: shared,
    two: [shared],
    map: new Map([[shared, shared]]),
  };
  value["self"] = value;
  const copied = copy(value);
  assert.equal(copied["self"], copied);
  assert.equal((copied["two"] as unknown[])[0], copied["one"]);
  assert.deepEqual([...(copied["map"] as Map<unknown, unknown>)].flat(), [
    copied["one"],
    copied["one"],
  ]);
  assert.notEqual(copied["one"], shared);
});

test("gives back what can't change", () => {
  const { signal } = new AbortController();
  const key = createSecretKey(Buffer.from("secret"));
  for (const value of [1, "a", null, undefined, 1n, tag, true, signal, key])
    assert.equal(copy({ value }).value, value);
  assert.equal(copy("text"), "text");
});

test("takes from a pool only what a Buffer shows", () => {
  const copied = copy(Buffer.from("text"));
  assert.equal(copied.buffer.byteLength, 4);
});

test("reads a getter once, and makes it a value", () => {
  let reads = 0;
  const copied = copy({
    get a() {
      return ++reads;
    },
  });
  assert.deepEqual(Object.getOwnPropertyDescriptor(copied, "a"), {
    value: 1,
    writable: true,
    enumerable: true,
    configurable: true,
  });
  assert.equal(reads, 1);
});

const fail = (message: string) => (): never => {
  throw new Error(message);
};
const nested = (levels: number): unknown => {
  let value = {};
  for (let i = 0; i < levels; i++) value = { value };
  return value;
};
const refused: [value: unknown, reason: string][] = [
  [() => 1, "a function at $"],
  [{ items: [{ callback: () => 1 }] }, "a function at $.items[0].callback"],
  [Money, "a function at $"],
  [Readable.from([]), "a stream at $"],
  [{ body: new ReadableStream() }, "a stream at $.body"],
  [{ a: { pipe: () => 1 } }, "a stream at $.a"],
  [[new EventEmitter()], "an event emitter at $[0]"],
  [{ p: Promise.resolve() }, "a promise at $.p"],
  [new Map([["k", new WeakMap()]]), "a WeakMap at $.k"],
  [new Set([new WeakSet()]), "a WeakSet at $[0]"],
  [new WeakRef({}), "a WeakRef at $"],
  [Object.assign(new Error("a"), { request: { send: () => 1 } }), "a function at $.request.send"],
  [
    {
      get a() {
        return fail("no")();
      },
    },
    "$.a threw Error: no",
  ],
  [[0, new Proxy({}, { ownKeys: fail("no keys") })], "$[1] threw Error: no keys"],
  [{ a: new Proxy({}, { getPrototypeOf: fail("no prototype") }) }, "$.a threw Error: no prototype"],
  [Array(2_000_000).fill(0), "more than 1000000 values"],
  [nested(100_000), "more than 1000 levels of nesting"],
];

for (const [value, reason] of refused)
  test(`refuses ${reason}`, () => {
    assert.throws(
      () => copy(value),
      (error: Error) => {
        assert.ok(error instanceof NotCopyable);
        assert.equal(error.message, reason);
        return true;
      },
    );
  });

test("the cap counts values", () => {
  assert.deepEqual(copy({ a: [1, 2, 3] }, 4), { a: [1, 2, 3] });
  assert.throws(() => copy({ a: [1, 2, 3] }, 3), new NotCopyable("more than 3 values"));
});

test("what a getter threw is the cause", () => {
  const cause = new Error("no");
  const value = {
    get a() {
      throw cause;
    },
  };
  assert.throws(
    () => copy(value),
    (error: Error) => error.cause === cause,
  );
});

test("asks neither constructor nor species", () => {
  const lie = { get: fail("asked") };
  const array = Object.defineProperty([1], "constructor", lie);
  const bytes = Object.defineProperty(new Uint8Array([1]), "constructor", lie);
  assert.deepEqual([...copy(array)], [1]);
  assert.deepEqual([...copy(bytes)], [1]);
});
