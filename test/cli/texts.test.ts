import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stripVTControlCharacters } from "node:util";
import pc from "picocolors";
import {
  agreement,
  bar,
  counted,
  duration,
  milliseconds,
  share,
  sparkline,
} from "../../lib/text/figures.ts";
import { mismatchesText, recordText } from "../../lib/cli/mismatches-text.ts";
import { printable } from "../../lib/text/printable.ts";
import { timeOf } from "../../lib/cli/span.ts";
import { gateText } from "../../lib/cli/status-text.ts";
import { SignatureGroups } from "../../lib/records/groups.ts";
import { comparisonRecord } from "../../lib/records/record.ts";
import { conditionsOf } from "../../lib/rollout/conditions.ts";
import { gateThresholds } from "../../lib/rollout/gate-thresholds.ts";
import type { Verdict } from "../../lib/rollout/gate.ts";
import { comparisonOf } from "../support/comparison.ts";

const plain = pc.createColors(false);

/** What a terminal would obey: clears the screen, sets the title, turns the text round. */
const HOSTILE = "\u001b[2J\u001b]0;owned\u0007\u202e\u009b1m";
const OBEYED = /[^\P{Cc}\n]|\p{Bidi_Control}/u;

describe("texts on a terminal", () => {
  it("hostile values are shown and not obeyed", () => {
    assert.equal(printable("a\u001b[2J\u202eb\n"), "a\\u001b[2J\\u202eb\\u000a");
    const record = comparisonRecord(
      comparisonOf({
        operation: HOSTILE,
        requestId: HOSTILE,
        reason: HOSTILE,
        signature: HOSTILE,
        arguments: [HOSTILE],
        v2: { status: "failed", durationMs: 1, error: new Error(HOSTILE) },
        differences: [{ path: `$['${HOSTILE}']`, kind: "value", v1: HOSTILE, v2: HOSTILE }],
      }),
      30,
    );
    const groups = new SignatureGroups();
    groups.add(record);
    const text = mismatchesText(
      {
        migration: "things",
        stage: "prod",
        from: "2026-01-01",
        to: "2026-01-02",
        records: 1,
        groups: groups.toArray().map((group) => ({ ...group, share: 1 })),
        ungrouped: 0,
        rules: { [HOSTILE]: { ignore: [HOSTILE], unordered: [] } },
      },
      10,
      plain,
    );
    assert.doesNotMatch(text, OBEYED);
    assert.match(text, /1 call · raw 100 % · noise not measured · 1 record ·/);
    assert.doesNotMatch(recordText(record, plain), OBEYED);
  });

  it("what the gate wants and what it measured fits a terminal of 80 columns", () => {
    const version = { calls: 10_000, errors: 7, p99Ms: 1_234 };
    const evidence = {
      timeInModeMs: 1e9,
      comparisons: 12_345,
      disagreements: 123,
      sampledComparisons: 12_345,
      comparingInvocations: 12_345,
      skippedByBreaker: 1_234,
      v1: version,
      v2: version,
      pendingRepairs: undefined,
    };
    const conditions = conditionsOf(evidence, gateThresholds({ dualWrites: true }));
    const verdict: Verdict = {
      from: { mode: "shadow" },
      to: { mode: "reverse-shadow" },
      kind: "promotion",
      allowed: false,
      conditions,
    };
    const lines = gateText(verdict, pc.createColors(true)).split("\n");
    const table = lines.slice(1, -conditions.filter(({ met }) => !met).length);
    assert.ok(table.length > conditions.length, "there is something to wrap");
    for (const line of table) assert.ok(stripVTControlCharacters(line).length <= 80, line);
  });

  it("figures are short, and a gap is a gap", () => {
    assert.equal(sparkline([0, 1, 2, undefined, 4]), "▁▃▅ █");
    assert.equal(sparkline([0, 0]), "▁▁");
    assert.equal(sparkline([]), "");
    assert.equal(share(0.000_312), "0.031 %");
    assert.equal(share(undefined), "–");
    assert.equal(counted(1, "call"), "1 call");
    assert.equal(counted(0.2, "call"), "0 calls");
    assert.equal(counted(1_200, "call"), "1,200 calls");
    assert.deepEqual([1, 0.9996, 0.999_999_9, 0.958, 0.5, 0, undefined].map(agreement), [
      "100 %",
      "99.96 %",
      "99.99999 %",
      "95.8 %",
      "50 %",
      "0 %",
      "–",
    ]);
    assert.equal(milliseconds(9.96), "10.0 ms");
    assert.equal(milliseconds(1234.5), "1235 ms");
    assert.deepEqual([-1, 59_999, 60_000, 7_200_000, 48 * 3_600_000].map(duration), [
      "0 s",
      "59 s",
      "1 min",
      "2 h",
      "2 days",
    ]);
    assert.equal(bar(50).length, bar(0).length);
    assert.equal(bar(120), bar(100));
  });

  it("times are how long ago, or ISO 8601, and nothing else", () => {
    assert.ok(Math.abs(Date.now() - 90 * 60_000 - timeOf("90m")) < 1_000);
    assert.equal(timeOf("2026-01-31T00:00:00Z"), Date.UTC(2026, 0, 31));
    for (const text of ["", "soon", "-1h", "5w", `${"9".repeat(400)}d`]) {
      assert.throws(() => timeOf(text), /Allowed are 90m/, text);
    }
  });
});
