import type { MetricName } from "../metrics/names.ts";
import type { MigrationCosts } from "./cost-model.ts";
import { metricLineBytes, type PrintedMetric } from "./metric-lines.ts";
import { happens, total, type Part } from "./parts.ts";
import { hasDualWrites, type WholeTraffic } from "./traffic.ts";

/** Metrics that the construct's alarms look at, and those that come with dual writes. */
const ALARM_METRICS = 19;
const REPAIR_ALARM_METRICS = 1;

/** Lines of embedded metric format that have the same metrics. */
interface PrintedLines {
  readonly of: "operation" | "migration";
  readonly count: number;
  readonly metrics: readonly PrintedMetric[];
}

/** The lines that are printed, the metrics in them, and who looks at those. */
export function metricsCosts(
  traffic: WholeTraffic,
  parts: readonly Part[],
  repairPasses: number,
): Pick<MigrationCosts, "logs" | "cloudWatch"> {
  const ofOperations = parts.map((part) => operationLines(traffic, part));
  const printed = [
    ...ofOperations,
    drainLines(traffic, parts),
    repairLines(repairPasses, total("RepairsLeft", traffic, parts) > 0),
  ].filter(({ count }) => count > 0);
  const sumOf = (value: (lines: PrintedLines) => number) =>
    printed.reduce((sum, lines) => sum + value(lines), 0);
  // Each of an operation's counts twice: by migration and operation, and by the migration alone.
  const byMigration = new Set(printed.flatMap(({ metrics }) => metrics.map(({ name }) => name)));
  const byOperation = sumOf(({ of, metrics }) => (of === "operation" ? metrics.length : 0));
  return {
    logs: {
      lines: sumOf(({ count }) => count),
      bytes: sumOf(({ of, count, metrics }) => count * metricLineBytes(of, metrics)),
    },
    cloudWatch: {
      metrics: byMigration.size + byOperation,
      alarmMetrics: ALARM_METRICS + (hasDualWrites(traffic) ? REPAIR_ALARM_METRICS : 0),
      compositeAlarms: 1,
      dashboards: 1,
    },
  };
}

/** A line for each invocation that calls the operation. */
function operationLines({ invocations }: WholeTraffic, { operation, counted }: Part): PrintedLines {
  const calls = Math.max(1, operation.calls);
  return {
    of: "operation",
    count: invocations * Math.min(1, operation.calls),
    metrics: Array.from(counted, ([name, share]) => ({
      name,
      share: happens(share, { calls }),
      values: Math.max(1, share * calls),
    })),
  };
}

function migrationLines(count: number, names: readonly MetricName[]): PrintedLines {
  const metrics = names.map((name) => ({ name, share: 1, values: 1 }));
  return { of: "migration", count, metrics };
}

function drainLines(traffic: WholeTraffic, parts: readonly Part[]): PrintedLines {
  const names = { inline: ["DrainedInline"], early: ["DrainedEarly", "Held"] } as const;
  const drained = traffic.invocations * drainedInvocations(traffic, parts);
  return migrationLines(drained, names[traffic.response]);
}

function repairLines(passes: number, repaired: boolean): PrintedLines {
  return migrationLines(passes, repaired ? ["RepairsPending", "RepairsDone"] : ["RepairsPending"]);
}

/** The share of invocations that have work left when their handler is done. */
function drainedInvocations(traffic: WholeTraffic, parts: readonly Part[]): number {
  const { outlasted } = traffic;
  const idle = parts.map(({ operation, counted }) => {
    const stored = Math.min(1, counted.get("RecordsStored") ?? 0);
    const compared = counted.get("Comparisons") ?? 0;
    const calibrated = counted.get("Calibrations") ?? 0;
    const either = 1 - (1 - compared) * (1 - calibrated);
    const share = operation.kind === "read" ? Math.max(stored, outlasted * either) : compared;
    return 1 - happens(share, operation);
  });
  return 1 - idle.reduce((product, share) => product * share, 1);
}
