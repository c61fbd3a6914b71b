import type { MetricName } from "./names.ts";
import type { MetricsSink } from "./tally.ts";

/** Metrics that stay in memory, for tests. */
export interface MemoryMetrics extends MetricsSink {
  /** Sums over all migrations and operations, by name; absent where nothing was counted. */
  readonly counts: Readonly<Partial<Record<MetricName, number>>>;
}

/** Adds up what is counted, and prints nothing. Latencies are left out. */
export function memoryMetrics(): MemoryMetrics {
  const counts: Partial<Record<MetricName, number>> = {};
  return {
    counts,
    publish(tallies) {
      for (const tally of tallies) {
        for (const [name, sum] of tally.counts) counts[name] = (counts[name] ?? 0) + sum;
      }
    },
  };
}
