import { Metrics } from "@aws-lambda-powertools/metrics";
import { DIMENSIONS, METRICS, NAMESPACE } from "./names.ts";
import type { MetricsSink, Tally } from "./tally.ts";

/**
 * Publishes tallies as CloudWatch's embedded metric format: a line each on standard output, which
 * Lambda's log group turns into metrics with no call and no wait.
 */
export function emfMetrics(): MetricsSink {
  return {
    publish(tallies) {
      for (const tally of tallies) if (!tally.isEmpty) publish(tally);
    },
  };
}

function publish(tally: Tally): void {
  const metrics = new Metrics({ namespace: NAMESPACE });
  // Powertools has a dimension `service` by default, which would split our metrics by function.
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ [DIMENSIONS.migration]: tally.migration });
  if (tally.operation !== undefined) {
    // Two sets of dimensions, each on top of the default: the migration's alone, and the operation's.
    metrics.addDimensions({});
    metrics.addDimensions({ [DIMENSIONS.operation]: tally.operation });
  }
  for (const [name, sum] of tally.counts) metrics.addMetric(name, METRICS[name], sum);
  for (const [name, values] of tally.latencies) {
    for (const value of values) metrics.addMetric(name, METRICS[name], value);
  }
  metrics.publishStoredMetrics();
}
