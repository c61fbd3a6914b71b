import { Metrics } from "@aws-lambda-powertools/metrics";
import { DIMENSIONS, METRICS, NAMESPACE } from "./names.ts";
import type { MetricsSink, Tally } from "./tally.ts";

// At EMF's limit of 100 values Powertools publishes by itself, and forgets the operation's dimensions.
const MAX_VALUES = 99;

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
  let metrics = metricsOf(tally);
  for (const [name, sum] of tally.counts) metrics.addMetric(name, METRICS[name], sum);
  const most = Math.max(0, ...[...tally.latencies.values()].map(({ length }) => length));
  for (let at = 0; at === 0 || at < most; at += MAX_VALUES) {
    if (at > 0) metrics = metricsOf(tally);
    for (const [name, values] of tally.latencies) {
      for (const value of values.slice(at, at + MAX_VALUES)) {
        metrics.addMetric(name, METRICS[name], value);
      }
    }
    metrics.publishStoredMetrics();
  }
}

function metricsOf({ migration, operation }: Tally): Metrics {
  const metrics = new Metrics({ namespace: NAMESPACE });
  // Powertools has a dimension `service` by default, which would split our metrics by function.
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ [DIMENSIONS.migration]: migration });
  if (operation !== undefined) {
    // Two sets of dimensions, each on top of the default: the migration's alone, and the operation's.
    metrics.addDimensions({});
    metrics.addDimensions({ [DIMENSIONS.operation]: operation });
  }
  return metrics;
}
