import type { Duration } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { DIMENSIONS, METRICS, NAMESPACE, type MetricName } from "../metrics/names.ts";

/** One of the runtime's metrics, summed over the migration's operations. */
export function migrationMetric(name: MetricName, migration: string, period: Duration): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName: name,
    dimensionsMap: { [DIMENSIONS.migration]: migration },
    statistic: METRICS[name] === "Count" ? "Sum" : "p99",
    period,
  });
}
