import { DIMENSIONS, METRICS, NAMESPACE, type MetricName } from "../metrics/names.ts";

/** What one invocation prints of one metric, on average. */
export interface PrintedMetric {
  readonly name: MetricName;
  /** The share of the lines that have it. */
  readonly share: number;
  /** Values in a line that has it. Only of latencies all are printed. */
  readonly values: number;
}

/** Names of a common length, for migrations and operations. */
const NAME = "a-name-of-16-chr";

/** A latency as JavaScript prints it, such as `12.345678000000001`, and the comma after it. */
const LATENCY_BYTES = 18;

/** A sum, and the comma after it. */
const COUNT_BYTES = 2;

/** Bytes of a line of embedded metric format, of an operation or of the migration as a whole. */
export function metricLineBytes(of: "operation" | "migration", metrics: readonly PrintedMetric[]) {
  const { migration, operation } = DIMENSIONS;
  const ofOperation = of === "operation";
  const empty = JSON.stringify({
    _aws: {
      Timestamp: 1_700_000_000_000,
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [[migration], ...(ofOperation ? [[migration, operation]] : [])],
          Metrics: [],
        },
      ],
    },
    [migration]: NAME,
    ...(ofOperation && { [operation]: NAME }),
  });
  return metrics.reduce(
    (bytes, { name, share, values }) => bytes + share * metricBytes(name, values),
    empty.length,
  );
}

function metricBytes(name: MetricName, values: number): number {
  const Unit = METRICS[name];
  const declared = JSON.stringify({ Name: name, Unit }).length + 1;
  const key = JSON.stringify(name).length + 1;
  return declared + key + (Unit === "Count" ? COUNT_BYTES : values * LATENCY_BYTES);
}
