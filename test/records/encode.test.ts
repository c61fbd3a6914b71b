import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "../support/property.ts";
import { cutText, encodeValue } from "../../lib/records/encode.ts";

const encode = (value: unknown) => encodeValue(value, 1_000_000).text;

describe("encodeValue", () => {
  it("writes plain JSON values as JSON.stringify does", () => {
    // Through JSON once, which has no -0.
    const plain = fc.json().map((text) => JSON.parse(text) as unknown);
    fc.assert(
      fc.property(plain, (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('"$') && !text.includes("-0"));
        assert.equal(encode(value), text);
      }),
    );
  });

  it("never throws, whatever the value", () => {
    fc.assert(
      fc.property(
        fc.anything({
          withDate: true,
          withMap: true,
          withSet: true,
          withBigInt: true,
          withTypedArray: true,
          withSparseArray: true,
          withNullPrototype: true,
          withBoxedValues: true,
        }),
        (value) => void JSON.parse(encode(value)),
      ),
    );
  });

  it("writes a value alike where all of it is JSON and where something beside it is not", () => {
    fc.assert(
      fc.property(
        fc.anything({ withNullPrototype: true, withSparseArray: true, withDate: true }),
        (value) => {
          const beside = `[${encode(value)},{"$undefined":true}]`;
          assert.equal(encode([value, undefined]), beside);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  const cycle: Record<string, unknown> = { name: "a" };
  cycle.self = cycle;
  const deep: unknown[] = [];
  let inner = deep;
  for (let level = 0; level < 10_000; level++) inner.push((inner = []));
  const table: [string, unknown, RegExp | string][] = [
    ["undefined", { a: undefined }, '{"a":{"$undefined":true}}'],
    [
      "numbers that JSON lacks",
      [NaN, -Infinity, -0],
      '[{"$number":"NaN"},{"$number":"-Infinity"},{"$number":"-0"}]',
    ],
    ["a negative zero alone", -0, '{"$number":"-0"}'],
    ["bigint", 12n, '{"$bigint":"12"}'],
    ["a date", new Date(0), '{"$date":"1970-01-01T00:00:00.000Z"}'],
    ["no date", new Date(NaN), '{"$date":"invalid"}'],
    ["a map", new Map([["a", 1]]), '{"$map":[["a",1]]}'],
    ["a set", new Set([1, "a"]), '{"$set":[1,"a"]}'],
    ["bytes", new Uint8Array([1, 2]), '{"$bytes":"AQI=","type":"Uint8Array"}'],
    ["a pattern", /a/g, '{"$regexp":"/a/g"}'],
    [
      "an error",
      Object.assign(new TypeError("no"), { code: "E1" }),
      '{"$error":{"name":"TypeError","message":"no","code":"E1"}}',
    ],
    ["a key that looks like ours", { $date: 1 }, '{"$object":{"$date":1}}'],
    ["a cycle", cycle, '{"name":"a","self":{"$cycle":true}}'],
    ["a function and a symbol", [() => {}, Symbol("s")], '[{"$function":true},{"$symbol":"s"}]'],
    [
      "an object with a toJSON of its own",
      Object.defineProperty({ a: 1 }, "toJSON", { value: () => "b" }),
      '{"a":1}',
    ],
    [
      "an array with a toJSON of its own",
      Object.defineProperty([1], "toJSON", { value: () => "b" }),
      "[1]",
    ],
    ["an instance with a toJSON", new URL("https://example.com/"), "{}"],
    ["a key __proto__", JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
    ["ten thousand levels", deep, /"\$unreadable":"more than 100 levels"/],
    [
      "an array of four thousand million holes",
      new Array(4_000_000_000),
      /"\$unreadable":"an array of 4000000000/,
    ],
    [
      "a hundred thousand and one numbers",
      Array.from({ length: 100_001 }, () => 0),
      '{"$unreadable":"an array of 100001 elements"}',
    ],
    [
      "twice sixty thousand objects",
      Array.from({ length: 2 }, () => Array.from({ length: 60_000 }, () => ({}))),
      '{"$unreadable":"more than 100000 values"}',
    ],
    [
      "a hundred thousand and one objects",
      Array.from({ length: 100_001 }, () => ({})),
      /"\$unreadable":"an array/,
    ],
    [
      "a getter that throws",
      Object.defineProperty({}, "a", {
        enumerable: true,
        get() {
          throw new Error("no");
        },
      }),
      '{"$unreadable":"a value that can\'t be read"}',
    ],
  ];
  for (const [name, value, expected] of table) {
    it(`writes ${name}`, () => {
      const text = encode(value);
      if (typeof expected === "string") assert.equal(text, expected);
      else assert.match(text, expected);
    });
  }
});

describe("encodeValue of what is large", () => {
  it("writes no more of it than is kept, and what is kept as it was", () => {
    const large: [string, unknown][] = [
      ["a text", "ü".repeat(1_000)],
      ["a text of quotes", '"'.repeat(1_000)],
      ["bytes", Buffer.alloc(1_000, 7)],
      ["a text within", { a: 1, b: ["x".repeat(1_000), "y"] }],
    ];
    for (const [what, value] of large) {
      const whole = encodeValue(value, 1_000_000).text;
      for (const maxBytes of [0, 1, 99, 100, 101, 999, 1_000, 1_001]) {
        const { text, cut } = encodeValue(value, maxBytes);
        assert.ok(whole.startsWith(text), what);
        assert.ok(cut && Buffer.byteLength(text) > maxBytes - 4, `${what} at ${maxBytes}`);
      }
    }
  });

  it("takes no time for what is cut", () => {
    const body = Buffer.alloc(100_000_000, '"');
    const large = { body, text: body.toString("latin1") };
    const before = process.threadCpuUsage();
    encodeValue(large, 1_000);
    const { user, system } = process.threadCpuUsage(before);
    assert.ok(user + system < 100_000, `${user + system} µs of the processor`);
  });
});

describe("cutText", () => {
  it("cuts at a number of bytes, never within a character, and says so", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), (text, maxBytes) => {
        const made = cutText(text, maxBytes);
        assert.ok(Buffer.byteLength(made.text) <= maxBytes);
        assert.equal(made.cut, Buffer.byteLength(text) > maxBytes);
        assert.ok(text.startsWith(made.text));
        if (made.cut) assert.ok(Buffer.byteLength(made.text) > maxBytes - 4);
      }),
      { numRuns: 1_000 },
    );
  });
});
