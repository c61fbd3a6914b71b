import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { manualClock } from "../../../lib/local/clock.ts";
import { createEvents, type BusEvent } from "../../../lib/local/events/index.ts";
import { serve } from "../appconfig/serve.ts";

const SITE = {
  stackName: "Shop",
  logicalId: "Rule",
  region: "us-east-1",
  account: "123456789012",
} as const;
const GUARD = "arn:aws:lambda:us-east-1:123456789012:function:guard";
const TOPIC = "arn:aws:sns:us-east-1:123456789012:news";
const MINUTE = 60_000;

const alarm: BusEvent = {
  version: "0",
  id: "1",
  "detail-type": "CloudWatch Alarm State Change",
  source: "aws.cloudwatch",
  account: SITE.account,
  time: "2026-01-01T00:00:00Z",
  region: SITE.region,
  resources: ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:unhealthy"],
  detail: { alarmName: "unhealthy", state: { value: "ALARM", reason: 'said "no"' } },
};

function fixture(t: TestContext, failing?: string) {
  const clock = manualClock();
  const delivered: { rule?: string; target: string; input: any }[] = [];
  const counts: string[] = [];
  const events = createEvents({
    ...SITE,
    clock,
    deliver({ sourceArn }, target, input) {
      if (target === failing) throw new Error("no leave");
      delivered.push({ rule: sourceArn?.split("/")[1], target, input });
    },
    count: (metric, rule) => counts.push(`${rule} ${metric}`),
  });
  t.after(() => events.close());
  const rule = (properties: Record<string, unknown>) =>
    events.resources["AWS::Events::Rule"]!(
      { Name: "rule", Targets: [{ Id: "Target0", Arn: GUARD }], ...properties },
      SITE,
    );
  return { clock, events, delivered, counts, rule };
}

test("an event goes to every target of every rule that matches and is enabled", async (t) => {
  const { events, delivered, counts, rule } = fixture(t);
  const EventPattern = { source: ["aws.cloudwatch"] };
  const made = await rule({
    Name: "guard",
    EventPattern,
    Targets: [
      { Id: "Target0", Arn: GUARD },
      { Id: "Target1", Arn: TOPIC, InputPath: "$.detail.alarmName" },
    ],
  });
  assert.deepEqual(made, {
    ref: "guard",
    attributes: { Arn: "arn:aws:events:us-east-1:123456789012:rule/guard" },
  });
  await rule({ Name: "off", EventPattern, State: "DISABLED" });
  await rule({ Name: "other", EventPattern: { source: ["aws.s3"] } });
  events.put(alarm);
  assert.deepEqual(delivered, [
    { rule: "guard", target: GUARD, input: alarm },
    { rule: "guard", target: TOPIC, input: "unhealthy" },
  ]);
  assert.deepEqual(counts, ["guard TriggeredRules", "guard Invocations", "guard Invocations"]);
});

test("a target that can't be reached is counted, and the others get theirs", async (t) => {
  const { events, delivered, counts, rule } = fixture(t, GUARD);
  const said = t.mock.method(console, "error", () => {});
  await rule({
    EventPattern: { source: ["aws.cloudwatch"] },
    Targets: [
      { Id: "Target0", Arn: GUARD },
      { Id: "Target1", Arn: TOPIC },
    ],
  });
  events.put(alarm);
  assert.deepEqual(
    delivered.map(({ target }) => target),
    [TOPIC],
  );
  assert.equal(counts.filter((count) => count === "rule FailedInvocations").length, 1);
  assert.match(String(said.mock.calls[0]!.arguments[0]), /rule rule: no leave/);
});

test("a target's input is the event, a constant, a part of it, or made of parts", async (t) => {
  const transformer = (InputTemplate: string) => ({
    InputTransformer: {
      InputPathsMap: { name: "$.detail.alarmName", state: "$.detail.state", none: "$.detail.x.y" },
      InputTemplate,
    },
  });
  const cases: [target: object, input: unknown][] = [
    [{}, alarm],
    [{ Input: '{"a":1}' }, { a: 1 }],
    [{ InputPath: "$" }, alarm],
    [{ InputPath: "$.detail.state.value" }, "ALARM"],
    [{ InputPath: "$.detail-type" }, "CloudWatch Alarm State Change"],
    [transformer('"<name> is bad"'), "unhealthy is bad"],
    [transformer('{"alarm":<name>,"state":<state>}'), { alarm: "unhealthy", ...alarmState }],
    [transformer('{"text":"<name>: <state>"}'), { text: `unhealthy: ${json(alarmState.state)}` }],
    [transformer('{"a":<none>,"b":"<none>"}'), { a: null, b: "" }],
  ];
  for (const [target, input] of cases) {
    const { events, delivered, rule } = fixture(t);
    await rule({
      EventPattern: { source: ["aws.cloudwatch"] },
      Targets: [{ Id: "Target0", Arn: GUARD, ...target }],
    });
    events.put(alarm);
    assert.deepEqual(delivered[0]?.input, input, JSON.stringify(target));
  }
});

const json = (value: unknown) => JSON.stringify(value);
const alarmState = { state: { value: "ALARM", reason: 'said "no"' } };

test("a schedule runs on the cloud's clock, until the cloud is closed", async (t) => {
  const { clock, events, delivered, rule } = fixture(t);
  await rule({ Name: "repair", ScheduleExpression: "rate(5 minutes)" });
  await clock.advance(5 * MINUTE - 1);
  assert.equal(delivered.length, 0);
  await clock.advance(1);
  const [{ input } = { input: undefined }] = delivered;
  assert.match(input.id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(
    { ...input, id: "" },
    {
      version: "0",
      id: "",
      "detail-type": "Scheduled Event",
      source: "aws.events",
      account: "123456789012",
      time: "2026-01-01T00:05:00Z",
      region: "us-east-1",
      resources: ["arn:aws:events:us-east-1:123456789012:rule/repair"],
      detail: {},
    },
  );
  await clock.advance(60 * MINUTE);
  assert.equal(delivered.length, 13);
  await events.close();
  await clock.advance(60 * MINUTE);
  assert.equal(delivered.length, 13);
});

test("what fell due while the machine slept runs once", async (t) => {
  const scheduled: { delayMs: number; task: () => void }[] = [];
  let now = 0;
  let runs = 0;
  const events = createEvents({
    ...SITE,
    clock: {
      now: () => now,
      fromWall: (ms) => ms,
      schedule(delayMs, task) {
        scheduled.push({ delayMs, task });
        return () => {};
      },
    },
    deliver: () => void runs++,
    count() {},
  });
  t.after(() => events.close());
  await events.resources["AWS::Events::Rule"]!(
    { ScheduleExpression: "rate(1 minute)", Targets: [{ Id: "T", Arn: GUARD }] },
    SITE,
  );
  now = 60 * MINUTE + 1_000;
  scheduled.shift()!.task();
  assert.equal(runs, 1);
  assert.equal(scheduled.length, 1);
  assert.equal(scheduled[0]!.delayMs, MINUTE - 1_000);
});

test("to put events is an action on the bus, and nothing else can be asked", (t) => {
  const { events } = fixture(t);
  const accesses = (operation: string) =>
    events.accesses({
      method: "POST",
      path: "/",
      query: new URLSearchParams(),
      headers: { "x-amz-target": `AWSEvents.${operation}` },
      body: Buffer.from("{}"),
    });
  assert.deepEqual(accesses("PutEvents"), [
    {
      action: "events:PutEvents",
      resource: "arn:aws:events:us-east-1:123456789012:event-bus/default",
    },
  ]);
  assert.deepEqual(accesses("PutRule"), []);
});

test("a rule that the local cloud can't do is an error", async (t) => {
  const { rule } = fixture(t);
  const bad: [Record<string, unknown>, RegExp][] = [
    [{}, /an EventPattern or a ScheduleExpression/],
    [{ ScheduleExpression: "hourly" }, /ScheduleExpression: got hourly/],
    [{ EventPattern: { source: [] } }, /EventPattern\.source/],
    [{ EventPattern: {}, EventBusName: "mine" }, /EventBusName: got mine/],
    [{ EventPattern: {}, State: "PAUSED" }, /State: got PAUSED/],
    [{ EventPattern: {}, RoleArn: "r" }, /unknown property RoleArn/],
    [
      { EventPattern: {}, Targets: [{ Id: "T", Arn: "arn:aws:sqs:us-east-1:1:q" }] },
      /Arn: got arn:aws:sqs/,
    ],
    [
      { EventPattern: {}, Targets: [{ Id: "T", Arn: GUARD, DeadLetterConfig: {} }] },
      /unknown property DeadLetterConfig/,
    ],
    [
      { EventPattern: {}, Targets: [{ Id: "T", Arn: GUARD, InputPath: "$.a[0]" }] },
      /InputPath: got/,
    ],
    [
      {
        EventPattern: {},
        Targets: [{ Id: "T", Arn: GUARD, InputTransformer: { InputTemplate: "<x>" } }],
      },
      /no path is named x/,
    ],
    [
      { EventPattern: {}, Targets: Array.from({ length: 6 }, () => ({ Id: "T", Arn: GUARD })) },
      /Targets: got 6/,
    ],
  ];
  for (const [properties, message] of bad) {
    await assert.rejects(async () => rule(properties), { message }, JSON.stringify(properties));
  }
});

test("PutEvents puts each entry that is an event, and says of the others why not", async (t) => {
  const { events, delivered, rule } = fixture(t);
  await rule({ EventPattern: { source: ["shop"], detail: { total: [{ numeric: [">", 1] }] } } });
  const { endpoint, close } = await serve(events);
  t.after(close);
  const put = async (body: unknown, target = "AWSEvents.PutEvents") => {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: { "x-amz-target": target },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as any };
  };
  const order = { Source: "shop", DetailType: "Order", Detail: '{"total":2}' };
  const answer = await put({
    Entries: [
      { ...order, Time: 1_767_225_600.5 },
      { ...order, Detail: '{"total":1}' },
      { ...order, Source: "aws.shop" },
      { ...order, Detail: "[]" },
      { ...order, DetailType: "" },
      { ...order, EventBusName: "mine" },
    ],
  });
  assert.equal(answer.status, 200);
  assert.equal(answer.body.FailedEntryCount, 4);
  const [first, , ...refused] = answer.body.Entries;
  assert.deepEqual(
    refused.map(({ ErrorCode }: any) => ErrorCode),
    ["NotAuthorizedForSource", "MalformedDetail", "InvalidArgument", "ResourceNotFoundException"],
  );
  assert.deepEqual(
    delivered.map(({ input }) => [input.id, input.detail, input.time]),
    [[first.EventId, { total: 2 }, "2026-01-01T00:00:00Z"]],
  );

  const refusals: [unknown, string, string?][] = [
    [{ Entries: [] }, "ValidationException"],
    [{ Entries: Array.from({ length: 11 }, () => order) }, "ValidationException"],
    [{ Entries: [{ ...order, Detail: "x".repeat(1024 * 1024) }] }, "ValidationException"],
    [{}, "ValidationException"],
    ["{", "SerializationException"],
    ["null", "SerializationException"],
    [{}, "UnknownOperationException", "AWSEvents.PutRule"],
  ];
  for (const [body, type, target] of refusals) {
    const { status, body: error } = await put(body, target);
    assert.deepEqual([status, error.__type], [400, type]);
  }
  const hostile = [null, 1, { ...order, Time: "x" }, { ...order, Time: 1e99 }];
  const { status, body } = await put({
    Entries: [...hostile, { ...order, Resources: 1 }, { ...order, Resources: [{}] }],
  });
  assert.deepEqual([status, body.FailedEntryCount], [200, 6]);
});
