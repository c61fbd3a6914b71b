import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { phasesOf } from "../../lib/report/phases.ts";
import { stretchesOf } from "../../lib/report/stretches.ts";
import { documentText } from "../../lib/rollout/move-kind.ts";
import type { PastDeployment } from "../../lib/rollout/past-deployment.ts";
import { deploymentOf } from "./fixture.ts";

const SPAN = { from: 0, to: 100 };

/** Phases as `what from-to`, and the stretches that are made of them. */
function told(deployments: readonly PastDeployment[], span = SPAN) {
  const phases = phasesOf(deployments, span);
  return {
    phases: phases.map(
      ({ document, from, to, undone }) =>
        `${documentText(document)}${undone ? "!" : ""} ${from}-${to ?? ""}`,
    ),
    stretches: stretchesOf(phases, span).map(({ label, from, to }) => `${label} ${from}-${to}`),
  };
}

const undone = (at: number) => ({ undone: { at, triggeredBy: "USER", description: "" } });
const ramp = (percent: number) => ({
  mode: "shadow" as const,
  ramp: { mode: "reverse-shadow" as const, percent },
});

describe("phases", () => {
  it("begin where their deployments do, and last until the next one", () => {
    const { phases, stretches } = told([
      deploymentOf(1, 0, { mode: "old" }),
      deploymentOf(2, 10, { mode: "shadow" }),
      deploymentOf(3, 20, ramp(5)),
      deploymentOf(4, 30, ramp(50)),
      deploymentOf(5, 40, { mode: "reverse-shadow" }),
      deploymentOf(6, 50, { mode: "new" }),
    ]);
    assert.deepEqual(phases, [
      "old 0-10",
      "shadow 10-20",
      "shadow (5 % reverse-shadow) 20-30",
      "shadow (50 % reverse-shadow) 30-40",
      "reverse-shadow 40-50",
      "new 50-",
    ]);
    assert.deepEqual(stretches, ["shadow 10-40", "reverse-shadow 40-50"]);
  });

  it("a deployment that was undone is one, and then the one before begins anew", () => {
    const { phases, stretches } = told([
      deploymentOf(1, 0, { mode: "shadow" }),
      deploymentOf(2, 10, { mode: "reverse-shadow" }, undone(20)),
      deploymentOf(3, 30, { mode: "reverse-shadow" }),
    ]);
    assert.deepEqual(phases, [
      "shadow 0-10",
      "reverse-shadow! 10-20",
      "shadow 20-30",
      "reverse-shadow 30-",
    ]);
    assert.deepEqual(stretches, [
      "shadow 0-10",
      "reverse-shadow, undone 10-20",
      "shadow 20-30",
      "reverse-shadow 30-100",
    ]);
  });

  it("a ramp that was undone is told with its percentage, and not as the mode that it began in", () => {
    const { stretches } = told([
      deploymentOf(1, 0, { mode: "shadow" }),
      deploymentOf(2, 10, ramp(5), undone(20)),
    ]);
    assert.deepEqual(stretches, [
      "shadow 0-10",
      "shadow (5 % reverse-shadow), undone 10-20",
      "shadow 20-100",
    ]);
  });

  it("a hundred thousand deployments take no longer than each of them", () => {
    const document = { mode: "shadow" } as const;
    const deployments = Array.from({ length: 100_000 }, (_, at) => deploymentOf(at, at, document));
    const startedAt = performance.now();
    const [phase, ...others] = phasesOf(deployments, { from: 0, to: 100_000 });
    assert.deepEqual([phase!.versions.length, others], [100_000, []]);
    // A hundred times what it takes, and a tenth of what it took when each copied those before it.
    assert.ok(performance.now() - startedAt < 6_000);
  });

  it("a first deployment that was undone leaves none behind it", () => {
    const { phases, stretches } = told([
      deploymentOf(1, 10, { mode: "shadow" }, undone(20)),
      deploymentOf(2, 50, { mode: "old" }),
    ]);
    assert.deepEqual(phases, ["shadow! 10-20", "old 50-"]);
    assert.deepEqual(stretches, [
      "shadow, undone, first half 10-15",
      "shadow, undone, second half 15-20",
    ]);
  });

  it("a change of sampling alone begins none, and its records belong to the one there is", () => {
    const deployments = [
      deploymentOf(1, 0, { mode: "shadow" }),
      deploymentOf(2, 10, { mode: "shadow", sample: { matches: 1 } }),
      deploymentOf(3, 20, { mode: "shadow", sample: { matches: 0 } }, undone(30)),
    ];
    const [first] = phasesOf(deployments.slice(0, 2), SPAN);
    assert.deepEqual(first?.versions, ["1", "2"]);
    assert.deepEqual(told(deployments).phases, ["shadow 0-"], "undone or not");
  });

  it("are those of the span of time, and of a deployment under way", () => {
    const deployments = [
      deploymentOf(1, 0, { mode: "old" }),
      deploymentOf(2, 10, { mode: "shadow" }),
      deploymentOf(3, 60, { mode: "reverse-shadow" }, { completedAt: undefined }),
      deploymentOf(4, 90, { mode: "new" }),
    ];
    const { phases, stretches } = told(deployments, { from: 20, to: 80 });
    assert.deepEqual(phases, ["shadow 10-60", "reverse-shadow 60-90"]);
    assert.deepEqual(stretches, ["shadow 20-60", "reverse-shadow 60-80"]);
  });

  it("one mode alone that compares is halved, and none is none", () => {
    assert.deepEqual(told([deploymentOf(1, 20, { mode: "shadow" })]).stretches, [
      "shadow, first half 20-60",
      "shadow, second half 60-100",
    ]);
    assert.deepEqual(told([deploymentOf(1, 0, { mode: "old" })]).stretches, []);
    assert.deepEqual(told([]), { phases: [], stretches: [] });
  });

  it("a ramp from old to shadow compares already", () => {
    const { stretches } = told([
      deploymentOf(1, 0, { mode: "old" }),
      deploymentOf(2, 10, { mode: "old", ramp: { mode: "shadow", percent: 10 } }),
      deploymentOf(3, 20, { mode: "old" }),
      deploymentOf(4, 30, { mode: "shadow" }),
    ]);
    assert.deepEqual(stretches, ["old (10 % shadow) 10-20", "shadow 30-100"]);
  });
});
