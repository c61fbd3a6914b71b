import assert from "node:assert/strict";
import { test } from "node:test";
import { comparator } from "../../lib/comparison/index.ts";
import { verdict } from "./support.ts";

const refused: [rules: unknown, type: typeof TypeError | typeof RangeError, message: string][] = [
  [null, TypeError, "compare: got null, allowed is an object"],
  [[], TypeError, "compare: got [], allowed is an object"],
  ["ignore", TypeError, 'compare: got "ignore", allowed is an object'],
  [
    { ignored: [] },
    TypeError,
    "compare.ignored: got [], allowed is no such option, but ignore, unordered, tolerance, normalize, equal, ignoreWhen, errors, maxNodes, maxMs, maxDifferences",
  ],
  [{ ignore: "$.a" }, TypeError, 'compare.ignore: got "$.a", allowed is an array'],
  [
    { ignore: [7] },
    TypeError,
    'compare.ignore[0]: got 7, allowed is a path such as "$.items[*].etag"',
  ],
  [
    { ignore: ["$.a", "$.b["] },
    TypeError,
    'compare.ignore[1]: got "$.b[", allowed is a path such as "$.items[*].etag" (path "$.b[", position 4: allowed in [] is an index, "*" or a quoted name)',
  ],
  [
    { unordered: ["items"] },
    TypeError,
    'compare.unordered[0]: got "items", allowed is a path such as "$.items[*]" (path "items", position 0: a path begins with "$")',
  ],
  [
    { unordered: [null] },
    TypeError,
    'compare.unordered[0]: got null, allowed is a path such as "$.items[*]"',
  ],
  [
    { unordered: Array(1) },
    TypeError,
    'compare.unordered[0]: got undefined, allowed is a path such as "$.items[*]"',
  ],
  [
    { unordered: [{ path: "$" }] },
    TypeError,
    'compare.unordered[0].by: got undefined, allowed is a path such as "id"',
  ],
  [
    { unordered: [{ by: "id" }] },
    TypeError,
    'compare.unordered[0].path: got undefined, allowed is a path such as "$.items[*]"',
  ],
  [
    { unordered: [{ path: "$", by: "id", key: 1 }] },
    TypeError,
    "compare.unordered[0].key: got 1, allowed is no such option, but path, by",
  ],
  [
    { unordered: [{ path: "$", by: "ids[*]" }] },
    TypeError,
    'compare.unordered[0].by: got "ids[*]", allowed is a path to one value, such as "id" or "$.key.id"',
  ],
  [
    { unordered: [{ path: "$", by: "$..id" }] },
    TypeError,
    'compare.unordered[0].by: got "$..id", allowed is a path to one value, such as "id" or "$.key.id"',
  ],
  [{ tolerance: ["$.a"] }, TypeError, 'compare.tolerance[0]: got "$.a", allowed is an object'],
  [
    { tolerance: [{ path: "$.a" }] },
    TypeError,
    'compare.tolerance[0]: got {"path":"$.a"}, allowed is an object with absolute, relative or dateMs',
  ],
  [
    { tolerance: [{ absolute: 1 }] },
    TypeError,
    'compare.tolerance[0].path: got undefined, allowed is a path such as "$.items[*].price"',
  ],
  [
    { tolerance: [{ path: "$", absolute: -1 }] },
    RangeError,
    "compare.tolerance[0].absolute: got -1, allowed is a number from 0",
  ],
  [
    { tolerance: [{ path: "$", relative: Number.NaN }] },
    RangeError,
    "compare.tolerance[0].relative: got NaN, allowed is a number from 0",
  ],
  [
    { tolerance: [{ path: "$", dateMs: "1" }] },
    TypeError,
    'compare.tolerance[0].dateMs: got "1", allowed is a number from 0',
  ],
  [
    { normalize: () => 1 },
    TypeError,
    "compare.normalize: got function normalize, allowed is an object",
  ],
  [
    { normalize: { V1: () => 1 } },
    TypeError,
    "compare.normalize.V1: got function V1, allowed is no such option, but v1, v2",
  ],
  [{ normalize: { v1: 1 } }, TypeError, "compare.normalize.v1: got 1, allowed is a function"],
  [{ equal: true }, TypeError, "compare.equal: got true, allowed is a function"],
  [{ ignoreWhen: "always" }, TypeError, 'compare.ignoreWhen: got "always", allowed is a function'],
  [{ errors: {} }, TypeError, "compare.errors: got {}, allowed is a function"],
  [{ maxNodes: 0 }, RangeError, "compare.maxNodes: got 0, allowed is a number above 0"],
  [
    { maxNodes: 1.5 },
    RangeError,
    "compare.maxNodes: got 1.5, allowed is a whole number from 1, or Infinity",
  ],
  [{ maxNodes: "9" }, TypeError, 'compare.maxNodes: got "9", allowed is a number above 0'],
  [{ maxMs: -1 }, RangeError, "compare.maxMs: got -1, allowed is a number above 0"],
  [
    { maxDifferences: Number.NaN },
    RangeError,
    "compare.maxDifferences: got NaN, allowed is a number above 0",
  ],
];

for (const [rules, type, message] of refused)
  test(`refuses: ${message}`, () => {
    assert.throws(
      () => comparator(rules as object),
      (error: Error) => {
        assert.equal(error.constructor, type);
        assert.equal(error.message, message);
        return true;
      },
    );
  });

test("undefined means the default, for each option", () => {
  const rules = {
    ignore: undefined,
    unordered: undefined,
    tolerance: undefined,
    normalize: { v1: undefined, v2: undefined },
    equal: undefined,
    ignoreWhen: undefined,
    errors: undefined,
    maxNodes: undefined,
    maxMs: undefined,
    maxDifferences: undefined,
  };
  assert.deepEqual(verdict([1], [1], rules), { outcome: "match" });
  assert.deepEqual(verdict([1], [1], { ...rules, normalize: undefined }), { outcome: "match" });
  const tolerance = [{ path: "$", absolute: 1, relative: undefined, dateMs: undefined }];
  assert.deepEqual(verdict(1, 2, { tolerance }), { outcome: "match" });
});

test("rules that change after they were compiled change nothing", () => {
  const ignore = ["$.a"];
  const compiled = comparator({ ignore });
  ignore.push("$.b");
  assert.equal((compiled.answers({ b: 1 }, { b: 2 }) as { outcome: string }).outcome, "mismatch");
});

test("many deep rules don't slow each other down", () => {
  const ignore = Array.from({ length: 200 }, (_, i) => `$..a..b..k${i}`);
  const make = (): unknown =>
    Array.from({ length: 200 }, (_, i) => ({ a: { c: { b: { [`k${i}`]: i, x: [i] } } } }));
  assert.deepEqual(verdict(make(), make(), { ignore }), { outcome: "match" });
});
