import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import {
  App,
  CfnOutput,
  Duration,
  Stack,
  aws_cloudwatch as cloudwatch,
  aws_events as events,
  aws_events_targets as targets,
  aws_kms as kms,
  aws_lambda as lambda,
  aws_sns as sns,
  aws_sns_subscriptions as subscriptions,
} from "aws-cdk-lib";
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { manualClock } from "../../lib/local/clock.ts";
import { openCloud, type CloudOptions } from "../../lib/local/cloud.ts";

const MINUTE = 60_000;

/** Tells a topic what it was started with. */
const guardSource = `
  const { SNSClient, PublishCommand } = require("@aws-sdk/client-sns");
  exports.handler = async (event) => {
    const Message = JSON.stringify(event);
    await new SNSClient().send(new PublishCommand({ TopicArn: process.env.TOPIC, Message }));
    console.log("guarded");
  };`;

const failingSource = `exports.handler = async (event) => {
  console.log("tried " + event.source);
  throw new Error("no");
};`;

const readerSource = `exports.handler = async ({ Records: [{ Sns }] }) => {
  console.log("read " + Sns.Message);
};`;

/**
 * An alarm that starts a guard, which tells a topic, which a function reads; and a scheduled function
 * that fails.
 */
function guardedStack(stack: Stack): void {
  const errors = new cloudwatch.Alarm(stack, "Errors", {
    metric: new cloudwatch.Metric({
      namespace: "Shop",
      metricName: "Errors",
      statistic: "Sum",
      period: Duration.minutes(1),
    }),
    threshold: 1,
    evaluationPeriods: 1,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  const unhealthy = new cloudwatch.CompositeAlarm(stack, "Unhealthy", {
    compositeAlarmName: "unhealthy",
    alarmRule: cloudwatch.AlarmRule.fromAlarm(errors, cloudwatch.AlarmState.ALARM),
  });
  const topic = new sns.Topic(stack, "Topic", {
    topicName: "news",
    masterKey: new kms.Key(stack, "Key", { alias: "news" }),
    enforceSSL: true,
  });
  const fn = (id: string, source: string, environment: Record<string, string> = {}) =>
    new lambda.Function(stack, id, {
      functionName: id,
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: "index.handler",
      code: lambda.Code.fromInline(source),
      timeout: Duration.seconds(20),
      environment,
    });
  const guard = fn("guard", guardSource, { TOPIC: topic.topicArn });
  topic.grantPublish(guard);
  topic.addSubscription(new subscriptions.LambdaSubscription(fn("reader", readerSource)));
  topic.addSubscription(new subscriptions.EmailSubscription("ops@example.com"));
  new events.Rule(stack, "OnUnhealthy", {
    eventPattern: {
      source: ["aws.cloudwatch"],
      detailType: ["CloudWatch Alarm State Change"],
      detail: { alarmName: [unhealthy.alarmName], state: { value: ["ALARM"] } },
    },
    targets: [
      new targets.LambdaFunction(guard, {
        event: events.RuleTargetInput.fromObject({
          alarm: events.EventField.fromPath("$.detail.alarmName"),
          state: events.EventField.fromPath("$.detail.state.value"),
          was: events.EventField.fromPath("$.detail.previousState.value"),
        }),
      }),
      new targets.SnsTopic(topic, {
        message: events.RuleTargetInput.fromText(
          `${events.EventField.fromPath("$.detail.alarmName")} is unhealthy`,
        ),
      }),
    ],
  });
  new events.Rule(stack, "Repair", {
    ruleName: "repair",
    schedule: events.Schedule.rate(Duration.minutes(5)),
    targets: [new targets.LambdaFunction(fn("repair", failingSource))],
  });
  new CfnOutput(stack, "TopicArn", { value: topic.topicArn });
}

async function open(t: TestContext, options: Partial<CloudOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "segue-test-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const app = new App({ outdir: join(directory, "cdk.out"), analyticsReporting: false });
  guardedStack(new Stack(app, "Shop"));
  const clock = manualClock();
  const printed = new EventEmitter();
  const lines: string[] = [];
  const cloud = await openCloud({
    assembly: app.synth().directory,
    clock,
    onLog({ line }) {
      lines.push(line);
      printed.emit("line");
    },
    ...options,
  });
  t.after(() => cloud.close());
  const client = new CloudWatchClient({
    endpoint: cloud.endpoint,
    region: cloud.region,
    credentials: cloud.credentials,
  });
  t.after(() => client.destroy());
  return {
    cloud,
    clock,
    lines,
    topicArn: cloud.outputs["Shop"]!["TopicArn"]!,
    async until(isSo: () => boolean) {
      while (!isSo()) await once(printed, "line", { signal: AbortSignal.timeout(20_000) });
    },
    fail: () =>
      client.send(
        new PutMetricDataCommand({
          Namespace: "Shop",
          MetricData: [{ MetricName: "Errors", Value: 5, Timestamp: new Date(clock.now()) }],
        }),
      ),
    async sum(namespace: string, metric: string, dimension: string, value: string) {
      const { Datapoints } = await client.send(
        new GetMetricStatisticsCommand({
          Namespace: namespace,
          MetricName: metric,
          Dimensions: [{ Name: dimension, Value: value }],
          StartTime: new Date(clock.now() - 60 * MINUTE),
          EndTime: new Date(clock.now() + MINUTE),
          Period: 7_200,
          Statistics: ["Sum"],
        }),
      );
      return Datapoints![0]?.Sum;
    },
  };
}

test("a composite alarm starts a guard, which tells a topic, which a function reads", async (t) => {
  const { cloud, clock, lines, topicArn, until, fail, sum } = await open(t);
  await clock.advance(MINUTE);
  assert.deepEqual(cloud.sns.messages(topicArn), [], "nothing on the way from new to OK");
  await fail();
  await clock.advance(MINUTE);
  const read = () => lines.filter((line) => line.startsWith("read "));
  await until(() => lines.includes("guarded") && read().length === 2);

  const messages = cloud.sns.messages(topicArn).map(({ message }) => JSON.parse(message));
  assert.deepEqual(messages, [
    "unhealthy is unhealthy",
    { alarm: "unhealthy", state: "ALARM", was: "OK" },
  ]);
  assert.deepEqual(
    read().toSorted(),
    cloud.sns.messages(topicArn).map(({ message }) => `read ${message}`),
  );
  await clock.advance(MINUTE);
  assert.equal(cloud.sns.messages(topicArn).length, 2, "once an alarm, though it goes on");

  // A function ends a little after it has printed.
  while ((await sum("AWS/Lambda", "Invocations", "FunctionName", "guard")) !== 1);
  assert.equal(await sum("AWS/Lambda", "Errors", "FunctionName", "guard"), 0);
  assert.equal(await sum("AWS/Lambda", "Throttles", "FunctionName", "guard"), 0);
  assert.ok((await sum("AWS/Lambda", "Duration", "FunctionName", "guard"))! > 0);
});

test("a scheduled function runs on the cloud's clock, and again when it fails", async (t) => {
  const { clock, lines, until, sum } = await open(t);
  const tries = () => lines.filter((line) => line === "tried aws.events").length;
  const failed = async (count: number) => {
    await until(() => tries() === count);
    // A function ends a little after it has printed.
    while ((await sum("AWS/Lambda", "Errors", "FunctionName", "repair")) !== count);
  };
  await clock.advance(5 * MINUTE - 1);
  assert.equal(tries(), 0);
  await clock.advance(1);
  await failed(1);
  await clock.advance(MINUTE);
  await failed(2);
  const said = t.mock.method(console, "error", () => {});
  await clock.advance(2 * MINUTE);
  await failed(3);
  assert.equal(await sum("AWS/Events", "Invocations", "RuleName", "repair"), 1);
  assert.match(String(said.mock.calls[0]?.arguments[0]), /asynchronous invocation .* failed/);
});

test("every grant is used, and what one of them is missing for is told", async (t) => {
  await t.test("used", async (each) => {
    const { cloud, clock, lines, until, fail } = await open(each);
    await fail();
    await clock.advance(5 * MINUTE);
    const count = (start: string) => lines.filter((line) => line.startsWith(start)).length;
    await until(() => count("guarded") === 1 && count("read") === 2 && count("tried") === 1);
    const unused = cloud.iam.grants().filter(({ uses }) => uses === 0);
    // There is nobody here to ask for a key.
    const actions = unused.map(({ statement }) => String(statement.Action));
    assert.deepEqual(
      actions.filter((action) => !action.startsWith("kms:")),
      [],
    );
  });

  await t.test("missing", async (each) => {
    const { cloud, clock, topicArn, fail, sum, until, lines } = await open(each, {
      withhold: ({ of, statement: { Principal } }) =>
        of.endsWith(":guard") && JSON.stringify(Principal).includes("events.amazonaws.com"),
    });
    const said = each.mock.method(console, "error", () => {});
    await fail();
    await clock.advance(MINUTE);
    await until(() => lines.some((line) => line.startsWith("read")));
    assert.equal(cloud.sns.messages(topicArn).length, 1, "the topic, but no guard");
    const rule = /rule (\S+): (.*)/.exec(String(said.mock.calls[0]!.arguments[0]))!;
    assert.equal(
      rule[2],
      "events.amazonaws.com is not authorized to perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:123456789012:function:guard because no resource-based policy allows the lambda:InvokeFunction action",
    );
    assert.equal(await sum("AWS/Events", "FailedInvocations", "RuleName", rule[1]!), 1);
  });
});

test("a function without leave to publish fails", async (t) => {
  const { clock, fail, cloud, topicArn, lines, until } = await open(t, {
    withhold: ({ of, statement }) => of.includes(":role/") && statement.Action === "sns:Publish",
  });
  await fail();
  await clock.advance(MINUTE);
  await until(() =>
    lines.some((line) => line.includes("is not authorized to perform: SNS:Publish")),
  );
  assert.equal(cloud.sns.messages(topicArn).length, 1);
});
