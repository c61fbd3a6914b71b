import type { PastDeployment } from "../rollout/past-deployment.ts";
import type { Points } from "../rollout/points.ts";
import type { ChangeCounts, Change } from "./changes.ts";
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
  /** Disagreements that were read. */
  readonly records: number;
  readonly changes: readonly Change[];
}

/** What a report is made from. */
export interface ReportData extends Span {
  readonly migration: string;
  readonly stage: string;
  /** The oldest first, from the one in force at the span's beginning. */
  readonly deployments: readonly PastDeployment[];
  readonly unreadableDeployments: number;
  readonly points: MeasuredPoints & { readonly guardRollbacks: Points };
  readonly periodMs: number;
  readonly counts: ChangeCounts;
  readonly records: number;
}

/** Puts a migration's story together. */
export function makeReport(data: ReportData): Report {
  const { migration, stage, from, to, deployments, points, periodMs, counts, records } = data;
  const span = { from, to };
  return {
    migration,
    stage,
    ...span,
    periodMs,
    phases: phasesOf(deployments, span).map((phase) => {
      const within = { from: Math.max(phase.from, from), to: phase.to ?? Infinity };
      return { ...phase, measured: measuredIn(points, within, periodMs) };
    }),
    unreadableDeployments: data.unreadableDeployments,
    rollbacks: rollbacksOf(deployments, span, { points: points.guardRollbacks, periodMs }),
    measured: measuredIn(points, { from: -Infinity, to: Infinity }, periodMs),
    series: measuredPeriods(points, span, periodMs),
    records,
    changes: counts.changes((stretch) => measuredIn(points, stretch, periodMs).comparisons),
  };
}
