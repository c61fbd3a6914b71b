import { randomUUID } from "node:crypto";
import type { Alarm, AlarmStateDetail } from "./alarm.ts";
import { longTime } from "./alarm-reason.ts";

interface EventState {
  readonly value: string;
  readonly reason: string;
  /** JSON. */
  readonly reasonData?: string;
  readonly timestamp: string;
}

/** The event that CloudWatch sends to EventBridge when an alarm's state changes. */
export interface AlarmStateChangeEvent {
  readonly version: "0";
  readonly id: string;
  readonly "detail-type": "CloudWatch Alarm State Change";
  readonly source: "aws.cloudwatch";
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly [alarmArn: string];
  readonly detail: {
    readonly alarmName: string;
    readonly configuration: Readonly<Record<string, unknown>>;
    readonly previousState: EventState;
    readonly state: EventState;
  };
}

export function stateChangeEvent(
  { arn, config, state }: Alarm,
  previous: AlarmStateDetail,
): AlarmStateChangeEvent {
  const [, , , region, account] = arn.split(":");
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": "CloudWatch Alarm State Change",
    source: "aws.cloudwatch",
    account: account!,
    time: `${new Date(state.timestamp).toISOString().slice(0, 19)}Z`,
    region: region!,
    resources: [arn],
    detail: {
      alarmName: config.name,
      configuration: configurationOf(config),
      previousState: eventState(previous),
      state: eventState(state),
    },
  };
}

const eventState = ({ value, reason, reasonData, timestamp }: AlarmStateDetail): EventState => ({
  value,
  reason,
  ...(reasonData !== undefined && { reasonData }),
  timestamp: longTime(timestamp),
});

function configurationOf(config: Alarm["config"]): Record<string, unknown> {
  const description = config.description === undefined ? {} : { description: config.description };
  if (config.kind === "composite") return { ...description, alarmRule: config.rule };
  return {
    ...description,
    metrics: config.queries.map(({ id, label, returnData, source }) => ({
      id,
      ...(label !== undefined && { label }),
      ...("tree" in source
        ? { expression: source.expression }
        : {
            metricStat: {
              metric: source.metric,
              period: source.periodSeconds,
              stat: source.stat,
              ...(source.unit !== undefined && { unit: source.unit }),
            },
          }),
      returnData,
    })),
  };
}
