import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  TreatMissingData,
  type IMetric,
} from "aws-cdk-lib/aws-cloudwatch";
import type { Construct } from "constructs";
import { checkNumber } from "../options.ts";
import type { MigrationMetrics } from "./metrics.ts";

/** Where a migration's alarms go off. Each is about one `alarmPeriod`, if it says nothing else. */
export interface AlarmThresholds {
  /**
   * The mismatch rate, in percent of the comparisons, above which the alarm goes off.
   * @default 1
   */
  readonly mismatchRatePercent?: number;
  /**
   * Secondaries that fail or don't settle in time, in percent of the comparisons.
   * @default 5
   */
  readonly secondaryErrorRatePercent?: number;
  /**
   * Percentage points by which V2's error rate may be above V1's; where V1 isn't called, as in `new`,
   * above 0.
   * @default 5
   */
  readonly v2ErrorRateExcessPercent?: number;
  /**
   * Calls that V1 answers for a failing V2, in percent of V2's calls.
   * @default 5
   */
  readonly fallbackRatePercent?: number;
  /**
   * V2's p99 latency as a multiple of V1's, for five periods on end.
   * @default 2
   */
  readonly latencyRatio?: number;
  /**
   * How much V2's p99 may be above V1's whatever the ratio.
   * @default Duration.millis(50)
   */
  readonly latencyAllowance?: Duration;
  /**
   * Records that went to the log since the table didn't take them.
   * @default 0
   */
  readonly divertedRecords?: number;
  /**
   * Repairs that wait, for 15 minutes on end. Only with `dualWrites`.
   * @default 0
   */
  readonly pendingRepairs?: number;
  /**
   * Reads of the mode that failed, for three periods on end.
   * @default 10
   */
  readonly modeReadFailures?: number;
}

/** A migration's alarms. */
export interface MigrationAlarms {
  readonly mismatchRate: Alarm;
  readonly v2Errors: Alarm;
  readonly fallbacks: Alarm;
  readonly latency: Alarm;
  readonly secondaryErrors: Alarm;
  readonly divertedRecords: Alarm;
  readonly modeReadFailures: Alarm;
  /** `undefined` without dual writes. */
  readonly pendingRepairs: Alarm | undefined;
  /** In alarm when one is that a rollback helps against: the first four. */
  readonly unhealthy: CompositeAlarm;
}

/** @throws {TypeError | RangeError} naming the threshold, what it got and what is allowed. */
export function checkAlarmThresholds(thresholds: AlarmThresholds): void {
  const percents = [
    "mismatchRatePercent",
    "secondaryErrorRatePercent",
    "v2ErrorRateExcessPercent",
    "fallbackRatePercent",
  ] as const;
  for (const name of percents) checkNumber(name, thresholds[name], 0, 100);
  const counts = ["latencyRatio", "divertedRecords", "pendingRepairs", "modeReadFailures"] as const;
  for (const name of counts) checkNumber(name, thresholds[name], 0, Number.MAX_SAFE_INTEGER);
}

/** Makes a migration's alarms. The construct ids are a contract: CloudFormation goes by them. */
export function createAlarms(
  scope: Construct,
  options: {
    readonly migrationName: string;
    readonly metrics: MigrationMetrics;
    readonly thresholds: AlarmThresholds;
    readonly dualWrites: boolean;
    readonly runbookUrl: string | undefined;
  },
): MigrationAlarms {
  const { migrationName, metrics, thresholds, runbookUrl } = options;
  const create = (id: string, alarm: MigrationAlarm): Alarm =>
    new Alarm(scope, id, {
      alarmDescription: `${migrationName}: ${alarm.says}.${runbook(runbookUrl, id)}`,
      metric: alarm.metric,
      threshold: alarm.above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: alarm.periods ?? 1,
      // No traffic, or a mode in which nothing is compared, is no reason to roll back.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });

  const mismatchPercent = thresholds.mismatchRatePercent ?? 1;
  const secondaryPercent = thresholds.secondaryErrorRatePercent ?? 5;
  const excessPercent = thresholds.v2ErrorRateExcessPercent ?? 5;
  const fallbackPercent = thresholds.fallbackRatePercent ?? 5;
  const latencyRatio = thresholds.latencyRatio ?? 2;
  const latencyAllowance = thresholds.latencyAllowance ?? Duration.millis(50);

  const mismatchRate = create("MismatchRate", {
    says: `V1 and V2 disagree in more than ${mismatchPercent} % of the comparisons`,
    metric: metrics.mismatchRate(),
    above: mismatchPercent,
  });
  const v2Errors = create("V2Errors", {
    says: `V2 fails more often than V1, by more than ${excessPercent} percentage points`,
    metric: metrics.v2ErrorRateExcess(),
    above: excessPercent,
  });
  const fallbacks = create("Fallbacks", {
    says: `V1 answers for a failing V2 in more than ${fallbackPercent} % of its calls`,
    metric: metrics.fallbackRate(),
    above: fallbackPercent,
  });
  const latency = create("V2Latency", {
    says: `V2's p99 latency is more than ${latencyRatio} times V1's`,
    metric: metrics.latencyRatio(latencyAllowance.toMilliseconds()),
    above: latencyRatio,
    // A p99 of few calls is their slowest, and a single slow one is no trend.
    periods: 5,
  });
  const secondaryErrors = create("SecondaryErrors", {
    says: `the secondary fails in more than ${secondaryPercent} % of the comparisons`,
    metric: metrics.secondaryErrorRate(),
    above: secondaryPercent,
  });
  const divertedRecords = create("DivertedRecords", {
    says: "records go to the log, since the table doesn't take them",
    metric: metrics.diverted(),
    above: thresholds.divertedRecords ?? 0,
  });
  const modeReadFailures = create("ModeReadFailures", {
    says: "functions can't read their mode, and keep to the last one they know",
    metric: metrics.modeReadFailures(),
    above: thresholds.modeReadFailures ?? 10,
    periods: 3,
  });
  const pendingRepairs = options.dualWrites
    ? create("PendingRepairs", {
        says: "repairs of dual writes wait, and don't get fewer",
        metric: metrics.metric("RepairsPending").with({ period: Duration.minutes(5) }),
        above: thresholds.pendingRepairs ?? 0,
        periods: 3,
      })
    : undefined;

  // AppConfig rolls back on INSUFFICIENT_DATA as it does on ALARM, and that is the state of a new
  // alarm until its first evaluation. A composite asks for ALARM and nothing else.
  const unhealthy = new CompositeAlarm(scope, "Unhealthy", {
    alarmDescription: `${migrationName}: V2 is not well.${runbook(runbookUrl, "Unhealthy")}`,
    alarmRule: AlarmRule.anyOf(
      ...[mismatchRate, v2Errors, fallbacks, latency].map((alarm) =>
        AlarmRule.fromAlarm(alarm, AlarmState.ALARM),
      ),
    ),
  });
  return {
    mismatchRate,
    v2Errors,
    fallbacks,
    latency,
    secondaryErrors,
    divertedRecords,
    modeReadFailures,
    pendingRepairs,
    unhealthy,
  };
}

interface MigrationAlarm {
  /** What is the matter when it goes off. */
  readonly says: string;
  readonly metric: IMetric;
  readonly above: number;
  /** How many periods on end. @default 1 */
  readonly periods?: number;
}

/** The runbook's section for an alarm: `…#mismatchrate`. */
function runbook(url: string | undefined, id: string): string {
  return url === undefined ? "" : ` Runbook: ${url}#${id.toLowerCase()}`;
}
