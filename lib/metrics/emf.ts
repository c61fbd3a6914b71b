import { Metrics } from "@aws-lambda-powertools/metrics";
import { DIMENSIONS, METRICS, NAMESPACE } from "./names.ts";
import type { Tally } from "./tally.ts";

// At EMF's limit of 100 values Powertools publishes by itself, and forgets the operation's dimensions.
const MAX_VALUES = 99;

/**
 * Publishes tallies as CloudWatch's embedded metric format: a line each on standard output, which
 * Lambda's log group turns into metrics with no call and no wait.
 */
export function emfMetrics(): { publish(tallies: readonly Tally[]): void } {
  // One for all: making one costs more than all else here. Nothing is awaited between filling and
  // publishing it, so invocations side by side don't meet in it.
  const metrics = new Metrics({ namespace: NAMESPACE });
  return {
    publish(tallies) {
      for (const tally of tallies) if (!tally.isEmpty) publish(metrics, tally);
    },
  };
}

function publish(metrics: Metrics, tally: Tally): void {
  setDimensions(metrics, tally);
  for (const [name, sum] of tally.counts) metrics.addMetric(name, METRICS[name], sum);
  const longest = Math.max(0, ...Array.from(tally.latencies.values(), ({ length }) => length));
  for (let at = 0; at < Math.max(1, longest); at += MAX_VALUES) {
    if (at > 0) setDimensions(metrics, tally);
    for (const [name, values] of tally.latencies) {
      for (const value of values.slice(at, at + MAX_VALUES)) {
        metrics.addMetric(name, METRICS[name], value);
      }
    }
    metrics.publishStoredMetrics();
  }
}

/** Publishing forgets all dimensions but the default ones, so they are set for every line. */
function setDimensions(metrics: Metrics, { migration, operation }: Tally): void {
  // Powertools has a dimension `service` by default, which would split our metrics by function.
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ [DIMENSIONS.migration]: migration });
  if (operation !== undefined) {
    // Two sets of dimensions, each on top of the default: the migration's alone, and the operation's.
    metrics.addDimensions({});
    metrics.addDimensions({ [DIMENSIONS.operation]: operation });
  }
}
