import { ListTopicsCommand, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { manualClock } from "../../../lib/local/clock.ts";
import { createSns } from "../../../lib/local/sns/index.ts";
import { CLIENT, serve } from "../appconfig/serve.ts";

const SITE = { stackName: "Shop", region: "us-east-1", account: "123456789012" } as const;
const TopicArn = "arn:aws:sns:us-east-1:123456789012:news";
const READER = "arn:aws:lambda:us-east-1:123456789012:function:reader";

async function fixture(t: TestContext, fail = false) {
  const invoked: { topic?: string; functionArn: string; event: any }[] = [];
  const policies: unknown[] = [];
  const sns = createSns({
    clock: manualClock(),
    invokeFunction({ sourceArn }, functionArn, event) {
      if (fail) throw new Error("no leave");
      invoked.push({ topic: sourceArn, functionArn, event });
    },
    addResourcePolicy: (arn, document) => policies.push([arn, document]),
  });
  const { endpoint, close } = await serve(sns);
  const client = new SNSClient({ ...CLIENT, endpoint });
  t.after(async () => {
    client.destroy();
    await close();
  });
  const make = async (type: string, properties: object, logicalId = type) =>
    sns.resources[`AWS::SNS::${type}`]!({ ...properties }, { ...SITE, logicalId });
  const publish = (input: object) =>
    client.send(new PublishCommand({ TopicArn, Message: "hello", ...input }));
  return { sns, client, make, publish, invoked, policies };
}

test("what is published is kept, and functions that are subscribed get it", async (t) => {
  const { sns, make, publish, invoked } = await fixture(t);
  assert.deepEqual(await make("Topic", { TopicName: "news" }), {
    ref: TopicArn,
    attributes: { TopicArn, TopicName: "news" },
  });
  await make("Subscription", { TopicArn, Protocol: "lambda", Endpoint: READER });
  await make("Subscription", { TopicArn, Protocol: "email", Endpoint: "a@example.com" }, "Mail");
  assert.deepEqual(
    sns.subscriptions(TopicArn).map(({ protocol, endpoint }) => [protocol, endpoint]),
    [
      ["lambda", READER],
      ["email", "a@example.com"],
    ],
  );

  const Message = 'rolled back: <"mode"> & \u{1F3B5} =?%';
  const { MessageId } = await publish({
    Message,
    Subject: "Rollback",
    MessageAttributes: { migration: { DataType: "String", StringValue: "customer-ids" } },
  });
  const attributes = { migration: { Type: "String", Value: "customer-ids" } };
  assert.deepEqual(sns.messages(TopicArn), [
    {
      id: MessageId,
      topicArn: TopicArn,
      subject: "Rollback",
      message: Message,
      attributes,
      publishedAt: Date.UTC(2026, 0, 1),
    },
  ]);
  const [{ topic, functionArn, event }] = invoked as [(typeof invoked)[number]];
  assert.equal(topic, TopicArn);
  assert.equal(functionArn, READER);
  const [{ EventSource, EventSubscriptionArn, Sns }] = event.Records;
  assert.deepEqual([EventSource, EventSubscriptionArn], ["aws:sns", `${TopicArn}:Subscription`]);
  assert.deepEqual(
    [Sns.Type, Sns.MessageId, Sns.TopicArn, Sns.Subject, Sns.Message, Sns.MessageAttributes],
    ["Notification", MessageId, TopicArn, "Rollback", Message, attributes],
  );
  assert.equal(Sns.Timestamp, "2026-01-01T00:00:00.000Z");
});

test("a subscription within its topic counts too", async (t) => {
  const { make, publish, invoked } = await fixture(t);
  const Subscription = [{ Protocol: "lambda", Endpoint: READER }];
  await make("Topic", { TopicName: "news", Subscription });
  await publish({});
  assert.equal(invoked.length, 1);
});

test("a subscriber that can't be reached is no matter of who publishes", async (t) => {
  const { make, publish } = await fixture(t, true);
  const said = t.mock.method(console, "error", () => {});
  await make("Topic", { TopicName: "news" });
  await make("Subscription", { TopicArn, Protocol: "lambda", Endpoint: READER });
  await publish({});
  assert.match(String(said.mock.calls[0]!.arguments[0]), /topic news: no leave/);
});

test("a topic's policy is handed on", async (t) => {
  const { make, policies } = await fixture(t);
  await make("Topic", { TopicName: "news" });
  const PolicyDocument = { Statement: [] };
  await make("TopicPolicy", { Topics: [TopicArn], PolicyDocument });
  assert.deepEqual(policies, [[TopicArn, PolicyDocument]]);
});

test("a name that the template leaves out is made up", async (t) => {
  const { make } = await fixture(t);
  const { ref } = await make("Topic", {});
  assert.match(ref, /:Shop-Topic-[0-9A-F]{12}$/);
});

test("what AWS would refuse, and what the local cloud can't do, is refused", async (t) => {
  const { sns, client, make, publish } = await fixture(t);
  await make("Topic", { TopicName: "news" });
  const refused: [object, string][] = [
    [{ TopicArn: `${TopicArn}2` }, "NotFoundException"],
    [{ TopicArn: undefined, PhoneNumber: "+15550100" }, "NotFoundException"],
    [{ Message: "" }, "InvalidParameterException"],
    [{ Message: "x".repeat(256 * 1024 + 1) }, "InvalidParameterException"],
    [{ Subject: "x".repeat(101) }, "InvalidParameterException"],
    [{ Subject: "a\nb" }, "InvalidParameterException"],
    [{ MessageStructure: "json" }, "InvalidParameterException"],
  ];
  for (const [input, name] of refused) {
    await assert.rejects(publish(input), { name }, JSON.stringify(input).slice(0, 60));
  }
  await assert.rejects(publish({ MessageStructure: "json" }), {
    message: "Invalid parameter: MessageStructure: not supported by the local cloud's SNS",
  });
  await assert.rejects(client.send(new ListTopicsCommand()), { name: "InvalidAction" });
  assert.throws(() => sns.messages("arn:none"), { message: "Topic does not exist" });
  assert.deepEqual(sns.messages(TopicArn), []);

  const templates: [string, object, RegExp][] = [
    ["Topic", { FifoTopic: true }, /FifoTopic/],
    ["Topic", { Policy: {} }, /unknown property Policy/],
    ["Subscription", { TopicArn, Protocol: "sqs", Endpoint: "q" }, /Protocol: got sqs/],
    ["Subscription", { TopicArn, Protocol: "email" }, /Endpoint is required/],
    ["Subscription", { TopicArn, FilterPolicy: {} }, /unknown property FilterPolicy/],
    ["Subscription", { TopicArn: "x", Protocol: "email", Endpoint: "e" }, /Topic does not exist/],
  ];
  for (const [type, properties, message] of templates) {
    await assert.rejects(make(type, properties), { message });
  }
});
