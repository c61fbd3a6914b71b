import { COMPARISON_OPERATORS, MISSING_DATA_TREATMENTS } from "./alarm-evaluation.ts";
import type { AlarmCriteria, AlarmState } from "./alarm-evaluation.ts";
import { parseRule } from "./composite-rule.ts";
import type { RuleNode } from "./composite-rule.ts";
import { invalidCombination, missingParameter, validationError } from "./errors.ts";
import {
  dimensions,
  list,
  number,
  oneOf,
  optionalBoolean,
  optionalNumber,
  optionalText,
  refuse,
  text,
} from "./input.ts";
import type { Input } from "./input.ts";
import { readPeriod, readQueries } from "./queries.ts";
import type { MetricQuery } from "./queries.ts";
import { SIMPLE_STATISTICS, statistic } from "./statistics.ts";
import { UNITS } from "./units.ts";

const MAX_METRICS = 10;
const MAX_ACTIONS = 5;
const DAY_SECONDS = 86_400;

/** What metric alarms and composite alarms have in common. */
interface AlarmConfig {
  readonly name: string;
  readonly description: string | undefined;
  readonly actionsEnabled: boolean;
  readonly alarmActions: readonly string[];
  readonly okActions: readonly string[];
  readonly insufficientDataActions: readonly string[];
}

export interface MetricAlarmConfig extends AlarmConfig, AlarmCriteria {
  readonly kind: "metric";
  /** What decides is the one with `returnData`. A single metric is a query too, as `m1`. */
  readonly queries: readonly MetricQuery[];
  /** Whether it was given as one metric, and is described so, or as Metrics. */
  readonly single: boolean;
  readonly periodSeconds: number;
  /** As given, for DescribeAlarms. */
  readonly given: Input;
}

export interface CompositeAlarmConfig extends AlarmConfig {
  readonly kind: "composite";
  readonly rule: string;
  readonly tree: RuleNode;
}

export interface AlarmStateDetail {
  readonly value: AlarmState;
  readonly reason: string;
  /** JSON. */
  readonly reasonData: string | undefined;
  /** Epoch ms. */
  readonly timestamp: number;
}

export interface Alarm {
  readonly arn: string;
  config: MetricAlarmConfig | CompositeAlarmConfig;
  configuredAt: number;
  state: AlarmStateDetail;
  transitionedAt: number;
}

function readCommon(input: Input): AlarmConfig {
  refuse(input, "ActionConfiguration");
  return {
    name: text(input, "AlarmName", 255),
    description: optionalText(input, "AlarmDescription", 1024),
    actionsEnabled: optionalBoolean(input, "ActionsEnabled") ?? true,
    alarmActions: readActions(input, "AlarmActions"),
    okActions: readActions(input, "OKActions"),
    insufficientDataActions: readActions(input, "InsufficientDataActions"),
  };
}

/** Topics are told; EventBridge sees every change of state whether or not there are actions. */
function readActions(input: Input, name: string): string[] {
  const actions = list<string>(input, name, MAX_ACTIONS);
  for (const action of actions) {
    if (!action.startsWith("arn:aws:sns:")) {
      throw validationError(`${name}: ${action} is not performed by the local cloud's CloudWatch`);
    }
  }
  return actions;
}

/** @throws CloudWatchError, as PutMetricAlarm answers */
export function readMetricAlarm(input: Input): MetricAlarmConfig {
  refuse(
    input,
    "ThresholdMetricId",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "EvaluationCriteria",
    "EvaluationInterval",
  );
  // Percentiles here don't need many samples: only what AWS does by default.
  oneOf(input, "EvaluateLowSampleCountPercentile", ["evaluate"]);
  const single = input.Metrics === undefined || input.Metrics === null;
  const queries = single ? [readSingle(input)] : readMetrics(input);
  const periodSeconds = Math.max(
    ...queries.map(({ source }) => ("tree" in source ? 0 : source.periodSeconds)),
  );
  const comparisonOperator = oneOf(input, "ComparisonOperator", COMPARISON_OPERATORS);
  if (comparisonOperator === undefined) throw missingParameter("ComparisonOperator");
  const evaluationPeriods = number(input, "EvaluationPeriods", { min: 1, integer: true });
  const maxSeconds = periodSeconds >= 3600 ? 7 * DAY_SECONDS : DAY_SECONDS;
  if (evaluationPeriods * periodSeconds > maxSeconds) {
    throw validationError(
      `EvaluationPeriods: got ${evaluationPeriods} of ${periodSeconds} s, allowed are ${maxSeconds} s`,
    );
  }
  const m = optionalNumber(input, "DatapointsToAlarm", { min: 1, integer: true });
  if (m !== undefined && m > evaluationPeriods) {
    throw validationError(
      `DatapointsToAlarm: got ${m}, allowed are at most the ${evaluationPeriods} EvaluationPeriods`,
    );
  }
  return {
    ...readCommon(input),
    kind: "metric",
    queries,
    single,
    periodSeconds,
    comparisonOperator,
    threshold: number(input, "Threshold"),
    evaluationPeriods,
    datapointsToAlarm: m ?? evaluationPeriods,
    treatMissingData: oneOf(input, "TreatMissingData", MISSING_DATA_TREATMENTS) ?? "missing",
    given: input,
  };
}

function readSingle(input: Input): MetricQuery {
  const simple = oneOf(input, "Statistic", SIMPLE_STATISTICS);
  const extended = optionalText(input, "ExtendedStatistic");
  if ((simple === undefined) === (extended === undefined)) {
    throw invalidCombination("allowed is either Statistic or ExtendedStatistic");
  }
  const stat = simple ?? extended!;
  statistic(stat);
  return {
    id: "m1",
    label: undefined,
    returnData: true,
    source: {
      metric: {
        namespace: text(input, "Namespace", 255),
        name: text(input, "MetricName", 255),
        dimensions: dimensions(input),
      },
      periodSeconds: readPeriod(input, 10),
      stat,
      unit: oneOf(input, "Unit", UNITS),
    },
  };
}

function readMetrics(input: Input): MetricQuery[] {
  for (const name of ["MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period"]) {
    if (input[name] !== undefined)
      throw invalidCombination(`Metrics and ${name} exclude each other`);
  }
  const queries = readQueries(input, "Metrics", Infinity);
  const stats = queries.filter(({ source }) => !("tree" in source));
  if (stats.length > MAX_METRICS || stats.length === 0) {
    throw validationError(`Metrics: got ${stats.length} metrics, allowed are 1 to ${MAX_METRICS}`);
  }
  const periods = new Set(
    stats.map(({ source }) => ("tree" in source ? undefined : source.periodSeconds)),
  );
  if (stats.some(({ source }) => !("tree" in source) && source.periodSeconds < 10)) {
    throw validationError("Metrics: allowed are periods of 10 s and more");
  }
  if (periods.size > 1) throw validationError("Metrics: all must have the same period");
  if (queries.filter(({ returnData }) => returnData).length !== 1) {
    throw validationError("Metrics: exactly one must have ReturnData true");
  }
  return queries;
}

/** @throws CloudWatchError, as PutCompositeAlarm answers */
export function readCompositeAlarm(input: Input): CompositeAlarmConfig {
  refuse(
    input,
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
  );
  const rule = text(input, "AlarmRule", 10_240);
  return { ...readCommon(input), kind: "composite", rule, tree: parseRule(rule) };
}
