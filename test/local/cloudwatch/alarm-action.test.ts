import assert from "node:assert/strict";
import { test } from "node:test";
import { SetAlarmStateCommand, CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import {
  App,
  Stack,
  aws_cloudwatch as cloudwatch,
  aws_cloudwatch_actions as actions,
  aws_iam as iam,
  aws_sns as sns,
} from "aws-cdk-lib";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { manualClock } from "../../../lib/local/clock.ts";
import { openCloud } from "../../../lib/local/cloud.ts";

const TOPIC = "arn:aws:sns:us-east-1:123456789012:news";
const ALARM = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:unhealthy";

/** A composite alarm that tells a topic when it is in alarm, and of nothing else. */
async function open(
  t: TestContext,
  define: (topic: sns.Topic, alarm: cloudwatch.CompositeAlarm) => void,
) {
  const directory = mkdtempSync(join(tmpdir(), "segue-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const app = new App({ outdir: join(directory, "cdk.out"), analyticsReporting: false });
  const stack = new Stack(app, "Shop");
  const child = new cloudwatch.Alarm(stack, "Errors", {
    alarmName: "errors",
    metric: new cloudwatch.Metric({ namespace: "Shop", metricName: "Errors" }),
    threshold: 1,
    evaluationPeriods: 1,
  });
  const alarm = new cloudwatch.CompositeAlarm(stack, "Unhealthy", {
    compositeAlarmName: "unhealthy",
    alarmRule: cloudwatch.AlarmRule.fromAlarm(child, cloudwatch.AlarmState.ALARM),
  });
  const topic = new sns.Topic(stack, "Topic", { topicName: "news" });
  alarm.addAlarmAction(new actions.SnsAction(topic));
  define(topic, alarm);
  const cloud = await openCloud({ assembly: app.synth().directory, clock: manualClock() });
  t.after(() => cloud.close());
  const { endpoint, region, credentials } = cloud;
  const client = new CloudWatchClient({ endpoint, region, credentials });
  t.after(() => client.destroy());
  return {
    messages: () => cloud.sns.messages(TOPIC),
    set: (StateValue: "OK" | "ALARM") =>
      client.send(
        new SetAlarmStateCommand({ AlarmName: "errors", StateValue, StateReason: "a drill" }),
      ),
  };
}

test("an alarm tells its topic of the states that it has actions for", async (t) => {
  const { messages, set } = await open(t, () => {});
  assert.deepEqual(messages(), []);
  await set("ALARM");
  await set("OK");
  assert.equal(messages().length, 1);
  const [{ subject, message } = assert.fail()] = messages();
  assert.equal(subject, 'ALARM: "unhealthy" in us-east-1');
  const { NewStateReason, ...notification } = JSON.parse(message);
  assert.match(NewStateReason, /alarm:errors transitioned to ALARM/);
  assert.deepEqual(notification, {
    AlarmName: "unhealthy",
    AlarmDescription: null,
    AWSAccountId: "123456789012",
    AlarmConfigurationUpdatedTimestamp: "2026-01-01T00:00:00.000+0000",
    NewStateValue: "ALARM",
    StateChangeTime: "2026-01-01T00:00:00.000+0000",
    Region: "us-east-1",
    AlarmArn: ALARM,
    OldStateValue: "OK",
    OKActions: [],
    AlarmActions: [TOPIC],
    InsufficientDataActions: [],
    AlarmRule: 'ALARM("arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors")',
  });
});

test("a topic with a policy of its own lets in only the alarms that it names", async (t) => {
  const said = t.mock.method(console, "error", () => {});
  const policy = (service: string) => (topic: sns.Topic) =>
    void topic.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal(service)],
        actions: ["sns:Publish"],
        resources: [topic.topicArn],
        conditions: { ArnLike: { "aws:SourceArn": ALARM } },
      }),
    );
  const allowed = await open(t, policy("cloudwatch.amazonaws.com"));
  await allowed.set("ALARM");
  assert.equal(allowed.messages().length, 1);

  const refused = await open(t, policy("events.amazonaws.com"));
  await refused.set("ALARM");
  assert.equal(refused.messages().length, 0);
  assert.match(
    String(said.mock.calls[0]!.arguments[0]),
    /alarm:unhealthy: cloudwatch\.amazonaws\.com is not authorized to perform: SNS:Publish/,
  );
});

test("a topic that isn't there is said, and the next one is told", async (t) => {
  const said = t.mock.method(console, "error", () => {});
  const { messages, set } = await open(t, (_, alarm) => {
    (alarm.node.defaultChild as cloudwatch.CfnCompositeAlarm).alarmActions = [
      "arn:aws:sns:us-east-1:123456789012:gone",
      TOPIC,
    ];
    alarm.node.addDependency(alarm.stack.node.findChild("Topic"));
  });
  await set("ALARM");
  assert.equal(messages().length, 1);
  assert.match(String(said.mock.calls[0]!.arguments[0]), /Topic does not exist/);
});

test("an alarm whose actions are disabled tells nobody", async (t) => {
  const { messages, set } = await open(t, (_, alarm) => {
    (alarm.node.defaultChild as cloudwatch.CfnCompositeAlarm).actionsEnabled = false;
  });
  await set("ALARM");
  assert.deepEqual(messages(), []);
});
