import { sum, weightedMean, type Points } from "../rollout/points.ts";
import type { Span } from "./span.ts";

/** What CloudWatch has of a migration, by what was asked. */
export interface MeasuredPoints {
  readonly comparisons: Points;
  readonly disagreements: Points;
  readonly v1Calls: Points;
  readonly v2Calls: Points;
  readonly v1Errors: Points;
  readonly v2Errors: Points;
  readonly v1Settled: Points;
  readonly v2Settled: Points;
  readonly v1P50: Points;
  readonly v2P50: Points;
  readonly v1P99: Points;
  readonly v2P99: Points;
}

/** What was measured over some time. */
export interface Measured {
  readonly comparisons: number;
  readonly disagreements: number;
  /** The share of comparisons in agreement, 0 to 1; `undefined` where nothing was compared. */
  readonly agreement: number | undefined;
  readonly v1: VersionMeasured;
  readonly v2: VersionMeasured;
}

export interface VersionMeasured {
  readonly calls: number;
  readonly errors: number;
  /** Milliseconds; `undefined` where nothing was measured. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** What was measured in one period; `undefined` is a gap, not a zero. */
export interface MeasuredPeriod {
  /** The period's start, in epoch milliseconds. */
  readonly time: number;
  readonly agreement: number | undefined;
  readonly v1P50Ms: number | undefined;
  readonly v2P50Ms: number | undefined;
  readonly v1P99Ms: number | undefined;
  readonly v2P99Ms: number | undefined;
}

/** What was measured in the periods that lie in a span of time as a whole: others have more than that. */
export function measuredIn(points: MeasuredPoints, { from, to }: Span, periodMs: number): Measured {
  const within = (all: Points): Points =>
    all.filter(([time]) => time >= from && time + periodMs <= to);
  const comparisons = sum(within(points.comparisons));
  const disagreements = sum(within(points.disagreements));
  return {
    comparisons,
    disagreements,
    agreement: agreementOf(comparisons, disagreements),
    v1: {
      calls: sum(within(points.v1Calls)),
      errors: sum(within(points.v1Errors)),
      p50Ms: weightedMean(within(points.v1P50), points.v1Settled),
      p99Ms: weightedMean(within(points.v1P99), points.v1Settled),
    },
    v2: {
      calls: sum(within(points.v2Calls)),
      errors: sum(within(points.v2Errors)),
      p50Ms: weightedMean(within(points.v2P50), points.v2Settled),
      p99Ms: weightedMean(within(points.v2P99), points.v2Settled),
    },
  };
}

/** Each period of a span of time, those in which nothing was measured too. */
export function measuredPeriods(
  points: MeasuredPoints,
  { from, to }: Span,
  periodMs: number,
): MeasuredPeriod[] {
  const comparisons = new Map(points.comparisons);
  const disagreements = new Map(points.disagreements);
  const v1P50 = new Map(points.v1P50);
  const v2P50 = new Map(points.v2P50);
  const v1P99 = new Map(points.v1P99);
  const v2P99 = new Map(points.v2P99);
  const periods: MeasuredPeriod[] = [];
  for (let time = Math.floor(from / periodMs) * periodMs; time < to; time += periodMs) {
    periods.push({
      time,
      agreement: agreementOf(comparisons.get(time) ?? 0, disagreements.get(time) ?? 0),
      v1P50Ms: v1P50.get(time),
      v2P50Ms: v2P50.get(time),
      v1P99Ms: v1P99.get(time),
      v2P99Ms: v2P99.get(time),
    });
  }
  return periods;
}

function agreementOf(comparisons: number, disagreements: number): number | undefined {
  // Delivered at least once, a line of disagreements may count twice.
  return comparisons > 0 ? Math.max(0, 1 - disagreements / comparisons) : undefined;
}
