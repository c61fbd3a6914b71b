import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "../support/property.ts";
import type { Comparison } from "../../lib/index.ts";
import { comparisonRecord } from "../../lib/records/record.ts";
import { redaction } from "../../lib/records/redaction.ts";
import { comparisonOf } from "../support/comparison.ts";
import { migrationOf, wrapped } from "../support/invoke.ts";

const SECRET = "4111-1111-1111-1111";

/** All that leaves the process of a comparison. */
function output(paths: string[], given: Partial<Comparison>): string {
  return JSON.stringify(comparisonRecord(redaction(paths)(comparisonOf(given)), 30));
}

const answered = (value: unknown) => ({ status: "answered", durationMs: 1, value }) as const;
const failed = (error: unknown) => ({ status: "failed", durationMs: 1, error }) as const;

describe("redaction", () => {
  it("takes out what its paths name, and leaves the rest as it is", () => {
    const redacted = redaction(["$.card.number", "$..token", "$[0].pin"])(
      comparisonOf({
        v1: answered({ id: 1, card: { number: SECRET, brand: "V" }, deep: [{ token: "abcd" }] }),
        v2: answered({ id: 2, card: { number: "other-number", brand: "V" }, deep: [] }),
        arguments: [{ pin: "1234", name: "n" }],
      }),
    );
    assert.deepEqual((redacted.v1 as any).value, {
      id: 1,
      card: { number: "[redacted]", brand: "V" },
      deep: [{ token: "[redacted]" }],
    });
    assert.deepEqual(redacted.arguments, [{ pin: "[redacted]", name: "n" }]);
  });

  const paths = ["$..card"];
  const places: Record<string, Partial<Comparison>> = {
    "an answer": { v1: answered({ card: SECRET }), v2: answered({ card: SECRET }) },
    "a whole object": { v1: answered({ card: { number: SECRET, [SECRET]: 1 } }) },
    "a map": { v1: answered(new Map([["card", SECRET]])) },
    "an object in a set": { v1: answered(new Set([{ card: SECRET }])) },
    "an argument": { arguments: [{ card: SECRET }] },
    "an error's property": { v2: failed(Object.assign(new Error("no"), { card: SECRET })) },
    "an error's message that quotes the argument": {
      arguments: [{ card: SECRET }],
      v2: failed(new Error(`card ${SECRET} is not valid`)),
    },
    "an error's cause": {
      arguments: [{ card: SECRET }],
      v2: failed(new Error("no", { cause: new TypeError(SECRET) })),
    },
    "an error that is a text": { arguments: [{ card: SECRET }], v2: failed(`no ${SECRET}`) },
    "a reason": { arguments: [{ card: SECRET }], reason: `differs: ${SECRET}` },
    "a signature": { arguments: [{ card: SECRET }], differences: [], signature: SECRET },
    "a difference at the place": {
      differences: [{ path: "$.card", kind: "value", v1: SECRET, v2: "other" }],
    },
    "a difference below the place": {
      differences: [{ path: `$.card['${SECRET}']`, kind: "value", v1: SECRET, v2: SECRET }],
      signature: `$.card['${SECRET}'] value`,
    },
    "a difference above the place": {
      differences: [{ path: "$.order", kind: "missing", v1: { card: SECRET }, v2: undefined }],
    },
    "a note that quotes it": { v1: answered({ card: SECRET, note: `paid by ${SECRET}!` }) },
    "a key elsewhere": { v1: answered({ card: SECRET, byCard: { [SECRET]: 1 } }) },
    "a number": { arguments: [{ card: 4111111111111111 }], reason: "4111111111111111" },
    "a number elsewhere": {
      arguments: [{ card: 4111111111111111, echo: 4111111111111111, big: 4111111111111111n }],
    },
    "another secret's rest": {
      arguments: [{ card: "4111-11" }, { card: SECRET }, { card: `11-1111${SECRET}` }],
      reason: `it was ${SECRET} or 4111-11-1111${SECRET}`,
    },
    "bytes elsewhere": { arguments: [{ card: SECRET, raw: Buffer.from(`number=${SECRET}`) }] },
    "a value that can't be walked": {
      v1: answered(
        Object.defineProperty({ card: SECRET }, "bad", {
          enumerable: true,
          get() {
            throw new Error(SECRET);
          },
        }),
      ),
    },
  };
  for (const [name, given] of Object.entries(places)) {
    it(`leaves no trace in ${name}`, () => {
      const text = output(paths, given);
      assert.ok(!text.includes(SECRET), text);
      assert.ok(!text.includes("4111111111111111"), text);
      assert.ok(!text.includes("-1111"), text);
      for (const [, bytes] of text.matchAll(/bytes[^:]*:[^A-Za-z0-9]*([A-Za-z0-9+/]+)/g)) {
        assert.ok(!Buffer.from(bytes!, "base64").includes(SECRET), text);
      }
    });
  }

  it("leaves no trace anywhere, whatever the values around it", () => {
    const anything = fc.anything({ withDate: true, withMap: true, withSet: true, maxDepth: 3 });
    const secret = fc.string({ minLength: 6, maxLength: 12 }).map((text) => `s3cr3t-${text}`);
    fc.assert(
      fc.property(
        anything,
        anything,
        secret,
        fc.array(fc.string(), { maxLength: 3 }),
        (a, b, hidden, way) => {
          const nest = (value: unknown) =>
            way.reduceRight<unknown>((inner, key) => ({ [key]: inner, other: a }), value);
          const text = output(["$..hidden"], {
            v1: answered(nest({ hidden, beside: b })),
            v2: failed(new Error(`it was ${hidden}`)),
            arguments: [nest({ hidden: { deep: [hidden] } })],
            differences: [{ path: "$", kind: "type", v1: nest({ hidden }), v2: undefined }],
          });
          assert.ok(!text.includes("s3cr3t"), text);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("knows a secret by its JSON, and a date by its ISO text", () => {
    const card = 'pass "word"\n42';
    const born = new Date("1990-02-03T04:05:06.789Z");
    const text = output(["$..card"], {
      arguments: [{ card }, { card: born }, { born }],
      v2: failed(new Error(`refused ${JSON.stringify({ card, born })}`)),
    });
    assert.match(text, /refused/);
    assert.doesNotMatch(text, /word|1990-02/);
  });

  it("takes no longer for being given thousands of secrets", () => {
    const payments = Array.from({ length: 10_000 }, (_, number) => ({
      card: `4111-${number}`,
      name: `customer ${number}`,
      note: "paid in time, and in full",
    }));
    const startedAt = performance.now();
    redaction(["$..card"])(comparisonOf({ arguments: [payments] }));
    const tookMs = performance.now() - startedAt;
    // A look for each of them in each text took a minute.
    assert.ok(tookMs < 5_000, `${tookMs} ms`);
  });

  it("is in force before any store sees a comparison", async () => {
    const migration = migrationOf(
      async () => ({ card: SECRET, id: 1 }),
      async () => ({ card: SECRET, id: 2 }),
      { redact: ["$..card"] },
    );
    const { invoke, traces } = wrapped(migration, "shadow", (_, context) =>
      migration.client(context).get({ card: SECRET }),
    );
    assert.deepEqual(await invoke(), { card: SECRET, id: 1 }, "the caller's is untouched");
    const [comparison] = traces().comparisons;
    assert.equal(comparison?.signature, "$.id value");
    assert.ok(!JSON.stringify(comparison).includes(SECRET));
  });

  it("refuses what is no path", () => {
    assert.throws(() => redaction(["card"]), TypeError);
  });
});
