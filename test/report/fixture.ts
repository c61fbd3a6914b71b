import type { Comparison } from "../../lib/index.ts";
import type { ModeDocument } from "../../lib/mode/mode-document.ts";
import { comparisonRecord } from "../../lib/records/record.ts";
import type { MeasuredPoints } from "../../lib/report/measured.ts";
import { makeReport, type Report } from "../../lib/report/report.ts";
import type { PastDeployment } from "../../lib/rollout/past-deployment.ts";
import type { Points } from "../../lib/rollout/points.ts";
import { comparisonOf } from "../support/comparison.ts";

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const START = Date.UTC(2026, 4, 4, 9);

/** A deployment that is complete within a minute, but for what the test says otherwise. */
export function deploymentOf(
  number: number,
  startedAt: number,
  document: ModeDocument,
  more: Partial<PastDeployment> = {},
): PastDeployment {
  return {
    number,
    version: number,
    document,
    description: "",
    startedAt,
    completedAt: more.undone === undefined ? startedAt + 60_000 : undefined,
    undone: undefined,
    ...more,
  };
}

export const NO_POINTS: MeasuredPoints & { guardRollbacks: Points } = {
  comparisons: [],
  disagreements: [],
  v1Calls: [],
  v2Calls: [],
  v1Errors: [],
  v2Errors: [],
  v1Settled: [],
  v2Settled: [],
  v1P50: [],
  v2P50: [],
  v1P99: [],
  v2P99: [],
  guardRollbacks: [],
};

/** Three weeks of a migration: shadow, a try at reverse-shadow that an alarm undid, and a second one. */
export const DEPLOYMENTS: readonly PastDeployment[] = [
  deploymentOf(1, START, { mode: "old" }),
  deploymentOf(
    2,
    START + 2 * DAY_MS,
    { mode: "shadow" },
    { description: "promote: old to shadow" },
  ),
  deploymentOf(
    3,
    START + 7 * DAY_MS,
    { mode: "reverse-shadow" },
    {
      undone: {
        at: START + 7 * DAY_MS + 4 * HOUR_MS,
        triggeredBy: "CLOUDWATCH_ALARM",
        description: "Rollback initiated by CloudWatch Alarm: unhealthy is in state ALARM",
      },
    },
  ),
  deploymentOf(4, START + 11 * DAY_MS, {
    mode: "shadow",
    ramp: { mode: "reverse-shadow", percent: 10 },
  }),
  deploymentOf(5, START + 13 * DAY_MS, {
    mode: "shadow",
    ramp: { mode: "reverse-shadow", percent: 40 },
  }),
  deploymentOf(6, START + 15 * DAY_MS, { mode: "reverse-shadow", override: "agreed on Monday" }),
  deploymentOf(7, START + 20 * DAY_MS, { mode: "new" }),
];

export interface StoryOptions {
  readonly deployments?: readonly PastDeployment[];
  readonly comparisons?: readonly Partial<Comparison>[];
  readonly stage?: string;
}

/** A report of three weeks, with an hour's night in the metrics of each day. */
export function storyOf(options: StoryOptions = {}): Promise<Report> {
  const { deployments = DEPLOYMENTS, comparisons = COMPARISONS, stage = "prod" } = options;
  const span = { from: START, to: START + 22 * DAY_MS };
  const points = pointsOf(span);
  return makeReport({
    migration: "customer-ids",
    stage,
    ...span,
    deployments,
    unreadableDeployments: 0,
    metricsOver: () => Promise.resolve({ points, periodMs: HOUR_MS }),
    records: comparisons.map((comparison) =>
      comparisonRecord(comparisonOf({ migration: "customer-ids", ...comparison }), 30),
    ),
  });
}

const COMPARISONS: readonly Partial<Comparison>[] = [
  ["2", 3, 5_000, "$[*] missing"],
  ["2", 6, 700, "$[*].name value"],
  ["3", 7, 900, "$[*].name value"],
  ["6", 16, 40, "$[*].name value"],
].map(([documentVersion, day, weight, signature]) => ({
  documentVersion: documentVersion as string,
  time: START + (day as number) * DAY_MS + HOUR_MS,
  weight: weight as number,
  signature: signature as string,
  requestId: `${String(signature)}${String(day)}`,
  differences: [
    { path: "$[0].name", kind: "value" as const, v1: "Café Zürich", v2: "Cafe Zurich" },
  ],
}));

/** Points of an hour each; from 2 to 3 at night nobody calls. */
function pointsOf({ from, to }: { from: number; to: number }): typeof NO_POINTS {
  const hours = Array.from(
    { length: (to - from) / HOUR_MS },
    (_, at) => from + at * HOUR_MS,
  ).filter((time) => new Date(time).getUTCHours() !== 2);
  const of = (value: (wave: number, day: number) => number | undefined): Points =>
    hours.flatMap((time) => {
      const wave = 1 + Math.sin(((time - from) / DAY_MS) * 2 * Math.PI) / 3;
      const found = value(wave, (time - from) / DAY_MS);
      return found === undefined ? [] : [[time, found] as const];
    });
  const compared = <T>(day: number, value: T) => (day >= 2 && day < 20 ? value : undefined);
  return {
    ...NO_POINTS,
    comparisons: of((wave, day) => compared(day, 1_000 * wave)),
    disagreements: of((wave, day) => compared(day, wave * (day < 7.5 ? 42 : day < 11 ? 6 : 0.4))),
    v1Calls: of((wave, day) => (day < 20 ? 1_000 * wave : undefined)),
    v2Calls: of((wave, day) => (day >= 2 ? 1_000 * wave : undefined)),
    v1Settled: of((wave, day) => (day < 20 ? 1_000 * wave : undefined)),
    v2Settled: of((wave, day) => (day >= 2 ? 1_000 * wave : undefined)),
    v1P50: of((wave, day) => (day < 20 ? 18 * wave : undefined)),
    v2P50: of((wave, day) => (day >= 2 ? 11 * wave : undefined)),
    v1P99: of((wave, day) => (day < 20 ? 130 * wave : undefined)),
    v2P99: of((wave, day) => (day >= 2 ? (day < 7.5 ? 340 : 70) * wave : undefined)),
  };
}
