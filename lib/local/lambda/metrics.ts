import type { CloudWatchService } from "../cloudwatch/index.ts";
import type { FinishedInvocation } from "./functions.ts";

type Metric = Parameters<CloudWatchService["measure"]>[0];

/** What Lambda tells CloudWatch of one invocation. A throttled one counts as nothing else. */
export function invocationMetrics({
  functionName,
  outcome,
  durationMs,
}: FinishedInvocation): Metric[] {
  const metric = (name: string, value: number, unit: Metric["unit"] = "Count"): Metric => ({
    namespace: "AWS/Lambda",
    name,
    dimensions: { FunctionName: functionName },
    value,
    unit,
  });
  if (outcome === "throttled") return [metric("Throttles", 1)];
  return [
    metric("Invocations", 1),
    metric("Errors", outcome.failed ? 1 : 0),
    metric("Throttles", 0),
    metric("Duration", durationMs, "Milliseconds"),
  ];
}
