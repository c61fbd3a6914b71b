import type { AlarmState, Evaluation } from "./alarm-evaluation.ts";
import type { MetricAlarmConfig } from "./alarm.ts";

/** What a metric alarm's evaluation looked at. */
export interface EvaluatedPoints {
  readonly evaluation: Evaluation;
  /** The evaluation range, oldest first. */
  readonly points: readonly (number | undefined)[];
  /** The starts of their periods, epoch ms. */
  readonly times: readonly number[];
}

const OPERATOR_WORDS = {
  GreaterThanOrEqualToThreshold: "greater than or equal to",
  GreaterThanThreshold: "greater than",
  LessThanThreshold: "less than",
  LessThanOrEqualToThreshold: "less than or equal to",
} as const;

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;
const decimal = (value: number) => (Number.isInteger(value) ? value.toFixed(1) : String(value));

/** 01/02/26 15:04:00, as the console has it. */
function shortTime(time: number): string {
  const [date, clock] = new Date(time).toISOString().split("T");
  const [year, month, day] = date!.split("-");
  return `${day}/${month}/${year!.slice(2)} ${clock!.slice(0, 8)}`;
}

/** 2026-01-01T00:00:00.000+0000, as CloudWatch writes times inside JSON. */
export const longTime = (time: number): string =>
  new Date(time).toISOString().replace("Z", "+0000");

/** In AWS's words, as far as they are known. */
export function reasonOf(
  config: MetricAlarmConfig,
  from: AlarmState,
  { evaluation, points, times }: EvaluatedPoints,
): string {
  const { state, counted, breaching, filled } = evaluation;
  const n = config.evaluationPeriods;
  if (state === "INSUFFICIENT_DATA") {
    const were = filled === 1 ? "was" : "were";
    return `Insufficient Data: ${plural(filled, "datapoint")} ${were} unknown.`;
  }
  const missing =
    filled === 0
      ? ""
      : `${plural(filled, "missing datapoint")} ${filled === 1 ? "was" : "were"} treated as ` +
        `[${config.treatMissingData === "breaching" ? "Breaching" : "NonBreaching"}]`;
  if (counted.length === 0) {
    return `Threshold Crossed: no datapoints were received for ${plural(n, "period")} and ${missing}.`;
  }
  const relevant = state === "ALARM" ? breaching : counted.length - breaching;
  const shown = counted.map((index) => `${decimal(points[index]!)} (${shortTime(times[index]!)})`);
  const verb = relevant === 1 ? "was" : "were";
  const not = state === "ALARM" ? "" : "not ";
  const needed = state === "ALARM" ? config.datapointsToAlarm : n - config.datapointsToAlarm + 1;
  return (
    `Threshold Crossed: ${relevant} out of the last ${plural(counted.length, "datapoint")} ` +
    `[${shown.join(", ")}] ${verb} ${not}${OPERATOR_WORDS[config.comparisonOperator]} ` +
    `the threshold (${decimal(config.threshold)})${missing === "" ? "" : ` and ${missing}`} ` +
    `(minimum ${plural(needed, "datapoint")} for ${from} -> ${state} transition).`
  );
}

/** The JSON beside the reason. */
export function reasonDataOf(
  config: MetricAlarmConfig,
  now: number,
  { evaluation, points, times }: EvaluatedPoints,
): string {
  const { source } = config.queries[0]!;
  return JSON.stringify({
    version: "1.0",
    queryDate: longTime(now),
    ...(evaluation.counted.length > 0 && { startDate: longTime(times[evaluation.counted[0]!]!) }),
    ...(config.single && !("tree" in source) && { statistic: source.stat }),
    period: config.periodSeconds,
    recentDatapoints: evaluation.counted.map((index) => points[index]),
    threshold: config.threshold,
    evaluatedDatapoints: evaluation.counted.toReversed().map((index) => ({
      timestamp: longTime(times[index]!),
      value: points[index],
    })),
  });
}
