import type { Duration } from "aws-cdk-lib";
import { MathExpression, Metric } from "aws-cdk-lib/aws-cloudwatch";
import { DIMENSIONS, METRICS, NAMESPACE, type MetricName } from "../metrics/names.ts";

/**
 * One of the runtime's metrics, of all of the migration's operations.
 *
 * @param statistic @default the sum of counts, the p99 of latencies, the maximum of `RepairsPending`
 */
export function migrationMetric(
  name: MetricName,
  migration: string,
  period: Duration,
  statistic: string = usualStatistic(name),
): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName: name,
    dimensionsMap: { [DIMENSIONS.migration]: migration },
    statistic,
    period,
  });
}

function usualStatistic(name: MetricName): string {
  if (name === "RepairsPending") return "Maximum";
  return METRICS[name] === "Count" ? "Sum" : "p99";
}

/**
 * Expressions over a migration's metrics. Each is 0 where there is too little to tell. A point that is
 * missing counts as 0 in CloudWatch's arithmetic, so what wasn't counted needs no filling.
 */
export class MigrationMetrics {
  readonly #migration: string;
  readonly #period: Duration;
  readonly #minimum: number;

  /** @param minimum comparisons, or calls, in a period below which a rate says nothing. */
  constructor(migration: string, period: Duration, minimum: number) {
    this.#migration = migration;
    this.#period = period;
    this.#minimum = minimum;
  }

  metric(name: MetricName, statistic?: string): Metric {
    return migrationMetric(name, this.#migration, this.#period, statistic);
  }

  /** Disagreements in percent of comparisons. */
  mismatchRate(): MathExpression {
    return this.#expression(
      "Mismatch rate (%)",
      `IF(comparisons >= ${this.#minimum}, 100 * disagreements / comparisons, 0)`,
      { comparisons: this.metric("Comparisons"), disagreements: this.metric("Disagreements") },
    );
  }

  /** Secondaries that failed or did not settle in their time, in percent of comparisons. */
  secondaryErrorRate(): MathExpression {
    return this.#expression(
      "Secondary error rate (%)",
      `IF(comparisons >= ${this.#minimum}, 100 * (errors + timeouts) / comparisons, 0)`,
      {
        comparisons: this.metric("Comparisons"),
        errors: this.metric("SecondaryErrors"),
        timeouts: this.metric("Timeouts"),
      },
    );
  }

  /** Percentage points by which V2's error rate is above V1's; where V1 isn't called, V2's own rate. */
  v2ErrorRateExcess(): MathExpression {
    return this.#expression(
      "V2's error rate above V1's (percentage points)",
      `IF(v2Calls >= ${this.#minimum}, 100 * v2Errors / v2Calls - 100 * v1Errors / v1Calls, 0)`,
      {
        v1Calls: this.metric("V1Calls"),
        v1Errors: this.metric("V1Errors"),
        v2Calls: this.metric("V2Calls"),
        v2Errors: this.metric("V2Errors"),
      },
    );
  }

  /** Calls that V1 answered for a failing V2, in percent of V2's calls. */
  fallbackRate(): MathExpression {
    return this.#expression(
      "Fallback rate (%)",
      `IF(v2Calls >= ${this.#minimum}, 100 * fallbacks / v2Calls, 0)`,
      { v2Calls: this.metric("V2Calls"), fallbacks: this.metric("Fallbacks") },
    );
  }

  /**
   * V2's p99 latency as a multiple of V1's.
   *
   * @param allowanceMs milliseconds above V1's below which it counts as 0.
   */
  latencyRatio(allowanceMs: number): MathExpression {
    return this.#expression(
      "V2's p99 latency by V1's",
      `IF(comparisons >= ${this.#minimum} AND v2 - v1 > ${allowanceMs}, v2 / v1, 0)`,
      {
        comparisons: this.metric("Comparisons"),
        v1: this.metric("V1Latency"),
        v2: this.metric("V2Latency"),
      },
    );
  }

  /** Records, and entries of repair records, that went to the log and not to the table. */
  diverted(): MathExpression {
    return this.#expression("Diverted records", "records + repairs", {
      records: this.metric("RecordsDiverted"),
      repairs: this.metric("RepairsDiverted"),
    });
  }

  /** Reads of the mode that failed, documents that were refused, and invocations on the default. */
  modeReadFailures(): MathExpression {
    return this.#expression("Mode read failures", "failures + refused + defaulted", {
      failures: this.metric("ModeReadFailures"),
      refused: this.metric("ModeDocumentsRefused"),
      defaulted: this.metric("ModeDefaulted"),
    });
  }

  #expression(
    label: string,
    expression: string,
    usingMetrics: Record<string, Metric>,
  ): MathExpression {
    return new MathExpression({ expression, usingMetrics, label, period: this.#period });
  }
}
