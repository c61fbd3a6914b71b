import { isAgreement } from "../call/outcome.ts";
import type { ComparisonRecord } from "../records/record.ts";
import type { PastDeployment } from "../rollout/past-deployment.ts";
import type { Points } from "../rollout/points.ts";
import { ChangeCounts, type Change } from "./changes.ts";
import {
  measuredIn,
  measuredPeriods,
  type Measured,
  type MeasuredPeriod,
  type MeasuredPoints,
} from "./measured.ts";
import { phasesOf, type Phase } from "./phases.ts";
import { rollbacksOf, type Rollback } from "./rollbacks.ts";
import type { Span } from "./span.ts";
import { stretchesOf, type Stretch } from "./stretches.ts";

/** A phase, and what was measured in it. */
export interface MeasuredPhase extends Phase {
  readonly measured: Measured;
}

/** A migration's story over a span of time. Times are epoch milliseconds. */
export interface Report extends Span {
  readonly migration: string;
  readonly stage: string;
  /** Milliseconds that a point of the series stands for. */
  readonly periodMs: number;
  readonly phases: readonly MeasuredPhase[];
  /** Deployments that are in no phase, since their document can't be read. */
  readonly unreadableDeployments: number;
  readonly rollbacks: readonly Rollback[];
  /** Over the whole span. */
  readonly measured: Measured;
  /** Every period of the span; where nothing was measured, there is no value. */
  readonly series: readonly MeasuredPeriod[];
  /** How many disagreements have a record. */
  readonly records: number;
  readonly changes: readonly Change[];
}

/** What a report is made from. */
export interface ReportSources extends Span {
  readonly migration: string;
  readonly stage: string;
  /** The oldest first, from the one in force at the span's beginning. */
  readonly deployments: readonly PastDeployment[];
  readonly unreadableDeployments: number;
  /** Reads the metrics of a span of time, in the shortest periods that there are of so long a one. */
  metricsOver(span: Span): Promise<Metrics>;
  /** The records of the span, in no order. */
  readonly records: AsyncIterable<ComparisonRecord> | Iterable<ComparisonRecord>;
}

/** Metrics by period. */
export interface Metrics {
  readonly points: MeasuredPoints & { readonly guardRollbacks: Points };
  readonly periodMs: number;
}

/** Puts a migration's story together. It holds no record for longer than it takes to count it. */
export async function makeReport(sources: ReportSources): Promise<Report> {
  const { migration, stage, from, to, deployments, unreadableDeployments } = sources;
  const span = { from, to };
  const { points, periodMs } = await sources.metricsOver(span);

  const phases: MeasuredPhase[] = [];
  for (const phase of phasesOf(deployments, span)) {
    phases.push({ ...phase, measured: await measuredOver(sources, phase) });
  }

  const stretches = stretchesOf(phases, span);
  const comparisons = new Map<Stretch, number>();
  for (const stretch of stretches) {
    comparisons.set(stretch, (await measuredOver(sources, stretch)).comparisons);
  }
  const counts = new ChangeCounts(stretches);
  let records = 0;
  for await (const record of sources.records) {
    if (isAgreement(record.outcome)) continue;
    records++;
    counts.add(record);
  }

  return {
    migration,
    stage,
    ...span,
    periodMs,
    phases,
    unreadableDeployments,
    rollbacks: rollbacksOf(deployments, span, { points: points.guardRollbacks, periodMs }),
    measured: measuredIn(points, { from: -Infinity, to: Infinity }, periodMs),
    series: measuredPeriods(points, span, periodMs),
    records,
    changes: counts.changes((stretch) => comparisons.get(stretch) ?? 0),
  };
}

/**
 * What was measured in a part of the span. It is read anew: a period of the whole may be longer than the
 * part, and have what was measured before and after it.
 */
async function measuredOver(
  { from, to, metricsOver }: ReportSources,
  part: { readonly from: number; readonly to: number | undefined },
): Promise<Measured> {
  const end = part.to ?? Infinity;
  const within = { from: Math.max(part.from, from), to: Math.min(end, to) };
  const { points, periodMs } = await metricsOver(within);
  return measuredIn(points, { from: part.from, to: end }, periodMs);
}
