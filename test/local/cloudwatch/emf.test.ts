import { Metrics, MetricResolution, MetricUnit } from "@aws-lambda-powertools/metrics";
import { ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { parseEmf } from "../../../lib/local/cloudwatch/emf.ts";
import { cloudWatchFixture } from "./fixture.ts";

/** What Powertools prints on a console of its own. */
function printed(t: TestContext, run: () => void): string[] {
  const lines: string[] = [];
  // Its console is new, and writes to process.stdout.
  const write = t.mock.method(process.stdout, "write", (chunk: string | Uint8Array) => {
    lines.push(...String(chunk).split("\n"));
    return true;
  });
  run();
  write.mock.restore();
  return lines;
}

test("Powertools' metrics arrive: values, units, dimensions, resolution", async (t) => {
  const { cloudWatch, query, client } = await cloudWatchFixture(t);
  const metrics = new Metrics({ namespace: "Segue", defaultDimensions: { Migration: "ids" } });
  const lines = printed(t, () => {
    metrics.addDimensions({ Operation: "customerIds" });
    metrics.addMetric("Comparisons", MetricUnit.Count, 1);
    metrics.addMetric("Latency", MetricUnit.Milliseconds, 12);
    metrics.addMetric("Latency", MetricUnit.Milliseconds, 34);
    metrics.addMetric("Fast", MetricUnit.Count, 1, MetricResolution.High);
    metrics.publishStoredMetrics();
  });
  for (const line of lines) cloudWatch.ingestLogLine(line);
  assert.deepEqual({ ...cloudWatch.emfLines }, { stored: 1, malformed: 0 });

  const { Metrics: listed } = await client.send(new ListMetricsCommand({ MetricName: "Latency" }));
  // Powertools adds the dimension service by itself.
  assert.equal(listed?.length, 1);
  const [Metric] = listed ?? [];
  assert.deepEqual(
    new Set(Metric?.Dimensions?.map(({ Name }) => Name)),
    new Set(["Migration", "Operation", "service"]),
  );
  const stat = (Id: string, Stat: string, Unit: "Milliseconds" | "Seconds") => ({
    Id,
    MetricStat: { Metric, Period: 60, Stat, Unit },
  });
  const results = await query([
    stat("sum", "Sum", "Milliseconds"),
    stat("max", "Maximum", "Milliseconds"),
    stat("other", "Sum", "Seconds"),
  ]);
  assert.deepEqual(results, { sum: [[0, 46]], max: [[0, 34]], other: [] });
  const line = lines.find((text) => text.includes("CloudWatchMetrics"))!;
  const fast = parseEmf(line)!.metrics.filter(({ id }) => id.name === "Fast");
  assert.ok(fast.length > 0 && fast.every(({ storageResolution }) => storageResolution === 1));
});

const blob = (change: {
  directive?: Record<string, unknown>;
  root?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
}) =>
  JSON.stringify({
    _aws: {
      Timestamp: 1_767_225_600_000,
      CloudWatchMetrics: [
        {
          Namespace: "Segue",
          Dimensions: [["Migration"], ["Migration", "Operation"], []],
          Metrics: [{ Name: "Latency", Unit: "Milliseconds" }],
          ...change.directive,
        },
      ],
      ...change.metadata,
    },
    Migration: "ids",
    Operation: "read",
    Latency: [1, 2],
    ...change.root,
  });

test("a metric stands in each of its dimension sets", () => {
  const { timestamp, metrics } = parseEmf(blob({}))!;
  assert.equal(timestamp, 1_767_225_600_000);
  assert.deepEqual(
    metrics.map(({ id, values }) => [id.dimensions, values]),
    [
      [{ Migration: "ids" }, [1, 2]],
      [{ Migration: "ids", Operation: "read" }, [1, 2]],
      [{}, [1, 2]],
    ],
  );
});

test("takes a line of console's, which has time, request id and level in front", () => {
  const line = `2026-01-01T00:00:00.000Z\t5f3c-1\tINFO\t${blob({})}`;
  assert.deepEqual(parseEmf(line), parseEmf(blob({})));
});

test("no dimension set is the empty one", () => {
  const { metrics } = parseEmf(blob({ directive: { Dimensions: [] } }))!;
  assert.deepEqual(
    metrics.map(({ id }) => id.dimensions),
    [{}],
  );
});

for (const line of ["", "hello", "{}", '{"a":1}', '{"message":"CloudWatchMetrics"}', "{not json"]) {
  test(`no EMF: ${line}`, () => {
    assert.equal(parseEmf(line), undefined);
  });
}

const names = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`);
const MALFORMED: readonly [what: string, line: string, message: RegExp][] = [
  ["no timestamp", blob({ metadata: { Timestamp: undefined } }), /Timestamp/],
  ["no namespace", blob({ directive: { Namespace: "" } }), /Namespace/],
  ["101 metrics", blob({ directive: { Metrics: names(101).map((Name) => ({ Name })) } }), /101/],
  ["31 dimensions", blob({ directive: { Dimensions: [names(31)] } }), /31/],
  ["101 values", blob({ root: { Latency: names(101).map(() => 1) } }), /101/],
  ["a text value", blob({ root: { Latency: "fast" } }), /Latency/],
  ["no value", blob({ root: { Latency: undefined } }), /Latency/],
  ["a number dimension", blob({ root: { Migration: 5 } }), /Migration/],
  ["an unknown unit", blob({ directive: { Metrics: [{ Name: "Latency", Unit: "ms" }] } }), /ms/],
  [
    "a resolution of 5",
    blob({ directive: { Metrics: [{ Name: "Latency", StorageResolution: 5 }] } }),
    /StorageResolution/,
  ],
  ["cut off", blob({}).slice(0, -5), /not JSON/],
];

for (const [what, line, message] of MALFORMED) {
  test(`malformed, ignored and counted: ${what}`, async (t) => {
    const { cloudWatch } = await cloudWatchFixture(t);
    assert.throws(() => parseEmf(line), { name: "RangeError", message });
    cloudWatch.ingestLogLine(line);
    assert.deepEqual({ ...cloudWatch.emfLines }, { stored: 0, malformed: 1 });
  });
}
