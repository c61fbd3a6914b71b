import type { GateThresholds } from "./gate-thresholds.ts";
import { wilsonUpperBound } from "./wilson.ts";

/**
 * What was measured in the present mode, with the present share of sampling, or in the gate's window if
 * that is shorter.
 */
export interface Evidence {
  /** Milliseconds in the present mode; of what is before the window nothing is known. */
  readonly timeInModeMs: number;
  /** Comparisons and those of them that were disagreements, each weighted by the calls it stands for. */
  readonly comparisons: number;
  readonly disagreements: number;
  /** Comparisons that were really made: at least so many. */
  readonly sampledComparisons: number;
  /** Invocations that compared something; comparisons within one are hardly independent. */
  readonly comparingInvocations: number;
  /** Comparisons that an open breaker kept from happening. */
  readonly skippedByBreaker: number;
  readonly v1: VersionEvidence;
  readonly v2: VersionEvidence;
  /** `undefined` where no repair pass has reported lately. */
  readonly pendingRepairs: number | undefined;
}

/** What one version did, alone or beside the other. */
export interface VersionEvidence {
  readonly calls: number;
  /** Calls that failed, or did not settle in their time. */
  readonly errors: number;
  /** Milliseconds; `undefined` where nothing was measured. Calls that did not settle are not in it. */
  readonly p99Ms: number | undefined;
}

/** One condition of a promotion. */
export interface Condition {
  readonly name: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
  /** What to do where it isn't met. */
  readonly advice: string;
}

/** The conditions for going on from `shadow` and from `reverse-shadow`, all of them, met or not. */
export function conditionsOf(evidence: Evidence, thresholds: GateThresholds): Condition[] {
  const conditions = [
    timeInMode(evidence, thresholds),
    comparisons(evidence, thresholds),
    mismatchRate(evidence, thresholds),
    errorRate(evidence, thresholds),
    latency(evidence, thresholds),
    breakerSkips(evidence, thresholds),
  ];
  if (thresholds.dualWrites) conditions.push(pendingRepairs(evidence));
  return conditions;
}

function timeInMode(
  { timeInModeMs }: Evidence,
  { timeInModeMinutes, windowMinutes }: GateThresholds,
): Condition {
  const minutes = Math.max(0, Math.floor(timeInModeMs / 60_000));
  return {
    name: "time in mode",
    wanted: `at least ${timeInModeMinutes} min`,
    measured: minutes < windowMinutes ? `${minutes} min` : `${windowMinutes} min or more`,
    met: minutes >= timeInModeMinutes,
    advice: "wait",
  };
}

function comparisons(
  { sampledComparisons }: Evidence,
  { minimumComparisons }: GateThresholds,
): Condition {
  return {
    name: "comparisons",
    wanted: `at least ${count(minimumComparisons)}`,
    measured: count(sampledComparisons),
    met: sampledComparisons >= minimumComparisons,
    advice: "wait for more calls, or raise sample.secondary",
  };
}

/**
 * The rate is the weighted one, which is true to what callers would meet. Its bound goes by how much
 * was seen: a comparison that stands for ten calls is one observation, and several in one invocation
 * are hardly more than one.
 */
function mismatchRate(evidence: Evidence, { mismatchRatePercent }: GateThresholds): Condition {
  const { disagreements } = evidence;
  const rate = Math.min(1, evidence.comparisons > 0 ? disagreements / evidence.comparisons : 0);
  const samples = Math.min(evidence.sampledComparisons, evidence.comparingInvocations);
  const bound = 100 * wilsonUpperBound(rate, samples);
  return {
    name: "mismatch rate",
    wanted: `below ${mismatchRatePercent} % at 95 % confidence`,
    measured: `${percent(100 * rate)}, at most ${percent(bound)} from ${count(samples)} samples`,
    met: bound < mismatchRatePercent,
    advice:
      100 * rate < mismatchRatePercent
        ? "wait for more comparisons"
        : "look at the mismatches' records, and mend V2 or add rules for what doesn't matter",
  };
}

function errorRate({ v1, v2 }: Evidence, { errorRateExcessPercent }: GateThresholds): Condition {
  const rateOf = ({ calls, errors }: VersionEvidence) => (calls > 0 ? (100 * errors) / calls : 0);
  const seen = (version: VersionEvidence) =>
    version.calls > 0 ? percent(rateOf(version)) : "no calls";
  return {
    name: "V2's errors",
    wanted: `at most ${errorRateExcessPercent} percentage points above V1's`,
    measured: `V2 ${seen(v2)}, V1 ${seen(v1)}`,
    met: v2.calls > 0 && rateOf(v2) - rateOf(v1) <= errorRateExcessPercent,
    advice: "look at the records with outcome secondary-error, primary-error and timeout",
  };
}

function latency({ v1, v2 }: Evidence, thresholds: GateThresholds): Condition {
  const { latencyRatio, latencyAllowanceMs } = thresholds;
  const seen = (ms: number | undefined) => (ms === undefined ? "unknown" : `${Math.ceil(ms)} ms`);
  const met =
    v1.p99Ms !== undefined &&
    v2.p99Ms !== undefined &&
    v2.p99Ms <= Math.max(v1.p99Ms * latencyRatio, v1.p99Ms + latencyAllowanceMs);
  return {
    name: "V2's p99 latency",
    wanted: `at most ${latencyRatio} times V1's, or ${latencyAllowanceMs} ms above it`,
    measured: `V2 ${seen(v2.p99Ms)}, V1 ${seen(v1.p99Ms)}`,
    met,
    advice: "make V2 faster, or allow for it in the gate's latencyRatio",
  };
}

/** While the breaker is open there is little to compare, and what there is makes V2 look better. */
function breakerSkips(
  { skippedByBreaker, sampledComparisons }: Evidence,
  { breakerSkipsPercent }: GateThresholds,
): Condition {
  const all = skippedByBreaker + sampledComparisons;
  const share = all > 0 ? (100 * skippedByBreaker) / all : 0;
  return {
    name: "skipped by the breaker",
    wanted: `at most ${breakerSkipsPercent} % of comparisons`,
    measured: `${percent(share)} (${count(skippedByBreaker)})`,
    met: share <= breakerSkipsPercent,
    advice: "V2 failed so often in a row that it was left alone: find out why",
  };
}

function pendingRepairs({ pendingRepairs: pending }: Evidence): Condition {
  return {
    name: "pending repairs",
    wanted: "0",
    measured: pending === undefined ? "unknown" : count(pending),
    met: pending === 0,
    advice:
      pending === undefined
        ? "no repair pass has reported: schedule one"
        : "let the repair pass finish, and see to what it leaves",
  };
}

function count(value: number): string {
  return String(Math.round(value));
}

/** Three significant digits: `0.0312 %`. */
function percent(value: number): string {
  return `${Number(value.toPrecision(3))} %`;
}
