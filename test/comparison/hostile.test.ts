import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { test } from "node:test";
import { inspect } from "node:util";
import { comparator } from "../../lib/comparison/index.ts";
import type { CompareRules } from "../../lib/comparison/index.ts";
import { differences, verdict } from "./support.ts";

const fail = (message: string) => (): never => {
  throw new Error(message);
};

/** What a walk under each kind of rule does; none of it may throw. */
const ruleSets: CompareRules[] = [
  {},
  { ignore: ["$..none"] },
  { ignore: ["$.a"] },
  { unordered: ["$", "$..*"] },
  { unordered: [{ path: "$..*", by: "id" }] },
  { tolerance: [{ path: "$..*", absolute: 1, dateMs: 1 }] },
];

function survives(make: () => unknown): void {
  for (const rules of ruleSets) {
    const rulesAtWork = comparator(rules);
    for (const wrap of [(value: unknown) => value, (value: unknown) => [{ a: value }, 1]])
      for (const [v1, v2] of [
        [wrap(make()), wrap(make())],
        [wrap(make()), wrap({ a: 1 })],
        [wrap([1, { id: 2 }]), wrap(make())],
      ]) {
        const result = rulesAtWork.answers(v1, v2);
        assert.ok(!(result instanceof Promise));
        assert.ok(["match", "mismatch", "ignored", "not-compared"].includes(result.outcome));
        assert.ok(["same-error", "different-error"].includes(rulesAtWork.errors(v1, v2)));
      }
  }
}

const traps = [
  "apply",
  "construct",
  "defineProperty",
  "deleteProperty",
  "get",
  "getOwnPropertyDescriptor",
  "getPrototypeOf",
  "has",
  "isExtensible",
  "ownKeys",
  "preventExtensions",
  "set",
  "setPrototypeOf",
] as const;
const throwingHandler = (names: readonly string[]): ProxyHandler<object> =>
  Object.fromEntries(names.map((name) => [name, fail(name)]));
const revoked = (target: object): unknown => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};

const hostile: [name: string, make: () => unknown][] = [
  ...traps.map((trap): [string, () => unknown] => [
    `a Proxy whose ${trap} throws`,
    () => new Proxy({ a: 1 }, throwingHandler([trap])),
  ]),
  ...traps.map((trap): [string, () => unknown] => [
    `a Proxy of an array whose ${trap} throws`,
    () => new Proxy([1, 2], throwingHandler([trap])),
  ]),
  ["a Proxy whose traps all throw", () => new Proxy({}, throwingHandler(traps))],
  [
    "a Proxy whose traps throw a Proxy",
    () =>
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Proxy({}, throwingHandler(traps));
          },
        },
      ),
  ],
  ["a revoked Proxy", () => revoked({})],
  ["a revoked Proxy of an array", () => revoked([])],
  ["a Proxy of a function", () => new Proxy(() => 1, throwingHandler(traps))],
  ["a Proxy of a Map", () => new Proxy(new Map([[1, 2]]), {})],
  ["a Proxy of a Date", () => new Proxy(new Date(), {})],
  [
    "an endless chain of prototypes",
    () => {
      const handler: ProxyHandler<object> = { getPrototypeOf: () => new Proxy({}, handler) };
      return new Proxy({}, handler);
    },
  ],
  [
    "a prototype that changes",
    () => {
      let asked = 0;
      const handler: ProxyHandler<object> = {
        getPrototypeOf: () => (asked++ % 2 === 0 ? Object.prototype : new Proxy({}, handler)),
      };
      return new Proxy({}, handler);
    },
  ],
  [
    "an endless value",
    () => {
      const handler: ProxyHandler<object> = {
        ownKeys: () => ["a"],
        getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }),
        get: (_, key) => (key === "a" ? new Proxy({}, handler) : undefined),
      };
      return new Proxy({}, handler);
    },
  ],
  ...[2 ** 53, 4_294_967_295, -1, Number.NaN, "7", {}, undefined].map(
    (length): [string, () => unknown] => [
      `an array that says its length is ${inspect(length)}`,
      () =>
        new Proxy([1], {
          get: (target, key) => (key === "length" ? length : Reflect.get(target, key)),
        }),
    ],
  ),
  [
    "getters that throw",
    () => ({
      get a() {
        return fail("a")();
      },
    }),
  ],
  [
    "a getter that throws nothing",
    () => ({
      get a() {
        throw undefined;
      },
    }),
  ], // oxlint-disable-line no-throw-literal
  [
    "a getter with ever new values",
    () => ({
      get a() {
        return {};
      },
      get b() {
        return Symbol("b");
      },
    }),
  ],
  ["toJSON", () => ({ toJSON: fail("toJSON") })],
  ["constructor null", () => ({ constructor: null })],
  [
    "a constructor that throws",
    () => ({
      get constructor() {
        return fail("constructor")();
      },
    }),
  ],
  [
    "an array with a constructor",
    () => Object.assign([1, 2], { constructor: { [Symbol.species]: fail("species") } }),
  ],
  ["a length that lies", () => ({ length: -1, 0: 1 })],
  ["an own __proto__", () => JSON.parse('{"__proto__":{"a":1},"b":2}') as unknown],
  ["an own hasOwnProperty", () => ({ hasOwnProperty: 1, propertyIsEnumerable: null })],
  [
    "a tag that throws",
    () => Object.create({}, { [Symbol.toStringTag]: { get: fail("tag") } }) as unknown,
  ],
  [
    "tags that lie",
    () =>
      ["Map", "Set", "Date", "Blob", "WeakRef", "ReadableStream", 7].map(
        (tag) => Object.create({ [Symbol.toStringTag]: tag }) as unknown,
      ),
  ],
  ["a Date without a Date's prototype", () => Object.setPrototypeOf(new Date(), null) as unknown],
  [
    "a Map without a Map's prototype",
    () => Object.setPrototypeOf(new Map([[{}, 1]]), null) as unknown,
  ],
  [
    "a prototype without an inside",
    () =>
      [Map.prototype, Set.prototype, Date.prototype, URL.prototype].map(
        (prototype) => Object.create(prototype) as unknown,
      ),
  ],
  [
    "a Map with methods of its own",
    () =>
      Object.assign(new Map([[1, 2]]), {
        get: fail("get"),
        entries: fail("entries"),
        has: fail("has"),
      }),
  ],
  [
    "a subclass that throws",
    () =>
      new (class extends Map {
        override entries(): never {
          return fail("entries")();
        }
        override get size(): never {
          return fail("size")();
        }
      })(),
  ],
  ["a huge array of holes", () => Array(4_294_967_295)],
  [
    "a huge array of few",
    () => Object.assign(Array(4_294_967_295), { 5: { a: 1 }, 4_000_000_000: 2 }),
  ],
  [
    "an Error that throws",
    () => Object.defineProperty(new Error("a"), "message", { get: fail("message") }),
  ],
  [
    "an Error as its own cause",
    () => {
      const error = new Error("a");
      error.cause = error;
      return error;
    },
  ],
  [
    "a pipe that throws",
    () => ({
      get pipe() {
        return fail("pipe")();
      },
    }),
  ],
  [
    "a detached buffer",
    () => {
      const bytes = new Uint8Array(4);
      structuredClone(bytes, { transfer: [bytes.buffer] });
      return bytes;
    },
  ],
];

for (const [name, make] of hostile) test(`survives ${name}`, () => survives(make));

test("holes are not walked one by one", () => {
  const huge = (at: number): unknown => Object.assign(Array(4_294_967_295), { [at]: 1 });
  assert.deepEqual(verdict(huge(5), huge(5)), { outcome: "match" });
  assert.deepEqual(differences(huge(5), huge(6)), ["$[5] missing", "$[6] extra"]);
  assert.deepEqual(differences(Array(4_000_000_000), Array(4_000_000_001)), ["$ length"]);
  assert.equal(verdict(huge(5), huge(5), { unordered: ["$"] }).outcome, "not-compared");
});

test("no code runs but getters", () => {
  const ran: string[] = [];
  const note = (name: string) => (): never => {
    ran.push(name);
    throw new Error(name);
  };
  const hasInstance = Object.defineProperty(() => 1, Symbol.hasInstance, {
    value: note("instanceof"),
  });
  const make = (): unknown => ({
    toJSON: "text",
    object: { constructor: hasInstance },
    array: Object.defineProperty([{}, 1], "constructor", { get: () => Array }),
    key: new Map([[Object.create({ toString: note("toString"), valueOf: note("valueOf") }), 1]]),
    date: Object.assign(new Date(5), { valueOf: 1 }),
  });
  for (const rules of ruleSets) {
    verdict(make(), make(), rules);
    verdict([make()], [1, make()], rules);
  }
  assert.deepEqual(ran, []);
});

class Socket extends EventEmitter {}
const opaque: [name: string, make: () => unknown][] = [
  ["a function", () => () => 1],
  ["a promise", () => Promise.resolve(1)],
  ["a stream", () => Readable.from([])],
  ["a stream", () => new ReadableStream()],
  ["an event emitter", () => new Socket()],
  ["an event target", () => new AbortController().signal],
  ["an AbortController", () => new AbortController()] as [string, () => unknown],
  ["a WeakMap", () => new WeakMap()],
  ["a WeakSet", () => new WeakSet()],
  ["a WeakRef", () => new WeakRef({})],
  ["a generator", () => (function* () {})()],
  ["a Headers", () => new Headers()],
  ["a Blob", () => new Blob([])],
];

for (const [name, make] of opaque)
  test(`${name} can't be compared, unless it is the same one`, () => {
    const reason = `${name} at $.items[1].it`;
    const value = make();
    const items = (it: unknown): unknown => ({ items: [1, { it }] });
    assert.deepEqual(verdict(items(make()), items(make())), { outcome: "not-compared", reason });
    assert.deepEqual(verdict(items(value), items(value)), { outcome: "match" });
    assert.deepEqual(differences(items(value), items(1)), ["$.items[1].it type"]);
    assert.deepEqual(differences(items(value), { items: [1, {}] }), ["$.items[1].it missing"]);
    assert.equal(verdict(items(make()), items(make()), { ignore: ["$..it"] }).outcome, "ignored");
  });

test("a plain object with a pipe is compared by its properties", () => {
  assert.deepEqual(verdict({ pipe: () => 1 }, { pipe: () => 1 }), {
    outcome: "not-compared",
    reason: "a function at $.pipe",
  });
});

test("what getters throw is the reason", () => {
  const value = (): unknown => ({
    get a() {
      return fail("no a")();
    },
  });
  assert.deepEqual(verdict(value(), value()), {
    outcome: "not-compared",
    reason: "comparing threw Error: no a",
  });
});

test("values that change while they are compared are not compared", () => {
  let reads = 0;
  const v1 = {
    get a() {
      return reads++ === 0 ? 1 : 2;
    },
  };
  assert.deepEqual(verdict(v1, { a: 2 }), {
    outcome: "not-compared",
    reason: "the answers change while compared",
  });
});

function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = wrap(value);
  return value;
}

const wraps: [name: string, wrap: (inner: unknown) => unknown][] = [
  ["objects", (inner) => ({ inner })],
  ["arrays", (inner) => [inner]],
  ["Maps", (inner) => new Map([["inner", inner]])],
  ["Maps by object", (inner) => new Map([[inner, 1]])],
  ["Sets", (inner) => new Set([inner])],
  ["causes", (cause) => new Error("a", { cause })],
];

for (const [name, wrap] of wraps)
  test(`thousands of levels of ${name} are not compared, 300 are`, () => {
    for (const rules of ruleSets) {
      assert.equal(verdict(nested(300, wrap), nested(300, wrap), rules).outcome, "match");
      const deep = verdict(nested(3_000, wrap), nested(3_000, wrap), rules);
      assert.equal(deep.outcome, "not-compared");
    }
  });

test("100,000 levels are not compared", () => {
  for (const [, wrap] of wraps.slice(0, 2))
    for (const rules of ruleSets) {
      const deep = verdict(nested(100_000, wrap), nested(100_000, wrap), rules);
      assert.equal(deep.outcome, "not-compared");
    }
});

test("the depth cap says so", () => {
  const [, wrap] = wraps[0] as (typeof wraps)[number];
  assert.deepEqual(verdict(nested(5_000, wrap), nested(5_000, wrap)), {
    outcome: "not-compared",
    reason: "more than 1000 levels of nesting",
  });
});

test("the caps end a comparison", () => {
  const list = (length: number): unknown => Array.from({ length }, (_, i) => [i]);
  assert.deepEqual(verdict(list(100), list(100), { maxNodes: 200 }), { outcome: "match" });
  for (const [v1, v2] of [
    [list(101), list(101)],
    [list(101), [...(list(100) as []), [7]]],
  ])
    assert.deepEqual(verdict(v1, v2, { maxNodes: 200 }), {
      outcome: "not-compared",
      reason: "more than 200 values (maxNodes)",
    });
  assert.deepEqual(verdict(list(100_000), list(100_000), { maxMs: 1e-9 }), {
    outcome: "not-compared",
    reason: "longer than 1e-9 ms (maxMs)",
  });
});

test("a value with exponentially many ways through it is not compared", () => {
  const shared = nested(60, (inner) => [inner, inner]);
  const other = nested(60, (inner) => [inner, inner]);
  for (const rules of ruleSets)
    assert.equal(verdict(shared, other, { ...rules, maxMs: 20 }).outcome, "not-compared");
});

test("elements of which no hash is known are paired no longer than the clock allows", () => {
  const symbols = Array.from({ length: 20_000 }, () => Symbol("same"));
  const keyed = symbols.map((id) => ({ id }));
  const elements = { unordered: ["$"], maxMs: 20 };
  assert.equal(verdict(symbols, symbols.toReversed(), elements).outcome, "not-compared");
  const byKey = { unordered: [{ path: "$", by: "id" }], maxMs: 20 };
  assert.equal(verdict(keyed, keyed.toReversed(), byKey).outcome, "not-compared");
});

test("cycles end", () => {
  const make = (): unknown => {
    const parent: Record<string, unknown> = { id: 1 };
    parent["children"] = Array.from({ length: 5 }, (_, id) => ({ id, parent }));
    parent["map"] = new Map([[parent, new Set([parent])]]);
    return parent;
  };
  for (const rules of ruleSets)
    assert.deepEqual(verdict(make(), make(), rules), { outcome: "match" });
});
