import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "../support/property.ts";
import { planCall } from "../../lib/call/plan.ts";
import { nextMode, type Mode } from "../../lib/mode/mode.ts";
import type { ModeDocument } from "../../lib/mode/mode-document.ts";
import { rampBucket } from "../../lib/mode/ramp.ts";

const read = { kind: "read", fallback: true } as const;
const readNoFallback = { kind: "read", fallback: false } as const;
const write = { kind: "write", fallback: true } as const;

const neverAsked = () => assert.fail("the bucket is of no interest without a ramp");

/** "v1", "v1+v2" (who answers comes first), "v2|v1" (the second steps in). */
function planned(
  document: ModeDocument,
  operation: typeof read | typeof readNoFallback | typeof write,
  bucket: () => number,
) {
  const { mode, primary, secondary, fallback } = planCall(document, operation, bucket);
  const who = secondary === undefined ? primary : `${primary}${fallback ? "|" : "+"}${secondary}`;
  return `${mode}: ${who}`;
}

describe("planCall", () => {
  const table: [Mode, read: string, readNoFallback: string, write: string][] = [
    ["old", "old: v1", "old: v1", "old: v1"],
    ["shadow", "shadow: v1+v2", "shadow: v1+v2", "shadow: v1"],
    ["reverse-shadow", "reverse-shadow: v2|v1", "reverse-shadow: v2+v1", "reverse-shadow: v2"],
    ["new", "new: v2", "new: v2", "new: v2"],
  ];
  for (const [mode, ...expected] of table) {
    it(`${mode}: a read, a read without fallback, a write`, () => {
      const plans = [read, readNoFallback, write].map((one) => planned({ mode }, one, neverAsked));
      assert.deepEqual(plans, expected);
    });
  }

  const ramps: [mode: Mode, next: Mode, percent: number, bucket: number, expected: string][] = [
    ["old", "shadow", 0, 0, "old: v1"],
    ["old", "shadow", 10, 9.99, "shadow: v1+v2"],
    ["old", "shadow", 10, 10, "old: v1"],
    ["shadow", "reverse-shadow", 50, 49.9, "reverse-shadow: v2|v1"],
    ["shadow", "reverse-shadow", 50, 50, "shadow: v1+v2"],
    ["reverse-shadow", "new", 100, 99.999, "new: v2"],
    ["reverse-shadow", "new", 0.5, 0.4, "new: v2"],
    ["reverse-shadow", "new", 0.5, 0.5, "reverse-shadow: v2|v1"],
  ];
  for (const [mode, next, percent, bucket, expected] of ramps) {
    it(`${mode}, ${percent} % in ${next}: a key in bucket ${bucket}`, () => {
      const document = { mode, ramp: { mode: next, percent } };
      assert.equal(
        planned(document, read, () => bucket),
        expected,
      );
    });
  }

  it("gives a write the ramped mode too, so that one request's read and write agree", () => {
    const document = { mode: "shadow", ramp: { mode: "reverse-shadow", percent: 10 } } as const;
    assert.equal(
      planned(document, write, () => 5),
      "reverse-shadow: v2",
    );
    assert.equal(
      planned(document, write, () => 15),
      "shadow: v1",
    );
  });

  it("is sticky for a key, and raising the percentage only adds keys", () => {
    const fromMode = fc.constantFrom("old" as const, "shadow" as const, "reverse-shadow" as const);
    const percent = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(fc.string(), fc.string(), fromMode, percent, percent, (name, key, mode, a, b) => {
        const next = nextMode(mode)!;
        const at = (share: number) =>
          planCall(
            { mode, ramp: { mode: next, percent: share } },
            { kind: "read", fallback: true },
            () => rampBucket(name, key),
          ).mode;
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        assert.equal(at(less), at(less));
        if (at(less) === next) assert.equal(at(more), next);
        assert.deepEqual([at(0), at(100)], [mode, next]);
      }),
      { numRuns: 2_000 },
    );
  });
});
