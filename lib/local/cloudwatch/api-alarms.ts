import { readCompositeAlarm, readMetricAlarm } from "./alarm.ts";
import type { Alarm } from "./alarm.ts";
import type { AlarmState } from "./alarm-evaluation.ts";
import type { Alarms } from "./alarms.ts";
import { childrenOf } from "./composite-rule.ts";
import { CloudWatchError, missingParameter, validationError } from "./errors.ts";
import { list, oneOf, optionalNumber, optionalText, optionalTime, refuse, text } from "./input.ts";
import type { Input } from "./input.ts";
import { page } from "./paging.ts";

const MAX_RECORDS = { min: 1, max: 100, integer: true } as const;
const STATES = ["OK", "ALARM", "INSUFFICIENT_DATA"] as const;

export function putMetricAlarm(alarms: Alarms, input: Input): void {
  alarms.put(readMetricAlarm(input));
}

export function putCompositeAlarm(alarms: Alarms, input: Input): void {
  alarms.put(readCompositeAlarm(input));
}

export function describeAlarms(alarms: Alarms, input: Input) {
  refuse(input, "ActionPrefix");
  const names = list<string>(input, "AlarmNames", 100);
  const prefix = optionalText(input, "AlarmNamePrefix", 255);
  const state = oneOf(input, "StateValue", STATES);
  const children = optionalText(input, "ChildrenOfAlarmName");
  const parents = optionalText(input, "ParentsOfAlarmName");
  // Without types AWS gives metric alarms only.
  const types = list<string>(input, "AlarmTypes", 3);
  const wanted = types.length === 0 ? ["MetricAlarm"] : types;
  const related =
    children === undefined && parents === undefined
      ? undefined
      : relatives(alarms, children, parents);
  const matching = alarms.list().filter((alarm) => {
    const { config } = alarm;
    const type = config.kind === "metric" ? "MetricAlarm" : "CompositeAlarm";
    return (
      // Relatives are of both types whatever is asked for.
      (wanted.includes(type) || related !== undefined) &&
      (names.length === 0 || names.includes(config.name)) &&
      (prefix === undefined || config.name.startsWith(prefix)) &&
      (state === undefined || alarm.state.value === state) &&
      (related === undefined || related.includes(alarm))
    );
  });
  const sorted = matching.toSorted((a, b) => (a.config.name < b.config.name ? -1 : 1));
  const size = optionalNumber(input, "MaxRecords", MAX_RECORDS) ?? 50;
  const { items, NextToken } = page(sorted, input, size);
  return {
    MetricAlarms: items.filter(({ config }) => config.kind === "metric").map(alarmShape),
    CompositeAlarms: items.filter(({ config }) => config.kind === "composite").map(alarmShape),
    NextToken,
  };
}

function relatives(
  alarms: Alarms,
  childrenOfName: string | undefined,
  parentsOfName: string | undefined,
): (Alarm | undefined)[] {
  if (childrenOfName !== undefined) {
    const { config } = alarms.get(childrenOfName);
    return config.kind === "composite"
      ? childrenOf(config.tree).map((name) => alarms.find(name))
      : [];
  }
  return alarms.parentsOf(alarms.get(parentsOfName!));
}

function alarmShape({ arn, config, configuredAt, state, transitionedAt }: Alarm) {
  const common = {
    AlarmName: config.name,
    AlarmArn: arn,
    AlarmDescription: config.description,
    AlarmConfigurationUpdatedTimestamp: configuredAt / 1_000,
    ActionsEnabled: config.actionsEnabled,
    OKActions: config.okActions,
    AlarmActions: config.alarmActions,
    InsufficientDataActions: config.insufficientDataActions,
    StateValue: state.value,
    StateReason: state.reason,
    StateReasonData: state.reasonData,
    StateUpdatedTimestamp: state.timestamp / 1_000,
    StateTransitionedTimestamp: transitionedAt / 1_000,
  };
  if (config.kind === "composite") return { ...common, AlarmRule: config.rule };
  const { given } = config;
  return {
    ...common,
    EvaluationPeriods: config.evaluationPeriods,
    DatapointsToAlarm: given.DatapointsToAlarm,
    Threshold: config.threshold,
    ComparisonOperator: config.comparisonOperator,
    TreatMissingData: given.TreatMissingData,
    EvaluateLowSampleCountPercentile: given.EvaluateLowSampleCountPercentile,
    ...(config.single
      ? {
          MetricName: given.MetricName,
          Namespace: given.Namespace,
          Statistic: given.Statistic,
          ExtendedStatistic: given.ExtendedStatistic,
          Dimensions: given.Dimensions ?? [],
          Period: given.Period,
          Unit: given.Unit,
        }
      : { Metrics: given.Metrics }),
  };
}

export function describeAlarmHistory(alarms: Alarms, input: Input) {
  refuse(input, "AlarmContributorId");
  const name = optionalText(input, "AlarmName", 255);
  const types = list<string>(input, "AlarmTypes", 3);
  const itemType = optionalText(input, "HistoryItemType");
  const from = optionalTime(input, "StartDate") ?? -Infinity;
  const to = optionalTime(input, "EndDate") ?? Infinity;
  const order = oneOf(input, "ScanBy", ["TimestampDescending", "TimestampAscending"]);
  const matching = alarms.history().filter(
    (item) =>
      // Of AWS's item types only changes of state are recorded here.
      (itemType === undefined || itemType === "StateUpdate") &&
      (name === undefined || item.alarmName === name) &&
      (types.length === 0 ? item.alarmType === "MetricAlarm" : types.includes(item.alarmType)) &&
      item.timestamp >= from &&
      item.timestamp <= to,
  );
  const ordered = order === "TimestampAscending" ? matching.toReversed() : matching;
  const size = optionalNumber(input, "MaxRecords", MAX_RECORDS) ?? 100;
  const { items, NextToken } = page(ordered, input, size);
  return {
    AlarmHistoryItems: items.map((item) => ({
      AlarmName: item.alarmName,
      AlarmType: item.alarmType,
      Timestamp: item.timestamp / 1_000,
      HistoryItemType: "StateUpdate",
      HistorySummary: item.summary,
      HistoryData: item.data,
    })),
    NextToken,
  };
}

/** A metric alarm goes back to what its points say at its next evaluation, as in AWS. */
export function setAlarmState(alarms: Alarms, input: Input): void {
  const value: AlarmState | undefined = oneOf(input, "StateValue", STATES);
  if (value === undefined) throw missingParameter("StateValue");
  const reason = optionalText(input, "StateReason", 1023);
  if (reason === undefined) throw missingParameter("StateReason");
  const reasonData = optionalText(input, "StateReasonData", 4000);
  if (reasonData !== undefined && !isJson(reasonData)) {
    throw new CloudWatchError(
      400,
      "InvalidFormatFault",
      "InvalidFormat",
      "StateReasonData: no JSON",
    );
  }
  alarms.setState(text(input, "AlarmName", 255), value, reason, reasonData);
}

function isJson(data: string): boolean {
  try {
    JSON.parse(data);
    return true;
  } catch {
    return false;
  }
}

export function setActionsEnabled(alarms: Alarms, input: Input, enabled: boolean): void {
  for (const name of list<string>(input, "AlarmNames", 100)) {
    // Unknown names are passed over: that AWS does so is not verified.
    const alarm = alarms.find(name);
    if (alarm !== undefined) alarms.setActionsEnabled(alarm, enabled);
  }
}

export function deleteAlarms(alarms: Alarms, input: Input): void {
  const names = list<string>(input, "AlarmNames", 100);
  const composites = names.filter((name) => alarms.find(name)?.config.kind === "composite");
  if (composites.length > 1) {
    throw validationError(
      `AlarmNames: allowed is one composite alarm, got ${composites.join(", ")}`,
    );
  }
  alarms.delete(names);
}
