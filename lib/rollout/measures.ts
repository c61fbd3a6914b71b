import type { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { periodFor, readPoints, type Question } from "./metric-points.ts";
import { COMPARED_CALLS } from "./compared-calls.ts";
import { sum, weightedMean, type Points } from "./points.ts";
import { wilsonLowerBound, wilsonUpperBound } from "./wilson.ts";

/** What was measured of a migration since some time: what a person wants to see of it. */
export interface Measures {
  /** Epoch milliseconds. */
  readonly since: number;
  /** Weighted by the calls that they stand for. */
  readonly comparisons: number;
  readonly disagreements: number;
  /** From 0 to 1, with its interval at 90 % confidence; `undefined` where nothing was compared. */
  readonly mismatchRate:
    { readonly value: number; readonly low: number; readonly high: number } | undefined;
  readonly v1: VersionMeasures;
  readonly v2: VersionMeasures;
  /** The same by period, the oldest first. */
  readonly series: readonly PeriodMeasures[];
}

export interface VersionMeasures {
  readonly calls: number;
  readonly errors: number;
  /** Milliseconds; `undefined` where nothing was measured. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

export interface PeriodMeasures {
  /** The period's start, in epoch milliseconds. */
  readonly time: number;
  /** From 0 to 1; `undefined` where nothing was compared. */
  readonly mismatchRate: number | undefined;
  readonly v1P99Ms: number | undefined;
  readonly v2P99Ms: number | undefined;
}

/** What is asked of CloudWatch for a person. */
export const MEASURES = {
  ...COMPARED_CALLS,
  v1P50: { metric: "V1Latency", statistic: "p50" },
  v2P50: { metric: "V2Latency", statistic: "p50" },
} as const satisfies Record<string, Question>;

/**
 * Reads what was measured.
 *
 * @param options.since epoch milliseconds; the period in which that is counts as a whole.
 */
export async function readMeasures(
  client: CloudWatchClient,
  options: {
    readonly migration: string;
    readonly now: number;
    readonly since: number;
  },
): Promise<Measures> {
  const { migration, now, since } = options;
  const periodMs = periodFor(now - since);
  const from = Math.floor(since / periodMs) * periodMs;
  const points = await readPoints({ client, migration, now }, MEASURES, { from, periodMs });
  const comparisons = sum(points.comparisons);
  const disagreements = sum(points.disagreements);
  // Several comparisons in one invocation are hardly more than one observation, as for the gate.
  const samples = sum(points.comparingInvocations);
  return {
    since,
    comparisons,
    disagreements,
    mismatchRate: comparisons > 0 ? rateOf(disagreements / comparisons, samples) : undefined,
    v1: {
      calls: sum(points.v1Calls),
      errors: sum(points.v1Errors),
      p50Ms: weightedMean(points.v1P50, points.v1Settled),
      p99Ms: weightedMean(points.v1P99, points.v1Settled),
    },
    v2: {
      calls: sum(points.v2Calls),
      errors: sum(points.v2Errors),
      p50Ms: weightedMean(points.v2P50, points.v2Settled),
      p99Ms: weightedMean(points.v2P99, points.v2Settled),
    },
    series: seriesOf(points),
  };
}

function rateOf(rate: number, samples: number): Measures["mismatchRate"] {
  const value = Math.min(1, rate);
  return {
    value,
    low: wilsonLowerBound(value, samples),
    high: wilsonUpperBound(value, samples),
  };
}

function seriesOf(points: Readonly<Record<keyof typeof MEASURES, Points>>): PeriodMeasures[] {
  const at = {
    comparisons: new Map(points.comparisons),
    disagreements: new Map(points.disagreements),
    v1P99: new Map(points.v1P99),
    v2P99: new Map(points.v2P99),
  };
  const times = new Set(Object.values(at).flatMap((values) => [...values.keys()]));
  return [...times]
    .toSorted((a, b) => a - b)
    .map((time) => {
      const comparisons = at.comparisons.get(time) ?? 0;
      return {
        time,
        mismatchRate: comparisons > 0 ? (at.disagreements.get(time) ?? 0) / comparisons : undefined,
        v1P99Ms: at.v1P99.get(time),
        v2P99Ms: at.v2P99.get(time),
      };
    });
}
