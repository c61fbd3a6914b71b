import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "../support/property.ts";
import type { ModeDocument } from "../../lib/mode/mode-document.ts";
import { MODES, nextMode } from "../../lib/mode/mode.ts";
import type { Evidence } from "../../lib/rollout/conditions.ts";
import { judgeMove, needsEvidence, refusalText } from "../../lib/rollout/gate.ts";
import { gateThresholds } from "../../lib/rollout/gate-thresholds.ts";
import { moveKind, stepBack, type MoveKind } from "../../lib/rollout/move-kind.ts";
import { wilsonUpperBound } from "../../lib/rollout/wilson.ts";
import { GOOD_EVIDENCE } from "./evidence-fixture.ts";

const READS = gateThresholds();
const WRITES = gateThresholds({ dualWrites: true });

/** `shadow`, or `shadow 10` for ten percent of the keys in the next mode. */
function documentOf(text: string): ModeDocument {
  const [mode, percent] = text.split(" ") as [ModeDocument["mode"], string?];
  if (percent === undefined) return { mode };
  return { mode, ramp: { mode: nextMode(mode)!, percent: Number(percent) } };
}

describe("moveKind", () => {
  const table: [from: string, to: string, kind: MoveKind][] = [
    ["old", "old", "same-mode"],
    ["old", "shadow", "promotion"],
    ["old", "old 10", "promotion"],
    ["old", "old 0", "same-mode"],
    ["old", "reverse-shadow", "skip"],
    ["old", "new", "skip"],
    ["old", "shadow 10", "skip"],
    ["old", "shadow 0", "promotion"],
    ["old 50", "shadow 10", "skip"],
    ["shadow", "reverse-shadow", "promotion"],
    ["shadow", "shadow 0.5", "promotion"],
    ["shadow 10", "shadow 20", "promotion"],
    ["shadow 10", "shadow 10", "same-mode"],
    ["shadow 20", "shadow 10", "rollback"],
    ["shadow 20", "shadow", "rollback"],
    ["shadow 100", "reverse-shadow", "promotion"],
    ["shadow 100", "reverse-shadow 1", "skip"],
    ["shadow", "new", "skip"],
    ["shadow", "old", "rollback"],
    ["shadow", "old 100", "rollback"],
    ["reverse-shadow", "new", "promotion"],
    ["reverse-shadow", "shadow 50", "rollback"],
    ["reverse-shadow", "old", "rollback"],
    ["new", "reverse-shadow", "rollback"],
    ["new", "reverse-shadow 99", "rollback"],
    ["new", "old", "rollback"],
  ];
  for (const [from, to, kind] of table) {
    it(`${from} to ${to} is a ${kind}`, () => {
      assert.equal(moveKind(documentOf(from), documentOf(to)), kind);
    });
  }
});

describe("stepBack", () => {
  const table: [from: string, to: string | undefined][] = [
    ["old", undefined],
    ["old 10", "old"],
    ["shadow", "old"],
    ["shadow 10", "shadow"],
    ["shadow 0", "old"],
    ["reverse-shadow", "shadow"],
    ["new", "reverse-shadow"],
  ];
  for (const [from, to] of table) {
    it(`from ${from} leads to ${to ?? "nowhere"}`, () => {
      assert.deepEqual(stepBack(documentOf(from)), to && documentOf(to));
    });
  }

  it("keeps the sampling, and no override", () => {
    const sample = { secondary: 0.5 };
    assert.deepEqual(stepBack({ mode: "new", sample, override: "why" }), {
      mode: "reverse-shadow",
      sample,
    });
  });
});

describe("wilsonUpperBound", () => {
  // Worked out by hand from the formula.
  const table: [bad: number, n: number, bound: number][] = [
    [0, 100, 0.02634],
    [0, 268, 0.009994],
    [5, 100, 0.09916],
    [50, 100, 0.58102],
    [100, 100, 1],
  ];
  for (const [bad, n, bound] of table) {
    it(`${bad} of ${n} is at most ${bound}`, () => {
      assert.ok(
        Math.abs(wilsonUpperBound(bad / n, n) - bound) < 0.0005,
        `${wilsonUpperBound(bad / n, n)}`,
      );
    });
  }

  it("knows nothing where nothing was seen", () => assert.equal(wilsonUpperBound(0, 0), 1));

  it("is never below the rate, nor above 1, and falls as more is seen", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 1e6 }),
        (rate, n) => {
          const bound = wilsonUpperBound(rate, n);
          assert.ok(bound >= rate - 1e-12 && bound <= 1);
          assert.ok(wilsonUpperBound(rate, 2 * n) <= bound + 1e-12);
        },
      ),
    );
  });
});

describe("the gate lets pass", () => {
  const table: [from: string, to: string][] = [
    ["old", "shadow"],
    ["old", "old 50"],
    ["shadow", "reverse-shadow"],
    ["shadow", "shadow 10"],
    ["reverse-shadow", "new"],
  ];
  for (const [from, to] of table) {
    it(`${from} to ${to}, on good evidence`, () => {
      const verdict = judgeMove(documentOf(from), documentOf(to), GOOD_EVIDENCE, WRITES);
      assert.ok(verdict.allowed);
      assert.equal(verdict.overridden, undefined);
      assert.ok(verdict.conditions.every(({ met }) => met));
    });
  }

  const unreadable = { unreadable: "CloudWatch: down" };
  const withoutEvidence: [from: string, to: string][] = [
    ["old", "shadow"],
    ["shadow", "old"],
    ["shadow 50", "shadow"],
    ["shadow 50", "shadow 10"],
    ["reverse-shadow", "shadow"],
    ["reverse-shadow", "old"],
    ["new", "reverse-shadow"],
    ["new", "old"],
  ];
  for (const [from, to] of withoutEvidence) {
    it(`${from} to ${to}, on no evidence at all`, () => {
      assert.ok(judgeMove(documentOf(from), documentOf(to), unreadable, READS).allowed);
    });
  }

  it("a change of sampling alone", () => {
    const to = { mode: "reverse-shadow", sample: { secondary: 0.1 } } as const;
    const verdict = judgeMove({ mode: "reverse-shadow" }, to, unreadable, WRITES);
    assert.ok(verdict.allowed);
    assert.deepEqual(verdict.conditions, []);
  });

  it("an override, and says that there was one", () => {
    const override = "V1 is switched off tonight";
    for (const [from, to] of [
      ["old", "new"],
      ["shadow", "reverse-shadow"],
    ] as const) {
      const verdict = judgeMove({ mode: from }, { mode: to, override }, unreadable, READS);
      assert.ok(verdict.allowed);
      assert.equal(verdict.overridden, override);
    }
  });

  it("an override that wasn't needed, and doesn't say so", () => {
    const to = { mode: "reverse-shadow", override: "why" } as const;
    const verdict = judgeMove({ mode: "shadow" }, to, GOOD_EVIDENCE, READS);
    assert.ok(verdict.allowed);
    assert.equal(verdict.overridden, undefined);
  });
});

describe("the gate refuses", () => {
  const bad: [condition: string, measured: RegExp, change: Partial<Evidence>][] = [
    ["time in mode", /^12 min$/, { timeInModeMs: 12.9 * 60_000 }],
    ["time in mode", /^0 min$/, { timeInModeMs: -5 }],
    ["comparisons", /^999$/, { sampledComparisons: 999 }],
    ["mismatch rate", /^1 %, at most 1\.29 % from 4000 samples$/, { disagreements: 50 }],
    [
      "mismatch rate",
      /^0\.5 %, at most 2\.\d+ % from 200 samples$/,
      { disagreements: 25, comparingInvocations: 200 },
    ],
    ["V2's errors", /^V2 0\.72 %, V1 0\.2 %$/, { v2: { calls: 5_000, errors: 36, p99Ms: 50 } }],
    ["V2's errors", /^V2 no calls, V1 0\.2 %$/, { v2: { calls: 0, errors: 0, p99Ms: 50 } }],
    ["V2's p99 latency", /^V2 61 ms, V1 40 ms$/, { v2: { calls: 5_000, errors: 0, p99Ms: 60.5 } }],
    [
      "V2's p99 latency",
      /^V2 unknown, V1 40 ms$/,
      { v2: { calls: 5_000, errors: 0, p99Ms: undefined } },
    ],
    [
      "V2's p99 latency",
      /^V2 50 ms, V1 unknown$/,
      { v1: { calls: 5_000, errors: 9, p99Ms: undefined } },
    ],
    ["skipped by the breaker", /^2\.91 % \(150\)$/, { skippedByBreaker: 150 }],
    ["pending repairs", /^3$/, { pendingRepairs: 3 }],
    ["pending repairs", /^unknown$/, { pendingRepairs: undefined }],
  ];
  for (const [condition, measured, change] of bad) {
    for (const [from, to] of [
      ["shadow", "reverse-shadow"],
      ["shadow", "shadow 1"],
      ["reverse-shadow", "new"],
    ] as const) {
      it(`${from} to ${to} for ${condition}: ${measured.source}`, () => {
        const evidence = { ...GOOD_EVIDENCE, ...change };
        const verdict = judgeMove(documentOf(from), documentOf(to), evidence, WRITES);
        assert.ok(!verdict.allowed);
        const unmet = verdict.conditions.filter(({ met }) => !met);
        assert.deepEqual(
          unmet.map(({ name }) => name),
          [condition],
        );
        assert.match(unmet[0]!.measured, measured);
      });
    }
  }

  it("no matter of repairs where nothing writes twice", () => {
    const evidence = { ...GOOD_EVIDENCE, pendingRepairs: undefined };
    assert.ok(judgeMove({ mode: "shadow" }, { mode: "reverse-shadow" }, evidence, READS).allowed);
  });

  it("a skipped mode on the best of evidence", () => {
    const verdict = judgeMove({ mode: "old" }, { mode: "new" }, GOOD_EVIDENCE, READS);
    assert.ok(!verdict.allowed);
    assert.match(
      refusalText(verdict),
      /^Refused: old to new: a document goes on by one mode at a time/,
    );
  });

  const past: [from: string, to: string][] = [
    ["new", "shadow"],
    ["new", "old"],
    ["new", "shadow 100"],
    ["reverse-shadow 1", "shadow"],
  ];
  for (const [from, to] of past) {
    it(`${from} to ${to}, past reverse-shadow, where the migration writes`, () => {
      const verdict = judgeMove(documentOf(from), documentOf(to), GOOD_EVIDENCE, WRITES);
      assert.ok(!verdict.allowed);
      assert.match(refusalText(verdict), /go back to reverse-shadow first/);
      assert.ok(judgeMove(documentOf(from), documentOf(to), GOOD_EVIDENCE, READS).allowed);
    });
  }

  it("a promotion whose evidence can't be read, with the reason", () => {
    const evidence = { unreadable: "CloudWatch: throttled" };
    const verdict = judgeMove({ mode: "shadow" }, { mode: "reverse-shadow" }, evidence, READS);
    assert.ok(!verdict.allowed);
    assert.match(refusalText(verdict), /wanted readable, measured CloudWatch: throttled/);
  });
});

describe("refusalText", () => {
  it("names each condition that isn't met, with what to do, and no other", () => {
    const evidence = {
      ...GOOD_EVIDENCE,
      sampledComparisons: 412,
      comparisons: 412,
      disagreements: 9,
    };
    const verdict = judgeMove(documentOf("shadow"), documentOf("shadow 10"), evidence, READS);
    assert.equal(
      refusalText(verdict),
      [
        "Refused: shadow to shadow (10 % reverse-shadow): 2 of 6 conditions not met.",
        "- comparisons: wanted at least 1000, measured 412. Advice: wait for more calls, or raise sample.secondary.",
        "- mismatch rate: wanted below 1 % at 95 % confidence, measured 2.18 %, at most 3.72 % from 412 samples. Advice: look at the mismatches' records, and mend V2 or add rules for what doesn't matter.",
        'To go ahead all the same, put "override": "<why>" into the document.',
      ].join("\n"),
    );
  });
});

describe("the gate, whatever it is given", () => {
  const amount = fc.oneof(
    fc.integer({ min: 0, max: 10_000 }),
    fc.double({ min: 0, max: 1e9, noNaN: true }),
  );
  const version = fc.record({
    calls: fc.nat(10_000),
    errors: fc.nat(10_000),
    p99Ms: fc.option(amount, { nil: undefined }),
  });
  const anyEvidence = fc.record({
    timeInModeMs: amount,
    comparisons: amount,
    disagreements: amount,
    sampledComparisons: amount,
    comparingInvocations: amount,
    skippedByBreaker: amount,
    v1: version,
    v2: version,
    pendingRepairs: fc.option(amount, { nil: undefined }),
  });
  const anyDocument = fc
    .tuple(fc.constantFrom(...MODES), fc.option(fc.double({ min: 0, max: 100, noNaN: true })))
    .map(([mode, percent]): ModeDocument => {
      const next = nextMode(mode);
      if (percent === null || next === undefined) return { mode };
      return { mode, ramp: { mode: next, percent } };
    });

  it("lets every single step back pass, asks for evidence nowhere but forward, and speaks plainly", () => {
    fc.assert(
      fc.property(
        anyDocument,
        anyDocument,
        anyEvidence,
        fc.boolean(),
        (from, to, evidence, dualWrites) => {
          const thresholds = gateThresholds({ dualWrites });
          const back = stepBack(from);
          if (back !== undefined) assert.ok(judgeMove(from, back, evidence, thresholds).allowed);
          const verdict = judgeMove(from, to, evidence, thresholds);
          assert.equal(verdict.conditions.length > 0, needsEvidence(from, to));
          if (verdict.kind === "same-mode") assert.ok(verdict.allowed);
          if (verdict.kind === "rollback" && !dualWrites) assert.ok(verdict.allowed);
          if (verdict.kind === "skip") assert.ok(!verdict.allowed);
          assert.doesNotMatch(refusalText(verdict), /NaN|Infinity|undefined|null/);
        },
      ),
    );
  });
});

describe("gateThresholds", () => {
  it("takes an explicit undefined for the default", () => {
    assert.equal(gateThresholds({ minimumComparisons: undefined }).minimumComparisons, 1_000);
  });

  const bad: [Parameters<typeof gateThresholds>[0], RegExp][] = [
    [{ minimumComparisons: 0 }, /^RangeError: gate\.minimumComparisons: got 0, allowed is/],
    [{ mismatchRatePercent: 101 }, /^RangeError: gate\.mismatchRatePercent/],
    [{ latencyRatio: "2" as any }, /^TypeError: gate\.latencyRatio: got "2"/],
    [
      { timeInModeMinutes: 90, windowMinutes: 60 },
      /^RangeError: gate\.timeInModeMinutes: got 90, allowed is a number from 0 to 60/,
    ],
    [{ windowMinutes: 20_161 }, /^RangeError: gate\.windowMinutes/],
    [{ dualWrites: 1 as any }, /^TypeError: gate\.dualWrites/],
    [
      { minComparisons: 5 } as any,
      /^TypeError: gate\.minComparisons: got 5, allowed is no such option/,
    ],
  ];
  for (const [given, message] of bad) {
    it(`refuses ${JSON.stringify(given)}`, () => {
      assert.throws(
        () => gateThresholds(given),
        (error) => message.test(String(error)),
      );
    });
  }
});
