/* oxlint-disable unicorn/no-thenable -- what users return may have any then */
import assert from "node:assert/strict";
import { test } from "node:test";
import { comparator } from "../../lib/comparison/index.ts";
import type { CompareRules, Verdict } from "../../lib/comparison/index.ts";
import { verdict } from "./support.ts";

const whole = (v1: unknown, v2: unknown): Verdict => ({
  outcome: "mismatch",
  differences: [{ path: "$", kind: "value", v1, v2 }],
  truncated: false,
  signature: "$ value",
});
const notCompared = (reason: string): Verdict => ({ outcome: "not-compared", reason });
const fail = (error: unknown) => () => {
  throw error;
};
const any = (value: unknown): any => value;

test("a comparator without rules compares strictly", () => {
  assert.deepEqual(verdict({ a: [1] }, { a: [1] }), { outcome: "match" });
  assert.deepEqual(verdict(1, 2), whole(1, 2));
});

test("normalize gives each version's answer another form before anything else", () => {
  const seen: unknown[] = [];
  const rules: CompareRules = {
    normalize: { v1: (ids: string[]) => ids.map(Number), v2: ({ ids }: { ids: number[] }) => ids },
    ignoreWhen: (...values) => void seen.push(...values),
  };
  assert.deepEqual(verdict(["1", "2"], { ids: [1, 2] }, rules), { outcome: "match" });
  assert.equal(verdict(["1"], { ids: [2] }, rules).outcome, "mismatch");
  assert.deepEqual(seen, [[1], [2]]);
  assert.deepEqual(verdict("1", 1, { normalize: { v1: Number } }), { outcome: "match" });
});

const functions: [name: string, rules: CompareRules, expected: Verdict][] = [
  [
    "normalize.v1 throws",
    { normalize: { v1: fail(new Error("no")) } },
    notCompared("normalize.v1 threw Error: no"),
  ],
  [
    "normalize.v2 throws a string",
    { normalize: { v2: fail("no") } },
    notCompared('normalize.v2 threw "no"'),
  ],
  ["equal is true", { equal: () => true }, { outcome: "match" }],
  ["equal is false", { equal: () => false }, whole(1, 2)],
  ["equal takes the place of the rules", { equal: () => false, ignore: ["$"] }, whole(1, 2)],
  ["equal throws", { equal: fail(new TypeError("no")) }, notCompared("equal threw TypeError: no")],
  [
    "equal returns undefined",
    { equal: any(() => undefined) },
    notCompared("equal returned undefined; allowed is a boolean"),
  ],
  [
    "equal returns a number",
    { equal: any(() => 1) },
    notCompared("equal returned 1; allowed is a boolean"),
  ],
  [
    "ignoreWhen gives a reason",
    { ignoreWhen: (v1, v2) => `${v1} is ${v2}` },
    { outcome: "ignored", reason: "1 is 2" },
  ],
  [
    "ignoreWhen gives a reason after equal",
    { equal: () => false, ignoreWhen: () => "why" },
    { outcome: "ignored", reason: "why" },
  ],
  ["ignoreWhen gives undefined", { ignoreWhen: () => undefined }, whole(1, 2)],
  ["ignoreWhen gives null", { ignoreWhen: () => null }, whole(1, 2)],
  ["ignoreWhen gives false", { ignoreWhen: () => false }, whole(1, 2)],
  ["ignoreWhen gives an empty text", { ignoreWhen: () => "" }, whole(1, 2)],
  [
    "ignoreWhen gives true",
    { ignoreWhen: any(() => true) },
    notCompared("ignoreWhen returned true; allowed is a string, undefined, null or false"),
  ],
  [
    "ignoreWhen gives a promise",
    { ignoreWhen: any(async () => "why") },
    notCompared("ignoreWhen returned an object; allowed is a string, undefined, null or false"),
  ],
  [
    "ignoreWhen throws",
    { ignoreWhen: fail(new Error("no")) },
    notCompared("ignoreWhen threw Error: no"),
  ],
];

for (const [name, rules, expected] of functions)
  test(name, () => assert.deepEqual(verdict(1, 2, rules), expected));

test("ignoreWhen is not asked about answers that match", () => {
  assert.deepEqual(verdict(1, 1, { ignoreWhen: fail(new Error("no")) }), { outcome: "match" });
});

const hostileThenable = {
  get then(): never {
    throw new Error("no then");
  },
};
const promises: [name: string, equal: unknown, expected: Verdict][] = [
  ["true", async () => true, { outcome: "match" }],
  ["false", async () => false, whole(1, 2)],
  ["no boolean", async () => "yes", notCompared('equal returned "yes"; allowed is a boolean')],
  [
    "a rejection",
    async () => fail(new Error("no"))(),
    notCompared("equal rejected with Error: no"),
  ],
  [
    "a falsy rejection",
    () => Promise.reject(undefined),
    notCompared("equal rejected with undefined"),
  ],
  [
    "a thenable",
    () => ({ then: (resolve: (value: boolean) => void) => resolve(true) }),
    { outcome: "match" },
  ],
  [
    "a thenable that throws",
    () => ({ then: fail(new Error("no")) }),
    notCompared("equal rejected with Error: no"),
  ],
  [
    "a thenable that can't be asked",
    () => hostileThenable,
    notCompared("comparing threw Error: no then"),
  ],
  [
    "a promise with a then of its own",
    () => Object.assign(Promise.resolve(true), { then: fail(new Error("no")) }),
    notCompared("equal rejected with Error: no"),
  ],
];

for (const [name, equal, expected] of promises)
  test(`equal with a promise: ${name}`, async () => {
    assert.deepEqual(await comparator({ equal: any(equal) }).answers(1, 2), expected);
  });

test("a promise comes only from a promise", () => {
  const rules = comparator({ equal: (v1) => (v1 === 1 ? true : Promise.resolve(true)) });
  assert.ok(!(rules.answers(1, 1) instanceof Promise));
  assert.ok(rules.answers(2, 1) instanceof Promise);
});

class NotFound extends Error {
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}
class Named extends Error {
  override readonly name = "NotFound";
}
const coded = (code: unknown): Error => Object.assign(new Error("a"), { code });

const errors: [name: string, v1: unknown, v2: unknown, same: boolean][] = [
  ["of one class", new NotFound("a"), new NotFound("b"), true],
  ["with one code", new NotFound("a", "X"), new NotFound("b", "X"), true],
  ["with other codes", new NotFound("a", "X"), new NotFound("b", "Y"), false],
  ["one with a code", coded("X"), new Error("a"), false],
  ["codes of other types", coded(1), coded("1"), false],
  ["of other classes", new NotFound("a"), new Error("a"), false],
  ["of a class of that name", new NotFound("a"), new Named("a"), true],
  ["of the language", new TypeError("a"), new TypeError("b"), true],
  ["of others of the language", new TypeError("a"), new RangeError("a"), false],
  ["a class of no own name", new (class extends TypeError {})("a"), new TypeError("a"), true],
  ["plain objects", { name: "X", code: 1 }, { name: "X", code: 1 }, true],
  ["an Error and a plain object", new Error("a"), { name: "Error" }, true],
  ["undefined", undefined, undefined, true],
  ["undefined and null", undefined, null, false],
  ["strings", "a", "a", true],
  ["other strings", "a", "b", false],
  ["an error and a string", new Error("a"), "a", false],
  ["timeouts", new DOMException("a", "TimeoutError"), new DOMException("b", "TimeoutError"), true],
  [
    "a timeout and an abort",
    new DOMException("a", "TimeoutError"),
    new DOMException("a", "AbortError"),
    false,
  ],
];

for (const [name, v1, v2, same] of errors)
  test(`errors: ${name}`, () => {
    const expected = same ? "same-error" : "different-error";
    assert.equal(comparator().errors(v1, v2), expected);
    assert.equal(comparator().errors(v2, v1), expected);
  });

test("the user's errors has the last word, and true is the only yes", () => {
  const of = (errorsRule: unknown): string => comparator({ errors: any(errorsRule) }).errors(1, 2);
  assert.equal(
    of((v1: number, v2: number) => v1 + 1 === v2),
    "same-error",
  );
  assert.equal(
    of(() => false),
    "different-error",
  );
  assert.equal(
    of(() => "yes"),
    "different-error",
  );
  assert.equal(
    of(async () => true),
    "different-error",
  );
  assert.equal(of(fail(new Error("no"))), "different-error");
});

test("errors that throw when they are looked at are different", () => {
  const hostile = Object.defineProperty(new Error("a"), "name", { get: fail(new Error("no")) });
  assert.equal(comparator().errors(hostile, new Error("a")), "different-error");
  assert.equal(comparator().errors(new Error("a"), hostile), "different-error");
});
