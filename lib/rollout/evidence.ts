import { COMPARED_CALLS } from "./compared-calls.ts";
import type { Evidence, VersionEvidence } from "./conditions.ts";
import type { Recent } from "./guard.ts";
import type { GateThresholds } from "./gate-thresholds.ts";
import { periodFor, readPoints, type MetricsReader, type Question } from "./metric-points.ts";
import { sum, weightedMean, type Points } from "./points.ts";
import type { PresentMode } from "./present-mode.ts";

const MINUTE_MS = 60_000;

const EVIDENCE = {
  ...COMPARED_CALLS,
  skippedByBreaker: { metric: "SkippedByBreaker", statistic: "Sum" },
} as const satisfies Record<string, Question>;

const RECENT = {
  comparisons: EVIDENCE.comparisons,
  disagreements: EVIDENCE.disagreements,
  secondaryErrors: { metric: "SecondaryErrors", statistic: "Sum" },
  timeouts: { metric: "Timeouts", statistic: "Sum" },
  v1Calls: EVIDENCE.v1Calls,
  v2Calls: EVIDENCE.v2Calls,
  v1Errors: EVIDENCE.v1Errors,
  v2Errors: EVIDENCE.v2Errors,
} as const satisfies Record<string, Question>;

const REPAIRS = {
  pending: { metric: "RepairsPending", statistic: "Maximum" },
} as const satisfies Record<string, Question>;

/**
 * Reads what CloudWatch knows of the present mode, over the gate's window.
 *
 * @throws what the client throws, and {@link Error} where CloudWatch says that the data isn't whole.
 */
export async function readEvidence(
  reader: MetricsReader,
  present: PresentMode,
  thresholds: GateThresholds,
  signal?: AbortSignal,
): Promise<Evidence> {
  const { now } = reader;
  const windowMs = thresholds.windowMinutes * MINUTE_MS;
  const reportedSince = now - thresholds.repairReportMinutes * MINUTE_MS;
  // What was measured with another share of sampling has other weights, which sums don't tell apart.
  const from = Math.max(present.sampledSince, now - windowMs);
  const periodMs = periodFor(now - from);
  const [points, repairs] = await Promise.all([
    // The period in which the mode began has measurements from before it too, so it is left out.
    readPoints(reader, EVIDENCE, { from: Math.ceil(from / periodMs) * periodMs, periodMs }, signal),
    thresholds.dualWrites
      ? readPoints(reader, REPAIRS, { from: reportedSince, periodMs: MINUTE_MS }, signal)
      : undefined,
  ]);
  const comparisons = sum(points.comparisons);
  const comparingInvocations = sum(points.comparingInvocations);
  return {
    timeInModeMs: now - present.since,
    comparisons,
    disagreements: sum(points.disagreements),
    sampledComparisons: Math.max(comparisons * present.secondaryShare, comparingInvocations),
    comparingInvocations,
    skippedByBreaker: sum(points.skippedByBreaker),
    v1: version(points.v1Calls, points.v1Errors, points.v1P99, points.v1Settled),
    v2: version(points.v2Calls, points.v2Errors, points.v2P99, points.v2Settled),
    pendingRepairs: repairs?.pending.at(-1)?.[1],
  };
}

/** Reads what happened in the last minutes: what the guard wants to know before it hands callers over. */
export async function readRecent(
  reader: MetricsReader,
  lastMs: number,
  signal?: AbortSignal,
): Promise<Recent> {
  const range = { from: reader.now - lastMs, periodMs: MINUTE_MS };
  const points = await readPoints(reader, RECENT, range, signal);
  return {
    comparisons: sum(points.comparisons),
    disagreements: sum(points.disagreements),
    secondaryFailures: sum(points.secondaryErrors) + sum(points.timeouts),
    v1: { calls: sum(points.v1Calls), errors: sum(points.v1Errors) },
    v2: { calls: sum(points.v2Calls), errors: sum(points.v2Errors) },
  };
}

function version(calls: Points, errors: Points, p99: Points, settled: Points): VersionEvidence {
  return { calls: sum(calls), errors: sum(errors), p99Ms: weightedMean(p99, settled) };
}
