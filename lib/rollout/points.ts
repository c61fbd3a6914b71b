/** Values by the start of their period, epoch milliseconds, in order. */
export type Points = readonly (readonly [time: number, value: number])[];

export function sum(points: Points): number {
  return points.reduce((total, [, value]) => total + value, 0);
}

/**
 * The periods' p99, each for as much as was measured in it. CloudWatch doesn't say how it cuts a period
 * as long as the window, and so what would be in its percentile.
 */
export function weightedMean(values: Points, weights: Points): number | undefined {
  const weightAt = new Map(weights);
  let total = 0;
  let weighed = 0;
  for (const [time, value] of values) {
    const weight = weightAt.get(time) ?? 0;
    total += weight * value;
    weighed += weight;
  }
  return weighed > 0 ? total / weighed : undefined;
}
