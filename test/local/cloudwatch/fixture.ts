import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import * as cw from "@aws-sdk/client-cloudwatch";
import type { TestContext } from "node:test";
import { createCloudWatch } from "../../../lib/local/cloudwatch/index.ts";
import type { AlarmStateChangeEvent } from "../../../lib/local/cloudwatch/index.ts";
import { manualClock } from "../../../lib/local/clock.ts";
import { CLIENT, serve } from "../appconfig/serve.ts";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const ARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:";

/** A CloudWatch behind HTTP, with an SDK client on it. */
export async function cloudWatchFixture(test: TestContext) {
  const clock = manualClock();
  const cloudWatch = createCloudWatch({ clock });
  const { endpoint, close } = await serve(cloudWatch);
  const client = new CloudWatchClient({ ...CLIENT, endpoint });
  const events: AlarmStateChangeEvent[] = [];
  cloudWatch.onAlarmStateChange((event) => events.push(event));
  test.after(async () => {
    client.destroy();
    await cloudWatch.close();
    await close();
  });

  const putAlarm = (input: Partial<cw.PutMetricAlarmCommandInput> = {}) =>
    client.send(
      new cw.PutMetricAlarmCommand({
        AlarmName: "errors",
        ...(input.Metrics === undefined && {
          Namespace: "Segue",
          MetricName: "Errors",
          Statistic: input.ExtendedStatistic === undefined ? "Sum" : undefined,
          Period: 60,
        }),
        Threshold: 1,
        ComparisonOperator: "GreaterThanOrEqualToThreshold",
        EvaluationPeriods: 1,
        ...input,
      }),
    );

  return {
    clock,
    cloudWatch,
    client,
    events,
    putAlarm,
    put: (MetricName: string, datum: Partial<cw.MetricDatum> | number, Namespace = "Segue") =>
      client.send(
        new cw.PutMetricDataCommand({
          Namespace,
          MetricData: [{ MetricName, ...(typeof datum === "number" ? { Value: datum } : datum) }],
        }),
      ),
    state: (name = "errors") => cloudWatch.alarmState(ARN + name),
    composite: (AlarmName: string, AlarmRule: string) =>
      client.send(new cw.PutCompositeAlarmCommand({ AlarmName, AlarmRule })),
    /** Values by the minute since the start. */
    query: async (
      MetricDataQueries: cw.MetricDataQuery[],
      input: Partial<cw.GetMetricDataCommandInput> = {},
    ): Promise<Record<string, [minute: number, value: number][]>> => {
      const start = Date.UTC(2026, 0, 1);
      const { MetricDataResults } = await client.send(
        new cw.GetMetricDataCommand({
          StartTime: new Date(start),
          EndTime: new Date(start + HOUR),
          ScanBy: "TimestampAscending",
          MetricDataQueries,
          ...input,
        }),
      );
      return Object.fromEntries(
        MetricDataResults!.map(({ Id, Timestamps, Values }) => [
          Id!,
          Timestamps!.map(
            (at, index) => [(+at - start) / MINUTE, Values![index]!] as [number, number],
          ),
        ]),
      );
    },
  };
}

/** A MetricDataQuery for a metric of Segue. */
export const metric = (
  Id: string,
  MetricName: string,
  Stat = "Sum",
  ReturnData = true,
): cw.MetricDataQuery => ({
  Id,
  MetricStat: { Metric: { Namespace: "Segue", MetricName }, Period: 60, Stat },
  ReturnData,
});
