import assert from "node:assert/strict";
import type { ModeDocument } from "../../lib/mode/mode-document.ts";

/** Wall milliseconds after which a test gives up on what should have happened by then. */
export const PATIENCE_MS = 15_000;

/** A line's bytes hang on its latencies' digits, and on how long names are. */
export const BYTES_TOLERANCE = 0.1;

/** A count of random draws strays from its mean by five standard deviations in a million runs at most once. */
export const SIGMAS = 5;

/** A mode document as it is deployed past the gate, which has tests of its own. */
export const past = (document: ModeDocument) =>
  JSON.stringify({ ...document, override: "a measurement" });

/** No guard, no schedule and no monitor of a deployment acts while it is counted. */
export function withoutReactions({ Resources }: any): void {
  for (const { Type, Properties } of Object.values<any>(Resources)) {
    if (Type === "AWS::Events::Rule") Properties.State = "DISABLED";
    if (Type === "AWS::AppConfig::Environment") delete Properties.Monitors;
  }
}

/** What functions have printed as embedded metric format. */
export function metricLines(logged: readonly string[]) {
  const lines = logged.filter((line) => line.startsWith('{"_aws"')).map((line) => line.trim());
  const metrics = new Set<string>();
  for (const line of lines) {
    const parsed = JSON.parse(line);
    for (const { Dimensions, Metrics } of parsed._aws.CloudWatchMetrics) {
      for (const names of Dimensions as string[][]) {
        const values = names.map((name) => parsed[name]).join();
        for (const { Name } of Metrics) metrics.add(`${Name} by ${values}`);
      }
    }
  }
  return { lines: lines.length, bytes: lines.join("").length, metrics: metrics.size };
}

export function assertNear(
  actual: number,
  expected: number,
  tolerance: number,
  what: string,
): void {
  assert.ok(
    Math.abs(actual - expected) <= tolerance,
    `${what}: measured ${actual}, worked out ${expected} ± ${tolerance}`,
  );
}
