import { longTime } from "./alarm-reason.ts";
import type { Alarm, AlarmStateDetail } from "./alarm.ts";

/** What an alarm does when its state has changed. */
export interface AlarmAction {
  readonly alarmArn: string;
  /** The topic that it tells: the one kind of action that the local cloud has. */
  readonly topicArn: string;
  readonly subject: string;
  /** JSON. */
  readonly message: string;
}

/** What an alarm's new state starts: nothing, where its actions are disabled. */
export function actionsOf(alarm: Alarm, previous: AlarmStateDetail): AlarmAction[] {
  const { config, state } = alarm;
  if (!config.actionsEnabled) return [];
  const actions = {
    ALARM: config.alarmActions,
    OK: config.okActions,
    INSUFFICIENT_DATA: config.insufficientDataActions,
  }[state.value];
  const [, , , region] = alarm.arn.split(":");
  // A subject is ASCII, and no longer.
  const subject = `${state.value}: "${config.name}" in ${region}`
    .replaceAll(/[^\x20-\x7e]/g, "?")
    .slice(0, 100);
  const message = JSON.stringify(notification(alarm, previous));
  return actions.map((topicArn) => ({ alarmArn: alarm.arn, topicArn, subject, message }));
}

/** The members that AWS's notification has, but for `Trigger`, the metric as the alarm has it. */
function notification({ arn, config, configuredAt, state }: Alarm, previous: AlarmStateDetail) {
  const [, , , region, account] = arn.split(":");
  return {
    AlarmName: config.name,
    AlarmDescription: config.description ?? null,
    AWSAccountId: account,
    AlarmConfigurationUpdatedTimestamp: longTime(configuredAt),
    NewStateValue: state.value,
    NewStateReason: state.reason,
    StateChangeTime: longTime(state.timestamp),
    Region: region,
    AlarmArn: arn,
    OldStateValue: previous.value,
    OKActions: config.okActions,
    AlarmActions: config.alarmActions,
    InsufficientDataActions: config.insufficientDataActions,
    ...(config.kind === "composite" && { AlarmRule: config.rule }),
  };
}
