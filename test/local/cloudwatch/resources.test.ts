import * as cw from "@aws-sdk/client-cloudwatch";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ARN, cloudWatchFixture, MINUTE } from "./fixture.ts";

const SITE = {
  stackName: "Shop",
  logicalId: "Thing",
  region: "us-east-1",
  account: "000000000000",
} as const;

const ALARM = {
  Namespace: "Segue",
  MetricName: "Errors",
  Statistic: "Sum",
  Period: 60,
  Threshold: 1,
  EvaluationPeriods: 1,
  ComparisonOperator: "GreaterThanOrEqualToThreshold",
  TreatMissingData: "notBreaching",
};

test("a template's alarms and dashboards", async (t) => {
  const { cloudWatch, clock, client } = await cloudWatchFixture(t);
  const make = async (type: string, properties: Record<string, unknown>) =>
    cloudWatch.resources[`AWS::CloudWatch::${type}`]!(properties, SITE);
  const alarm = await make("Alarm", ALARM);
  assert.match(alarm.ref, /^Shop-Thing-[0-9A-F]{12}$/);
  assert.deepEqual(alarm.attributes, { Arn: ARN + alarm.ref });
  const composite = await make("CompositeAlarm", {
    AlarmName: "unhealthy",
    AlarmRule: `ALARM("${alarm.attributes?.["Arn"]}")`,
    Tags: [],
  });
  assert.equal(composite.ref, "unhealthy");
  await clock.advance(MINUTE);
  assert.equal(cloudWatch.alarmState(ARN + alarm.ref), "OK");

  const DashboardBody = '{"widgets":[]}';
  const dashboard = await make("Dashboard", { DashboardBody });
  const stored = await client.send(new cw.GetDashboardCommand({ DashboardName: dashboard.ref }));
  assert.equal(stored.DashboardBody, DashboardBody);
  const { DashboardEntries } = await client.send(new cw.ListDashboardsCommand({}));
  assert.equal(DashboardEntries?.[0]?.Size, 14);
  await client.send(new cw.DeleteDashboardsCommand({ DashboardNames: [dashboard.ref] }));
  await assert.rejects(client.send(new cw.GetDashboardCommand({ DashboardName: dashboard.ref })), {
    name: "ResourceNotFound",
    message: /Dashboard/,
  });
});

test("numbers and booleans may be text, as a template's parameters are", async (t) => {
  const { cloudWatch, client } = await cloudWatchFixture(t);
  const make = cloudWatch.resources["AWS::CloudWatch::Alarm"]!;
  await make(
    { ...ALARM, AlarmName: "a", Threshold: "2.5", Period: "60", ActionsEnabled: "false" },
    SITE,
  );
  const { MetricAlarms } = await client.send(new cw.DescribeAlarmsCommand({}));
  assert.equal(MetricAlarms?.[0]?.Threshold, 2.5);
  assert.equal(MetricAlarms[0].ActionsEnabled, false);
});

test("what a template says and the local cloud can't do is named", async (t) => {
  const { cloudWatch } = await cloudWatchFixture(t);
  const make = (type: string, properties: Record<string, unknown>) => async () =>
    cloudWatch.resources[`AWS::CloudWatch::${type}`]!(properties, SITE);
  await assert.rejects(
    make("Alarm", { ...ALARM, WarmUpConfiguration: {} }),
    /AWS::CloudWatch::Alarm Thing: unknown property WarmUpConfiguration/,
  );
  await assert.rejects(
    make("CompositeAlarm", { AlarmRule: "ALARM(x)" }),
    /AWS::CloudWatch::CompositeAlarm Thing: AlarmRule: alarms x do not exist/,
  );
  await assert.rejects(
    make("Alarm", { ...ALARM, Period: 7 }),
    /AWS::CloudWatch::Alarm Thing: Period/,
  );
});

test("a changed template's alarms keep their state, and what is gone takes its parents' leave", async (t) => {
  const { cloudWatch, clock, client } = await cloudWatchFixture(t);
  const made = async (type: string, properties: Record<string, unknown>) => ({
    type: `AWS::CloudWatch::${type}`,
    properties,
    created: await cloudWatch.resources[`AWS::CloudWatch::${type}`]!(properties, SITE),
  });
  const alarm = await made("Alarm", { ...ALARM, AlarmName: "errors" });
  const composite = await made("CompositeAlarm", {
    AlarmName: "unhealthy",
    AlarmRule: "ALARM(errors)",
  });
  const dashboard = await made("Dashboard", { DashboardBody: "{}" });
  await clock.advance(MINUTE);
  const kinds = cloudWatch.keptKinds!;
  const changed = { ...alarm.properties, Threshold: 2 };
  assert.deepEqual(await kinds[alarm.type]!.update!(alarm, changed, SITE), alarm.created);
  const describe = new cw.DescribeAlarmsCommand({ AlarmNames: ["errors"] });
  const [told] = (await client.send(describe)).MetricAlarms!;
  assert.deepEqual([told!.Threshold, told!.StateValue], [2, "OK"]);

  assert.throws(() => void kinds[alarm.type]!.remove(alarm), /unhealthy depends on it/);
  for (const kept of [dashboard, composite, alarm, alarm]) kinds[kept.type]!.remove(kept);
  assert.deepEqual((await client.send(describe)).MetricAlarms, []);
  const { DashboardEntries } = await client.send(new cw.ListDashboardsCommand({}));
  assert.deepEqual(DashboardEntries, []);
});
