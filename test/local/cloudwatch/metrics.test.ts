import * as cw from "@aws-sdk/client-cloudwatch";
import assert from "node:assert/strict";
import { test } from "node:test";
import { cloudWatchFixture, DAY, HOUR, metric, MINUTE, SECOND } from "./fixture.ts";

test("statistics of a minute, from values, counts and sets", async (t) => {
  const { put, query, clock } = await cloudWatchFixture(t);
  await put("Latency", { Values: Array.from({ length: 100 }, (_, index) => index + 1) });
  await clock.advance(MINUTE);
  await put("Latency", { Values: [10, 20], Counts: [3, 1], Unit: "Milliseconds" });
  await put("Latency", 50);
  await clock.advance(MINUTE);
  await put("Latency", { StatisticValues: { SampleCount: 4, Sum: 20, Minimum: 1, Maximum: 9 } });

  const stats = ["SampleCount", "Sum", "Average", "Minimum", "Maximum", "p50", "p99", "p99.9"];
  const results = await query(stats.map((stat, index) => metric(`m${index}`, "Latency", stat)));
  const byStat = Object.fromEntries(stats.map((stat, index) => [stat, results[`m${index}`]]));
  assert.deepEqual(byStat, {
    SampleCount: [
      [0, 100],
      [1, 5],
      [2, 4],
    ],
    Sum: [
      [0, 5050],
      [1, 100],
      [2, 20],
    ],
    Average: [
      [0, 50.5],
      [1, 20],
      [2, 5],
    ],
    Minimum: [
      [0, 1],
      [1, 10],
      [2, 1],
    ],
    Maximum: [
      [0, 100],
      [1, 50],
      [2, 9],
    ],
    // A statistic set hides its values.
    p50: [
      [0, 50],
      [1, 10],
    ],
    p99: [
      [0, 99],
      [1, 50],
    ],
    "p99.9": [
      [0, 100],
      [1, 50],
    ],
  });
});

test("longer periods, another order, and metric math", async (t) => {
  const { put, query, clock } = await cloudWatchFixture(t);
  for (let minute = 0; minute < 10; minute += 1) {
    await put("Total", 10);
    if (minute % 2 === 1) await put("Bad", minute);
    await clock.advance(MINUTE);
  }
  const fives = await query(
    [
      {
        Id: "m1",
        MetricStat: {
          Metric: { Namespace: "Segue", MetricName: "Total" },
          Period: 300,
          Stat: "Sum",
        },
      },
    ],
    { ScanBy: "TimestampDescending" },
  );
  assert.deepEqual(fives["m1"], [
    [5, 50],
    [0, 50],
  ]);
  const both = await query(
    [
      metric("m1", "Total"),
      {
        Id: "m5",
        MetricStat: {
          Metric: { Namespace: "Segue", MetricName: "Total" },
          Period: 300,
          Stat: "Sum",
        },
      },
    ],
    { StartTime: new Date(Date.UTC(2026, 0, 1, 0, 8)) },
  );
  assert.deepEqual(both, {
    m1: [
      [8, 10],
      [9, 10],
    ],
    m5: [[5, 50]],
  });
  const rate = await query([
    { Id: "rate", Expression: "IF(total >= 10, 100 * bad / total, 0)", Label: "rate" },
    metric("bad", "Bad", "Sum", false),
    metric("total", "Total", "Sum", false),
    { Id: "double", Expression: "rate * 2" },
  ]);
  assert.deepEqual(Object.keys(rate), ["rate", "double"]);
  assert.deepEqual(
    rate["rate"]?.map((point) => point[1]),
    [0, 10, 0, 30, 0, 50, 0, 70, 0, 90],
  );
  assert.deepEqual(rate["double"]?.at(-1), [9, 180]);
});

test("metric data comes in pages", async (t) => {
  const { put, client, clock } = await cloudWatchFixture(t);
  const StartTime = new Date(clock.now());
  for (let minute = 0; minute < 5; minute += 1) {
    await put("A", minute);
    await put("B", minute * 10);
    await clock.advance(MINUTE);
  }
  const pages = cw.paginateGetMetricData(
    { client },
    {
      StartTime,
      EndTime: new Date(clock.now()),
      MetricDataQueries: [metric("a", "A"), metric("b", "B")],
      ScanBy: "TimestampAscending",
      MaxDatapoints: 4,
    },
  );
  const values: Record<string, number[]> = { a: [], b: [] };
  const codes: (string | undefined)[][] = [];
  for await (const page of pages) {
    for (const { Id, Values } of page.MetricDataResults!) values[Id!]!.push(...Values!);
    codes.push(page.MetricDataResults!.map(({ StatusCode }) => StatusCode));
  }
  assert.deepEqual(values, { a: [0, 1, 2, 3, 4], b: [0, 10, 20, 30, 40] });
  assert.deepEqual(codes, [
    ["PartialData", "PartialData"],
    ["Complete", "PartialData"],
    ["Complete", "Complete"],
  ]);
});

test("high resolution: seconds for three hours, then minutes", async (t) => {
  const { put, client, clock } = await cloudWatchFixture(t);
  const StartTime = new Date(clock.now());
  for (let n = 0; n < 6; n += 1) {
    await put("Fast", { Value: n, StorageResolution: 1 });
    await clock.advance(10 * SECOND);
  }
  const read = async (Period: number) => {
    const { Datapoints } = await client.send(
      new cw.GetMetricStatisticsCommand({
        Namespace: "Segue",
        MetricName: "Fast",
        StartTime,
        EndTime: new Date(+StartTime + MINUTE),
        Period,
        Statistics: ["Sum", "SampleCount"],
      }),
    );
    return Datapoints!.map(({ Sum }) => Sum).toSorted((a, b) => a! - b!);
  };
  assert.deepEqual(await read(10), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(await read(60), [15]);
  await clock.advance(4 * HOUR);
  await put("Fast", { Value: 100, StorageResolution: 1 });
  assert.deepEqual(await read(10), [15]);
  assert.deepEqual(await read(60), [15]);
});

test("GetMetricStatistics: units apart, percentiles", async (t) => {
  const { put, client, clock } = await cloudWatchFixture(t);
  await put("Latency", { Value: 5, Unit: "Milliseconds" });
  await put("Latency", { Value: 7, Unit: "Seconds" });
  const read = (Unit?: cw.StandardUnit) =>
    client.send(
      new cw.GetMetricStatisticsCommand({
        Namespace: "Segue",
        MetricName: "Latency",
        StartTime: new Date(clock.now()),
        EndTime: new Date(clock.now() + MINUTE),
        Period: 60,
        Statistics: ["Sum"],
        ExtendedStatistics: ["p99"],
        Unit,
      }),
    );
  const { Label, Datapoints } = await read();
  assert.equal(Label, "Latency");
  assert.deepEqual(
    Datapoints?.map(({ Unit, Sum, ExtendedStatistics }) => [Unit, Sum, ExtendedStatistics]),
    [
      ["Milliseconds", 5, { p99: 5 }],
      ["Seconds", 7, { p99: 7 }],
    ],
  );
  assert.equal((await read("Seconds")).Datapoints?.length, 1);
});

test("ListMetrics: by namespace, name, dimensions; forgets after 15 days", async (t) => {
  const { put, client, clock } = await cloudWatchFixture(t);
  await put("A", { Value: 1, Dimensions: [{ Name: "Migration", Value: "x" }] });
  await put("A", {
    Value: 1,
    Dimensions: [
      { Name: "Operation", Value: "read" },
      { Name: "Migration", Value: "x" },
    ],
  });
  await put("B", 1, "Other");
  const list = async (input: cw.ListMetricsCommandInput) => {
    const { Metrics } = await client.send(new cw.ListMetricsCommand(input));
    return Metrics!.map(({ MetricName, Dimensions }) => `${MetricName}${Dimensions!.length}`);
  };
  assert.deepEqual(await list({}), ["A1", "A2", "B0"]);
  assert.deepEqual(await list({ Namespace: "Segue" }), ["A1", "A2"]);
  assert.deepEqual(await list({ MetricName: "B" }), ["B0"]);
  assert.deepEqual(await list({ Dimensions: [{ Name: "Operation" }] }), ["A2"]);
  assert.deepEqual(await list({ Dimensions: [{ Name: "Migration", Value: "y" }] }), []);
  await clock.advance(4 * HOUR);
  await put("B", 1, "Other");
  assert.deepEqual(await list({ RecentlyActive: "PT3H" }), ["B0"]);
  await clock.advance(15 * DAY - HOUR);
  assert.deepEqual(await list({}), ["B0"]);
});

test("a large body, which the SDK gzips", async (t) => {
  const { client, query } = await cloudWatchFixture(t);
  await client.send(
    new cw.PutMetricDataCommand({
      Namespace: "Segue",
      MetricData: Array.from({ length: 900 }, (_, n) => ({
        MetricName: "Many",
        Value: n,
        Dimensions: [],
        Unit: "Count",
      })),
    }),
  );
  assert.deepEqual((await query([metric("m1", "Many", "SampleCount")]))["m1"], [[0, 900]]);
});

test("many distinct values keep percentiles to half a percent", async (t) => {
  const { client, query } = await cloudWatchFixture(t);
  for (let chunk = 0; chunk < 4; chunk += 1) {
    await client.send(
      new cw.PutMetricDataCommand({
        Namespace: "Segue",
        MetricData: Array.from({ length: 10 }, (_, n) => ({
          MetricName: "Latency",
          Values: Array.from({ length: 100 }, (_value, m) => chunk * 1000 + n * 100 + m + 1.5),
        })),
      }),
    );
  }
  const results = await query([
    metric("p50", "Latency", "p50"),
    metric("p99", "Latency", "p99"),
    metric("count", "Latency", "SampleCount"),
  ]);
  assert.deepEqual(results["count"], [[0, 4000]]);
  const near = (value: number, expected: number) =>
    assert.ok(Math.abs(value - expected) <= expected / 200, `${value}`);
  near(results["p50"]![0]![1], 2000.5);
  near(results["p99"]![0]![1], 3960.5);
});

test("what CloudWatch refuses is refused in its shapes", async (t) => {
  const { client, put, query, clock } = await cloudWatchFixture(t);
  const cases: [() => Promise<unknown>, string, RegExp][] = [
    [() => put("A", 1, "AWS/Lambda"), "InvalidParameterValueException", /AWS\/Lambda/],
    [() => put("A", {}), "InvalidParameterCombinationException", /Value/],
    [
      () => put("A", { Value: 1, Timestamp: new Date(clock.now() - 15 * DAY) }),
      "InvalidParameterValueException",
      /Timestamp/,
    ],
    [
      () => put("A", { Values: [1, 2], Counts: [1] }),
      "InvalidParameterCombinationException",
      /Counts/,
    ],
    [
      () => put("A", { Values: Array.from({ length: 151 }, () => 1) }),
      "InvalidParameterValueException",
      /Values/,
    ],
    [
      () =>
        put("A", {
          Value: 1,
          Dimensions: Array.from({ length: 31 }, (_, n) => ({ Name: `d${n}`, Value: "x" })),
        }),
      "InvalidParameterValueException",
      /Dimensions/,
    ],
    [() => query([metric("m1", "A", "tm99")]), "InvalidParameterValueException", /tm99/],
    [() => query([{ Id: "e1", Expression: "NOPE(m1)" }]), "ValidationException", /NOPE/],
    [() => query([{ Id: "e1", Expression: "m9 + 1" }]), "ValidationException", /m9/],
    [() => query([{ Id: "e1", Expression: "e1 + 1" }]), "ValidationException", /itself/],
    [
      () => query([metric("m1", "A"), { Id: "e1", Expression: "SUM(m1)" }]),
      "ValidationException",
      /number/,
    ],
    [() => query([{ Id: "E1", Expression: "1" }]), "InvalidParameterValueException", /Id/],
    [
      () => client.send(new cw.DescribeAnomalyDetectorsCommand({})),
      "NotImplementedException",
      /DescribeAnomalyDetectors/,
    ],
  ];
  for (const [run, name, message] of cases) await assert.rejects(run, { name, message });
});
