import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeValue, NotDecodable } from "../../lib/records/decode.ts";
import { encodeValue } from "../../lib/records/encode.ts";
import fc from "../support/property.ts";

const encode = (value: unknown, maxBytes = 1_000_000) => encodeValue(value, maxBytes).text;

/** Everything that can come back: errors too, at any depth. */
const values = fc.letrec<{ value: unknown; error: Error }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    }),
    fc.stringMatching(/^[a-z]{0,5}$/).map((source) => new RegExp(source, "gi")),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "$date", "$object", "__proto__", "name"), tie("value"), {
      noNullPrototype: true,
    }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 3 }).map((entries) => {
      return new Map(Object.entries(entries));
    }),
    tie("error"),
  ),
  error: fc
    .record({
      Class: fc.constantFrom(Error, TypeError, RangeError),
      message: fc.string(),
      code: fc.oneof(fc.string(), fc.integer()),
      cause: tie("value"),
    })
    .map(({ Class, message, code, cause }) =>
      Object.assign(new Class(message, cause === undefined ? {} : { cause }), { code }),
    ),
}));

describe("decodeValue", () => {
  it("gives back whatever can come back", () => {
    fc.assert(
      fc.property(values.value, (value) => {
        assert.deepStrictEqual(decodeValue(encode(value)), value);
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives back a value or refuses, and never crashes, whatever the text", () => {
    const keys =
      "$object $error $date $map $set $bytes $bigint $number $regexp $undefined $new type";
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.jsonValue(),
        fc.dictionary(fc.constantFrom(...keys.split(" ")), tie("value"), { maxKeys: 2 }),
        fc.array(tie("value"), { maxLength: 3 }),
      ),
    })).value;
    const texts = fc.oneof(
      fc.string(),
      json.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          decodeValue(text);
        } catch (error) {
          assert.ok(error instanceof NotDecodable, String(error));
        }
      }),
      { numRuns: 5_000 },
    );
  });

  class Money {
    cents = 5;
  }
  const other: [what: string, value: unknown, back: unknown][] = [
    ["an instance of a class is a plain object", new Money(), { cents: 5 }],
    ["a hole is undefined", new Array(1), [undefined]],
    ["an object without a prototype has one", Object.create(null), {}],
    ["an invalid date is one", [new Date(NaN)], [new Date(NaN)]],
  ];
  for (const [what, value, back] of other) {
    it(what, () => assert.deepStrictEqual(decodeValue(encode(value)), back));
  }

  it("an error keeps a name of its own, for errors compare by it", () => {
    class NotFound extends Error {
      override readonly name = "NotFound";
    }
    const error = decodeValue(encode(new NotFound("no"))) as Error;
    assert.deepEqual([error.name, error.message, error.stack], ["NotFound", "no", undefined]);
  });

  const cycle: unknown[] = [];
  cycle.push(cycle);
  const refused: [what: string, text: string, why: RegExp][] = [
    ["a function", encode([() => {}]), /no way back: a function/],
    ["a symbol", encode({ a: Symbol("s") }), /no way back: a symbol/],
    ["a cycle", encode(cycle), /no way back: a cycle/],
    ["what could not be read", encode({ $: new Array(1e6) }), /could not be read/],
    ["bytes of a class of its own", encode(new (class Mine extends Uint8Array {})(2)), /bytes of/],
    ["a text that was cut", encode("a".repeat(100), 50), /not whole/],
    ["no text at all", "", /not whole/],
    ["a kind that is not known", '{"$future":1}', /what is not known/],
    ["two kinds at once", '{"$date":"invalid","$set":[]}', /can't be read/],
    ["no date", '{"$date":"tomorrow"}', /no date/],
    ["no pattern", '{"$regexp":"/(/"}', /can't be read/],
    ["a hundred thousand levels", "[".repeat(1e5) + "]".repeat(1e5), /can't be read/],
  ];
  for (const [what, text, why] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => decodeValue(text), { name: "NotDecodable", message: why });
    });
  }
});
