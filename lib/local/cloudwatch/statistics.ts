import type { Aggregate } from "./aggregate.ts";
import { invalidValue } from "./errors.ts";

export const SIMPLE_STATISTICS = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"] as const;
export type SimpleStatistic = (typeof SIMPLE_STATISTICS)[number];

const SIMPLE: Record<SimpleStatistic, (aggregate: Aggregate) => number> = {
  SampleCount: ({ count }) => count,
  Average: ({ sum, count }) => sum / count,
  Sum: ({ sum }) => sum,
  Minimum: ({ min }) => min,
  Maximum: ({ max }) => max,
};

/**
 * The function that computes a statistic: one of the five, or a percentile such as p99 or p99.9.
 *
 * @throws InvalidParameterValue for trimmed means and the like, which the local cloud hasn't got
 */
export function statistic(name: string): (aggregate: Aggregate) => number | undefined {
  if (name in SIMPLE) return SIMPLE[name as SimpleStatistic];
  const percent = Number(/^p(\d{1,3}(?:\.\d{1,10})?)$/.exec(name)?.[1]);
  if (percent > 0 && percent <= 100) return (aggregate) => aggregate.percentile(percent);
  throw invalidValue(
    `statistic: got ${name}, the local cloud's CloudWatch has ` +
      `${SIMPLE_STATISTICS.join(", ")} and percentiles such as p99`,
  );
}
