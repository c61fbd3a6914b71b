import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "../support/property.ts";
import { formatPath, mapPathKey, parsePath } from "../../lib/comparison/paths.ts";
import { signatureOf } from "../../lib/comparison/index.ts";

const any = undefined;
const readable: [path: string, ...steps: [key: string | number | undefined, deep?: true][]][] = [
  ["$"],
  ["$.name", ["name"]],
  ["$.a.b_1.$c", ["a"], ["b_1"], ["$c"]],
  ["$.größe", ["größe"]],
  ["$['odd key']", ["odd key"]],
  ['$["odd key"]', ["odd key"]],
  ["$['it\\'s']", ["it's"]],
  ["$['back\\\\slash']", ["back\\slash"]],
  ["$['\\u00e9\\n']", ["é\n"]],
  ["$['']", [""]],
  ["$['a]b.c']", ["a]b.c"]],
  ["$[0][12]", [0], [12]],
  ["$['0']", ["0"]],
  ["$[*]", [any]],
  ["$.*", [any]],
  ["$..etag", ["etag", true]],
  ["$..*", [any, true]],
  ["$..[*]", [any, true]],
  ["$..['odd key']", ["odd key", true]],
  ["$.items[*].price", ["items"], [any], ["price"]],
];

for (const [path, ...steps] of readable)
  test(`reads ${path}`, () => {
    const expected = steps.map(([key, deep = false]) => ({ key, deep }));
    assert.deepEqual(parsePath(path), expected);
  });

const unreadable: [path: string, position: number][] = [
  ["", 0],
  ["items", 0],
  [".items", 0],
  ["$items", 1],
  ["$.", 2],
  ["$..", 3],
  ["$...a", 3],
  ["$.a.", 4],
  ["$.[0]", 2],
  ["$.odd key", 5],
  ["$.foo-bar", 5],
  ["$.0", 2],
  ["$[", 2],
  ["$[]", 2],
  ["$[-1]", 2],
  ["$[01]", 2],
  ["$[1.5]", 2],
  ["$[0", 2],
  ["$[name]", 2],
  ["$['open]", 2],
  ["$['a'", 5],
  ["$['\\x']", 3],
  ["$[*", 3],
  ["$[?(@.a)]", 2],
  ["$ ", 1],
];

for (const [path, position] of unreadable)
  test(`refuses ${JSON.stringify(path)} at position ${position}`, () => {
    assert.throws(
      () => parsePath(path),
      (error: Error) => {
        assert.ok(error instanceof TypeError);
        assert.ok(
          error.message.startsWith(`path ${JSON.stringify(path)}, position ${position}: `),
          error.message,
        );
        return true;
      },
    );
  });

test("writes paths that can be read again", () => {
  assert.equal(formatPath(["items", 3, "price"]), "$.items[3].price");
  assert.equal(formatPath(["odd key", "it's", "a\\b", ""]), "$['odd key']['it\\'s']['a\\\\b']['']");
  assert.equal(formatPath([Symbol("tag")]), "$['Symbol(tag)']");
  const key = fc.oneof(fc.string({ unit: "binary" }), fc.nat());
  fc.assert(
    fc.property(fc.array(key), (keys) => {
      const steps = keys.map((each) => ({ key: each, deep: false }));
      assert.deepEqual(parsePath(formatPath(keys)), steps);
    }),
  );
});

test("writes the keys of a Map as text, indexes apart", () => {
  const keys = ["3", 3, -1, 1.5, Number.NaN, 3n, true, undefined, null, Symbol("s"), () => 1];
  assert.deepEqual(keys.map(mapPathKey), [
    "3",
    3,
    "-1",
    "1.5",
    "NaN",
    "3",
    "true",
    "undefined",
    "null",
    "Symbol(s)",
    "function",
  ]);
});

const signatures: [path: string, signature: string][] = [
  ["$", "$ value"],
  ["$.items[3].price", "$.items[*].price value"],
  ["$[0][1]", "$[*][*] value"],
  ["$['a[3]'][4]", "$['a[3]'][*] value"],
  ["$['it\\'s [1]'][2]", "$['it\\'s [1]'][*] value"],
  ["$['[1]']['\\\\'][1]", "$['[1]']['\\\\'][*] value"],
];

for (const [path, signature] of signatures)
  test(`the signature of a value at ${path} is ${signature}`, () => {
    assert.equal(signatureOf({ path, kind: "value" }), signature);
  });
