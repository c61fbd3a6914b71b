import * as cw from "@aws-sdk/client-cloudwatch";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ARN, cloudWatchFixture, HOUR, metric, MINUTE, SECOND } from "./fixture.ts";

test("an alarm begins without data, and is evaluated at the next minute", async (t) => {
  const { clock, putAlarm, state } = await cloudWatchFixture(t);
  await clock.advance(20 * SECOND);
  await putAlarm({ TreatMissingData: "notBreaching" });
  assert.equal(state(), "INSUFFICIENT_DATA");
  await clock.advance(39 * SECOND);
  assert.equal(state(), "INSUFFICIENT_DATA");
  await clock.advance(SECOND);
  assert.equal(state(), "OK");
});

test("goes off and back, with reasons, history and events", async (t) => {
  const { clock, putAlarm, put, state, client, events } = await cloudWatchFixture(t);
  await putAlarm({ TreatMissingData: "notBreaching", AlarmDescription: "too many" });
  await clock.advance(MINUTE + SECOND);
  await put("Errors", 3);
  await clock.advance(MINUTE);
  assert.equal(state(), "ALARM");
  // The evaluation range is longer than the one period: the point stays the newest in it.
  await clock.advance(2 * MINUTE);
  assert.equal(state(), "ALARM");
  await clock.advance(MINUTE);
  assert.equal(state(), "OK");

  const { MetricAlarms } = await client.send(new cw.DescribeAlarmsCommand({}));
  const [alarm] = MetricAlarms!;
  assert.equal(alarm?.AlarmArn, `${ARN}errors`);
  assert.equal(alarm?.StateValue, "OK");
  assert.equal(
    alarm?.StateReason,
    "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was " +
      "treated as [NonBreaching].",
  );
  const { AlarmHistoryItems } = await client.send(
    new cw.DescribeAlarmHistoryCommand({ AlarmName: "errors", HistoryItemType: "StateUpdate" }),
  );
  assert.deepEqual(
    AlarmHistoryItems?.map(({ HistorySummary }) => HistorySummary),
    [
      "Alarm updated from ALARM to OK",
      "Alarm updated from OK to ALARM",
      "Alarm updated from INSUFFICIENT_DATA to OK",
    ],
  );
  const { newState } = JSON.parse(AlarmHistoryItems?.[1]?.HistoryData ?? "");
  assert.equal(
    newState.stateReason,
    "Threshold Crossed: 1 out of the last 1 datapoint [3.0 (01/01/26 00:01:00)] was greater than " +
      "or equal to the threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition).",
  );

  const event = events[1]!;
  assert.equal(event.source, "aws.cloudwatch");
  assert.equal(event["detail-type"], "CloudWatch Alarm State Change");
  assert.deepEqual(event.resources, [`${ARN}errors`]);
  assert.equal(event.time, "2026-01-01T00:02:00Z");
  const { detail } = event;
  assert.equal(detail.alarmName, "errors");
  assert.equal(detail.previousState.value, "OK");
  assert.equal(detail.state.value, "ALARM");
  assert.equal(detail.state.timestamp, "2026-01-01T00:02:00.000+0000");
  assert.deepEqual(detail.configuration, {
    description: "too many",
    metrics: [
      {
        id: "m1",
        metricStat: {
          metric: { namespace: "Segue", name: "Errors", dimensions: {} },
          period: 60,
          stat: "Sum",
        },
        returnData: true,
      },
    ],
  });
  const data = JSON.parse(detail.state.reasonData!);
  assert.deepEqual(data.recentDatapoints, [3]);
  assert.equal(data.threshold, 1);
  assert.equal(data.statistic, "Sum");
  assert.deepEqual(data.evaluatedDatapoints, [
    { timestamp: "2026-01-01T00:01:00.000+0000", value: 3 },
  ]);
});

test("the mismatch rate: metric math with a minimum, 2 of 3", async (t) => {
  const { clock, putAlarm, put, state } = await cloudWatchFixture(t);
  await putAlarm({
    Metrics: [
      { Id: "rate", Expression: "IF(total >= 10, 100 * bad / total, 0)" },
      metric("bad", "Bad", "Sum", false),
      metric("total", "Total", "Sum", false),
    ],
    Threshold: 5,
    EvaluationPeriods: 3,
    DatapointsToAlarm: 2,
    TreatMissingData: "notBreaching",
  });
  const minute = async (total: number, bad?: number) => {
    await put("Total", total);
    if (bad !== undefined) await put("Bad", bad);
    await clock.advance(MINUTE);
    return state();
  };
  assert.equal(await minute(9, 9), "OK", "too few to judge");
  assert.equal(await minute(100), "OK");
  assert.equal(await minute(100, 10), "OK", "one of three");
  assert.equal(await minute(100), "OK");
  assert.equal(await minute(100, 5), "ALARM", "two of three, not consecutive");
  assert.equal(await minute(100), "OK");
});

/** From AWS's tables: 0 is a point within the threshold, X a breaching one, - a missing one. */
const MISSING_DATA: [m: number, points: string, states: Record<string, string>][] = [
  [
    2,
    "0 - X - X",
    { missing: "ALARM", ignore: "ALARM", breaching: "ALARM", notBreaching: "ALARM" },
  ],
  [
    2,
    "0 0 X 0 X",
    { missing: "ALARM", ignore: "ALARM", breaching: "ALARM", notBreaching: "ALARM" },
  ],
  [2, "0 - X - -", { missing: "OK", ignore: "OK", breaching: "ALARM", notBreaching: "OK" }],
  [2, "- - - - 0", { missing: "OK", ignore: "OK", breaching: "ALARM", notBreaching: "OK" }],
  [3, "0 - X - X", { missing: "OK", ignore: "OK", breaching: "OK", notBreaching: "OK" }],
  [
    3,
    "0 X X - X",
    { missing: "ALARM", ignore: "ALARM", breaching: "ALARM", notBreaching: "ALARM" },
  ],
];
for (const [m, points, states] of MISSING_DATA) {
  test(`${m} of 3, with missing data: ${points}`, async (t) => {
    const { clock, client, putAlarm, put } = await cloudWatchFixture(t);
    for (const TreatMissingData of Object.keys(states)) {
      const name = { AlarmName: TreatMissingData, TreatMissingData };
      await putAlarm({ ...name, EvaluationPeriods: 3, DatapointsToAlarm: m });
    }
    for (const point of points.split(" ")) {
      if (point !== "-") await put("Errors", point === "X" ? 1 : 0);
      await clock.advance(MINUTE);
    }
    const { MetricAlarms } = await client.send(new cw.DescribeAlarmsCommand({}));
    const found = MetricAlarms!.map(({ AlarmName, StateValue }) => [AlarmName, StateValue]);
    assert.deepEqual(Object.fromEntries(found), states);
  });
}

test("a percentile, a longer period, less than", async (t) => {
  const { clock, putAlarm, put, state } = await cloudWatchFixture(t);
  await putAlarm({
    MetricName: "Latency",
    ExtendedStatistic: "p99",
    Period: 300,
    ComparisonOperator: "LessThanThreshold",
    Threshold: 100,
  });
  await put("Latency", { Values: [10, 200], Counts: [98, 2] });
  await clock.advance(MINUTE);
  assert.equal(state(), "OK", "evaluated every minute, with the period sliding");
  await clock.advance(5 * MINUTE);
  await put("Latency", { Values: [10, 200], Counts: [99, 1] });
  await clock.advance(MINUTE);
  assert.equal(state(), "ALARM");
});

test("a high-resolution alarm is evaluated every 10 seconds", async (t) => {
  const { clock, putAlarm, put, state } = await cloudWatchFixture(t);
  await putAlarm({ Period: 10, TreatMissingData: "notBreaching" });
  await clock.advance(10 * SECOND);
  assert.equal(state(), "OK");
  await clock.advance(SECOND);
  await put("Errors", { Value: 1, StorageResolution: 1 });
  await clock.advance(9 * SECOND);
  assert.equal(state(), "ALARM");
});

test("SetAlarmState holds until the next evaluation", async (t) => {
  const { clock, putAlarm, state, client } = await cloudWatchFixture(t);
  await putAlarm({ TreatMissingData: "notBreaching" });
  await clock.advance(MINUTE);
  await client.send(
    new cw.SetAlarmStateCommand({
      AlarmName: "errors",
      StateValue: "ALARM",
      StateReason: "a drill",
      StateReasonData: "{}",
    }),
  );
  assert.equal(state(), "ALARM");
  await clock.advance(MINUTE);
  assert.equal(state(), "OK");
  const set = (AlarmName: string, StateReasonData?: string) =>
    client.send(
      new cw.SetAlarmStateCommand({
        AlarmName,
        StateValue: "ALARM",
        StateReason: "x",
        StateReasonData,
      }),
    );
  await assert.rejects(set("nosuch"), { name: "ResourceNotFound" });
  await assert.rejects(set("errors", "no JSON"), { name: "InvalidFormatFault" });
});

test("an alarm without actions has no state for AppConfig, and one for everybody else", async (t) => {
  const { clock, putAlarm, state, client, events } = await cloudWatchFixture(t);
  await putAlarm({ TreatMissingData: "breaching" });
  const names = { AlarmNames: ["errors"] };
  await client.send(new cw.DisableAlarmActionsCommand(names));
  await clock.advance(MINUTE);
  assert.equal(state(), undefined);
  assert.equal(events.at(-1)?.detail.state.value, "ALARM");
  const { MetricAlarms } = await client.send(new cw.DescribeAlarmsCommand(names));
  assert.equal(MetricAlarms?.[0]?.ActionsEnabled, false);
  await client.send(new cw.EnableAlarmActionsCommand(names));
  assert.equal(state(), "ALARM");
  assert.equal(state("nosuch"), undefined);
});

test("composite alarms follow their children at once", async (t) => {
  const { clock, putAlarm, composite, state, client, events } = await cloudWatchFixture(t);
  await putAlarm({ AlarmName: "a", TreatMissingData: "notBreaching" });
  await putAlarm({ AlarmName: "b", TreatMissingData: "notBreaching" });
  await composite("unhealthy", `(ALARM("${ARN}a") OR ALARM(b)) AND NOT OK("mute")`).then(
    () => assert.fail("mute does not exist"),
    (error: Error) => assert.match(error.message, /mute/),
  );
  await composite("unhealthy", `ALARM("${ARN}a") OR ALARM(b)`);
  await composite("above", "ALARM(unhealthy) AND (TRUE OR FALSE)");
  assert.equal(state("unhealthy"), "OK");
  await clock.advance(MINUTE);
  const set = (AlarmName: string, StateValue: cw.StateValue) =>
    client.send(new cw.SetAlarmStateCommand({ AlarmName, StateValue, StateReason: "test" }));
  events.length = 0;
  await set("b", "ALARM");
  assert.deepEqual(
    events.map(({ detail }) => [detail.alarmName, detail.state.value]),
    [
      ["b", "ALARM"],
      ["unhealthy", "ALARM"],
      ["above", "ALARM"],
    ],
  );
  const { reason, reasonData } = events[1]!.detail.state;
  assert.match(reason, /alarm:b transitioned to ALARM at /);
  assert.equal(JSON.parse(reasonData!).triggeringAlarms[0].arn, `${ARN}b`);
  assert.deepEqual(events[1]!.detail.configuration, {
    alarmRule: `ALARM("${ARN}a") OR ALARM(b)`,
  });
  await set("b", "INSUFFICIENT_DATA");
  assert.equal(state("unhealthy"), "OK");

  const describe = (input: cw.DescribeAlarmsCommandInput) =>
    client.send(new cw.DescribeAlarmsCommand(input));
  const names = ({ MetricAlarms, CompositeAlarms }: cw.DescribeAlarmsCommandOutput) =>
    [...MetricAlarms!, ...CompositeAlarms!].map(({ AlarmName }) => AlarmName);
  assert.deepEqual(names(await describe({})), ["a", "b"]);
  assert.deepEqual(names(await describe({ AlarmTypes: ["CompositeAlarm"] })), [
    "above",
    "unhealthy",
  ]);
  assert.deepEqual(
    names(await describe({ AlarmNamePrefix: "a", AlarmTypes: ["CompositeAlarm", "MetricAlarm"] })),
    ["a", "above"],
  );
  assert.deepEqual(names(await describe({ StateValue: "ALARM" })), []);
  assert.deepEqual(names(await describe({ ChildrenOfAlarmName: "unhealthy" })), ["a", "b"]);
  assert.deepEqual(names(await describe({ ParentsOfAlarmName: "a" })), ["unhealthy"]);

  const drop = (...AlarmNames: string[]) => client.send(new cw.DeleteAlarmsCommand({ AlarmNames }));
  await assert.rejects(drop("a"), { name: "ValidationException", message: /unhealthy depends/ });
  await assert.rejects(drop("above", "unhealthy"), { message: /one composite/ });
  await assert.rejects(drop("above", "nosuch"), { name: "ResourceNotFound" });
  await drop("above");
  await drop("unhealthy", "a", "b");
  await clock.advance(HOUR);
  assert.equal(state("a"), undefined);
});

test("a composite's rule: each state, AND, OR, NOT, parentheses", async (t) => {
  const { client, putAlarm, composite } = await cloudWatchFixture(t);
  const states = { a: "ALARM", o: "OK", i: "INSUFFICIENT_DATA" } as const;
  for (const [AlarmName, StateValue] of Object.entries(states)) {
    await putAlarm({ AlarmName });
    await client.send(new cw.SetAlarmStateCommand({ AlarmName, StateValue, StateReason: "test" }));
  }
  const rules: [rule: string, inAlarm: boolean][] = [
    ["ALARM(a)", true],
    ["ALARM(i)", false],
    ["OK(o)", true],
    ["OK(i)", false],
    ["INSUFFICIENT_DATA(i)", true],
    ["NOT ALARM(o)", true],
    ["ALARM(a) AND ALARM(o)", false],
    ["ALARM(a) OR ALARM(o)", true],
    // AND binds more than OR.
    ["ALARM(a) OR ALARM(o) AND ALARM(o)", true],
    ["(ALARM(a) OR ALARM(o)) AND ALARM(o)", false],
    ["NOT (ALARM(a) AND OK(o))", false],
    ["TRUE AND NOT FALSE", true],
  ];
  for (const [index, [rule, inAlarm]] of rules.entries()) {
    await composite(`rule${index}`, rule);
    const { CompositeAlarms } = await client.send(
      new cw.DescribeAlarmsCommand({
        AlarmNames: [`rule${index}`],
        AlarmTypes: ["CompositeAlarm"],
      }),
    );
    assert.equal(CompositeAlarms![0]!.StateValue, inAlarm ? "ALARM" : "OK", rule);
  }
});

test("a cycle of composite alarms ends", async (t) => {
  const { putAlarm, composite, client, state } = await cloudWatchFixture(t);
  await putAlarm({ AlarmName: "a" });
  await composite("x", "ALARM(a)");
  await composite("y", "NOT ALARM(x)");
  await composite("x", "ALARM(a) OR OK(y)");
  await client.send(
    new cw.SetAlarmStateCommand({ AlarmName: "a", StateValue: "ALARM", StateReason: "test" }),
  );
  assert.equal(state("x"), "ALARM");
  assert.equal(state("y"), "OK");
});

test("an alarm that is put again keeps its state", async (t) => {
  const { clock, putAlarm, composite, state } = await cloudWatchFixture(t);
  await putAlarm({ TreatMissingData: "breaching" });
  await clock.advance(MINUTE);
  assert.equal(state(), "ALARM");
  await putAlarm({ TreatMissingData: "notBreaching" });
  assert.equal(state(), "ALARM");
  await assert.rejects(composite("errors", "TRUE"), { name: "ValidationException" });
  await clock.advance(MINUTE);
  assert.equal(state(), "OK");
});

test("what an alarm can't be is said", async (t) => {
  const { putAlarm, composite } = await cloudWatchFixture(t);
  const cases: [Partial<cw.PutMetricAlarmCommandInput>, RegExp][] = [
    [{ DatapointsToAlarm: 2 }, /DatapointsToAlarm/],
    [{ Period: 45 }, /Period: got 45/],
    [{ EvaluationPeriods: 1441 }, /EvaluationPeriods/],
    [{ ExtendedStatistic: "p99", Statistic: "Sum" }, /Statistic/],
    [{ ExtendedStatistic: "iqm" }, /iqm/],
    [{ ComparisonOperator: "GreaterThanUpperThreshold" }, /ComparisonOperator/],
    [{ TreatMissingData: "maybe" }, /TreatMissingData/],
    [{ ThresholdMetricId: "ad1" }, /ThresholdMetricId is not supported/],
    [{ AlarmActions: ["arn:aws:lambda:us-east-1:000000000000:function:f"] }, /not performed/],
    [{ Metrics: [metric("m1", "A"), metric("m2", "B")] }, /exactly one/],
    [{ Metrics: [{ Id: "e1", Expression: "NOPE(1)" }] }, /NOPE/],
    [
      {
        Metrics: [
          { Id: "e1", Expression: "SUM(METRICS())" },
          ...Array.from({ length: 11 }, (_, n) => metric(`m${n}`, `M${n}`, "Sum", false)),
        ],
      },
      /got 11 metrics/,
    ],
  ];
  for (const [input, message] of cases) await assert.rejects(putAlarm(input), { message });
  await assert.rejects(composite("c", "ALARM(a"), /unexpected end at position 7/);
  await assert.rejects(composite("c", "TRUE TRUE"), /unexpected TRUE at position 5/);
  await assert.rejects(composite("c", "MAYBE(a)"), /unexpected MAYBE at position 0/);
  const many = Array.from({ length: 101 }, (_, n) => `OK(a${n})`).join(" OR ");
  await assert.rejects(composite("c", many), /got 101 alarms/);
});
