import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { PutMetricAlarmCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Migration } from "../../lib/cdk/index.ts";
import type { MetricName } from "../../lib/metrics/names.ts";
import { ARN, cloudWatchFixture, MINUTE } from "../local/cloudwatch/fixture.ts";

const app = new App({ context: { "aws:cdk:bundling-stacks": [] } });
const stack = new Stack(app, "Test");
new Migration(stack, "M", { migrationName: "things", dualWrites: true });
const alarms = Template.fromStack(stack).findResources("AWS::CloudWatch::Alarm");

type Minute = Partial<Record<MetricName, number>>;

/** The state of one of the construct's alarms after minutes of the same. */
async function stateAfter(test: TestContext, id: string, minute: Minute, minutes = 1) {
  const { clock, client, state } = await cloudWatchFixture(test);
  const [, alarm] = Object.entries(alarms).find(([key]) => key.startsWith(`M${id}`))!;
  const { AlarmDescription: _, ...properties } = alarm.Properties;
  await client.send(new PutMetricAlarmCommand({ ...properties, AlarmName: id }));
  for (let at = 0; at < minutes; at++) {
    await client.send(
      new PutMetricDataCommand({
        Namespace: "Segue",
        MetricData: Object.entries(minute).map(([MetricName, Value]) => ({
          MetricName,
          Value,
          Dimensions: [{ Name: "Migration", Value: "things" }],
        })),
      }),
    );
    await clock.advance(MINUTE);
  }
  assert.ok(state(id), `${ARN}${id}`);
  return state(id);
}

describe("the alarms, on CloudWatch's arithmetic", () => {
  const table: [alarm: string, what: string, minute: Minute, minutes: number, state: string][] = [
    ["MismatchRate", "too many disagree", { Comparisons: 100, Disagreements: 2 }, 1, "ALARM"],
    ["MismatchRate", "some disagree", { Comparisons: 100, Disagreements: 1 }, 1, "OK"],
    ["MismatchRate", "all agree", { Comparisons: 100 }, 1, "OK"],
    ["MismatchRate", "too few to tell", { Comparisons: 19, Disagreements: 19 }, 1, "OK"],
    ["MismatchRate", "nothing is compared", { V1Calls: 100 }, 1, "OK"],
    ["V2Errors", "V2 fails, V1 doesn't", { V1Calls: 100, V2Calls: 100, V2Errors: 6 }, 1, "ALARM"],
    [
      "V2Errors",
      "both fail alike",
      { V1Calls: 100, V1Errors: 50, V2Calls: 100, V2Errors: 54 },
      1,
      "OK",
    ],
    [
      "V2Errors",
      "V2 fails in new, where V1 isn't called",
      { V2Calls: 100, V2Errors: 6 },
      1,
      "ALARM",
    ],
    ["V2Errors", "V2 is well in new", { V2Calls: 100 }, 1, "OK"],
    ["V2Errors", "V1 alone fails", { V1Calls: 100, V1Errors: 90, V2Calls: 100 }, 1, "OK"],
    ["V2Errors", "too few to tell", { V2Calls: 19, V2Errors: 19 }, 1, "OK"],
    ["Fallbacks", "V1 steps in", { V2Calls: 100, Fallbacks: 6 }, 1, "ALARM"],
    ["Fallbacks", "V1 needn't", { V2Calls: 100 }, 1, "OK"],
    [
      "V2Latency",
      "V2 is slow for five minutes",
      { Comparisons: 20, V1Latency: 40, V2Latency: 120 },
      5,
      "ALARM",
    ],
    [
      "V2Latency",
      "V2 is slow for four",
      { Comparisons: 20, V1Latency: 40, V2Latency: 120 },
      4,
      "OK",
    ],
    [
      "V2Latency",
      "V2 is slower, but fast",
      { Comparisons: 20, V1Latency: 4, V2Latency: 50 },
      5,
      "OK",
    ],
    ["V2Latency", "V1 isn't called", { V2Latency: 5_000 }, 5, "OK"],
    [
      "SecondaryErrors",
      "it times out",
      { Comparisons: 100, Timeouts: 4, SecondaryErrors: 2 },
      1,
      "ALARM",
    ],
    ["SecondaryErrors", "it fails alone", { Comparisons: 100, SecondaryErrors: 6 }, 1, "ALARM"],
    ["DivertedRecords", "a record", { RecordsDiverted: 1 }, 1, "ALARM"],
    ["DivertedRecords", "a repair's entry", { RepairsDiverted: 1 }, 1, "ALARM"],
    [
      "ModeReadFailures",
      "for three minutes",
      { ModeReadFailures: 6, ModeDefaulted: 5 },
      3,
      "ALARM",
    ],
    ["ModeReadFailures", "for two minutes", { ModeReadFailures: 6, ModeDefaulted: 5 }, 2, "OK"],
    ["PendingRepairs", "for 15 minutes", { RepairsPending: 1 }, 16, "ALARM"],
    ["PendingRepairs", "none", { RepairsPending: 0 }, 16, "OK"],
  ];
  for (const [alarm, what, minute, minutes, state] of table) {
    it(`${alarm} is ${state}: ${what}`, async (test) => {
      assert.equal(await stateAfter(test, alarm, minute, minutes), state);
    });
  }
});
