import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  TextWidget,
  type IMetric,
  type IWidget,
} from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import type { MetricName } from "../metrics/names.ts";
import type { AlarmThresholds, MigrationAlarms } from "./alarms.ts";
import type { MigrationMetrics } from "./metrics.ts";

/** A migration at a glance: who answers, whether they agree, how fast they are, what is left to do. */
export function createDashboard(
  scope: Construct,
  options: {
    readonly migrationName: string;
    readonly stage: string;
    readonly metrics: MigrationMetrics;
    readonly alarms: MigrationAlarms;
    readonly thresholds: AlarmThresholds;
    readonly runbookUrl: string | undefined;
  },
): Dashboard {
  const { migrationName, stage, metrics, alarms, thresholds, runbookUrl } = options;
  const counts = (title: string, ...names: MetricName[]): IWidget =>
    graph(
      title,
      names.map((name) => metrics.metric(name)),
    );
  const { unhealthy, ...others } = alarms;
  const runbook = runbookUrl === undefined ? "" : `\n\n[Runbook](${runbookUrl})`;
  return new Dashboard(scope, "Dashboard", {
    dashboardName: `segue-${migrationName}-${stage}`,
    widgets: [
      [
        new TextWidget({
          markdown:
            `# ${migrationName} (${stage})\n\nV1 alone is called in \`old\`, V2 alone in \`new\`, both in ` +
            `between. In \`shadow\` a mismatch is a finding: V1 answers.${runbook}`,
          width: 12,
          height: 4,
        }),
        new AlarmStatusWidget({
          title: "Alarms",
          alarms: [unhealthy, ...Object.values(others).filter((alarm) => alarm !== undefined)],
          width: 12,
          height: 4,
        }),
      ],
      [
        counts("Mode: calls of each version", "V1Calls", "V2Calls"),
        new GraphWidget({
          title: "Mismatch rate (%)",
          left: [metrics.mismatchRate()],
          leftAnnotations: [{ value: thresholds.mismatchRatePercent ?? 1, label: "alarm" }],
          leftYAxis: { min: 0 },
          width: 8,
        }),
        counts("Comparisons", "Comparisons", "Disagreements", "SkippedByBreaker", "SkippedByCap"),
      ],
      [
        graph(
          "Latency (ms)",
          (["V1Latency", "V2Latency"] as const).flatMap((name) =>
            ["p50", "p99"].map((statistic) =>
              metrics.metric(name, statistic).with({ label: `${name} ${statistic}` }),
            ),
          ),
        ),
        counts("Errors", "V1Errors", "V2Errors", "SecondaryErrors", "Timeouts"),
        counts("Fallbacks", "Fallbacks"),
      ],
      [
        counts("Records", "RecordsStored", "RecordsCapped", "RecordsDiverted"),
        counts("Repairs", "RepairsLeft", "RepairsDone", "RepairsFailed", "RepairsPending"),
        counts(
          "Mode document",
          "ModeReadFailures",
          "ModeDocumentsRefused",
          "ModeDefaulted",
          "GateRefusals",
          "GateOverrides",
          "GuardRollbacks",
        ),
      ],
    ],
  });
}

function graph(title: string, left: IMetric[]): IWidget {
  return new GraphWidget({ title, left, leftYAxis: { min: 0 }, width: 8 });
}
