import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runDemo } from "../../lib/demo/main.ts";
import { lineReporter } from "../../lib/demo/reporters.ts";

describe("the demo's whole migration", () => {
  it("moves a function from V1 to V2 without one failed caller", async (t) => {
    const lines: string[] = [];
    const summary = await runDemo({ reporter: lineReporter((line) => lines.push(line)) });
    // On a failure the story tells where it went wrong.
    t.diagnostic(summary.ok ? "as expected" : lines.join("\n"));

    assert.deepEqual(
      summary.expectations.filter(({ met }) => !met),
      [],
    );
    assert.equal(summary.callersFailed, 0);
    assert.ok(summary.requests > 500, `${summary.requests} requests`);
    assert.equal(lines.at(-1)?.endsWith("callers failed: 0"), true);

    const phase = (name: string) => {
      const found = summary.phases.find(({ phase: title }) => title === name);
      assert.ok(found, name);
      return found;
    };
    assert.equal(phase("old").comparisons, 0);
    const shadow = phase("shadow");
    const rate = shadow.disagreements / shadow.comparisons;
    assert.ok(rate > 0.2 && rate < 0.5, `two merchants of six differ: ${rate}`);
    const failing = phase("reverse-shadow (fails)");
    assert.ok(failing.fallbacks > 0);
    assert.equal(failing.failed, 0);
    assert.equal(phase("shadow, V2 mended").disagreements <= 8, true, "but for callers in flight");
    assert.equal(phase("reverse-shadow (fails)").ended, "rolled back");
    assert.equal(phase("new, at its end").comparisons, 0);

    const met = new Set(summary.expectations.map(({ what }) => what));
    for (const what of [
      "every payer has an answer, also while V2 is down",
      "what V2 lacks is on record",
      "both services have each payment again",
      "each was charged once",
    ]) {
      assert.ok(met.has(what), `the payments' story tells: ${what}`);
    }

    const { sums } = summary;
    assert.equal(
      sums.RecordsStored + sums.RecordsDiverted + sums.RecordsCapped + sums.RecordsSampledOut,
      sums.Comparisons,
    );
  });
});
