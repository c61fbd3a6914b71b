import type { Question } from "./metric-points.ts";

/** What there is to ask CloudWatch of calls of both versions: the gate and the operator ask the same. */
export const COMPARED_CALLS = {
  comparisons: { metric: "Comparisons", statistic: "Sum" },
  // One EMF line an invocation and operation, so this counts lines, whatever they weigh.
  comparingInvocations: { metric: "Comparisons", statistic: "SampleCount" },
  disagreements: { metric: "Disagreements", statistic: "Sum" },
  v1Calls: { metric: "V1Calls", statistic: "Sum" },
  v2Calls: { metric: "V2Calls", statistic: "Sum" },
  v1Errors: { metric: "V1Errors", statistic: "Sum" },
  v2Errors: { metric: "V2Errors", statistic: "Sum" },
  v1Settled: { metric: "V1Latency", statistic: "SampleCount" },
  v2Settled: { metric: "V2Latency", statistic: "SampleCount" },
  v1P99: { metric: "V1Latency", statistic: "p99" },
  v2P99: { metric: "V2Latency", statistic: "p99" },
} as const satisfies Record<string, Question>;
