import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { marshall } from "@aws-sdk/util-dynamodb";
import { Migration } from "../../lib/cdk/index.ts";
import { migrationCosts } from "../../lib/costs/cost-model.ts";
import type { MigrationTraffic, OperationTraffic } from "../../lib/costs/traffic.ts";
import { MODES } from "../../lib/mode/mode.ts";
import { comparisonRecord } from "../../lib/records/record.ts";
import { RecordCap } from "../../lib/records/record-cap.ts";
import { repairRecord } from "../../lib/records/repair-record.ts";
import { comparisonOf } from "../support/comparison.ts";
import { repairOf } from "../support/repair.ts";

const read: OperationTraffic = { kind: "read" };
const shadow = (traffic: Partial<MigrationTraffic> = {}) =>
  migrationCosts({ document: { mode: "shadow" }, operations: [read], ...traffic });

/** Alarms' metrics in a template: those of an expression, or the one. */
function alarmMetrics(template: Template): number {
  return Object.values(template.findResources("AWS::CloudWatch::Alarm"))
    .map(({ Properties: { Metrics = [{ MetricStat: {} }] } }) => Metrics)
    .map((metrics: object[]) => metrics.filter((metric) => "MetricStat" in metric).length)
    .reduce((sum, count) => sum + count, 0);
}

describe("the cost model", () => {
  for (const dualWrites of [false, true]) {
    it(`counts the construct's alarms and dashboards ${dualWrites ? "with" : "without"} dual writes`, () => {
      const stack = new Stack(new App({ context: { "aws:cdk:bundling-stacks": [] } }), "Stack");
      new Migration(stack, "Migration", { migrationName: "a-migration", dualWrites });
      const template = Template.fromStack(stack);
      const { cloudWatch } = shadow({ operations: dualWrites ? [{ kind: "dual-write" }] : [read] });
      const count = (type: string) => Object.keys(template.findResources(type)).length;
      assert.equal(cloudWatch.alarmMetrics, alarmMetrics(template));
      assert.equal(cloudWatch.compositeAlarms, count("AWS::CloudWatch::CompositeAlarm"));
      assert.equal(cloudWatch.dashboards, count("AWS::CloudWatch::Dashboard"));
    });
  }

  it("stores as many records of a finding as the cap lets through", (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: 0 });
    const cap = new RecordCap();
    const [minutes, aMinute] = [3, 40];
    let stored = 0;
    for (let call = 0; call < minutes * aMinute; call++) {
      if (cap.admits("$ value", 1)) stored++;
      t.mock.timers.tick(60_000 / aMinute);
    }
    const { dynamoDb } = shadow({
      operations: [{ ...read, mismatches: 1 }],
      invocations: minutes * aMinute,
      hours: minutes / 60,
      environments: 1,
    });
    assert.equal(dynamoDb.writeUnits, stored);
  });

  it("takes a unit for each kilobyte begun", () => {
    const units = (recordBytes: number) =>
      shadow({ operations: [{ ...read, mismatches: 0.0001 }], recordBytes }).dynamoDb.writeUnits;
    assert.deepEqual(
      [units(1_024), units(1_025), units(400_000)].map(Math.round),
      [100, 200, 39_100],
    );
  });

  it("is right about what a record has beside its contents", () => {
    const one = comparisonOf({ requestId: crypto.randomUUID() });
    const record = comparisonRecord(one, 30);
    const { v1, v2, differences } = record;
    const contents = [v1?.answer, v2?.answer, record.arguments, JSON.stringify(differences)].join(
      "",
    );
    assert.ok(Math.abs(sizeOf(record) - contents.length - 400) < 100, `${sizeOf(record)} bytes`);
    const entry = repairOf({
      requestId: crypto.randomUUID(),
      id: `${crypto.randomUUID()}#put#0#${crypto.randomUUID()}`,
      subject: "0".repeat(32),
    });
    const stored = repairRecord(entry, "intended", undefined);
    const kept = stored.arguments.length + (stored.replay?.length ?? 0);
    assert.ok(Math.abs(sizeOf(stored) - kept - 500) < 100, `${sizeOf(stored)} bytes`);
  });

  it("a ramp costs what its two modes cost, each by its share", () => {
    const operations = [read];
    const ramped = migrationCosts({
      document: { mode: "old", ramp: { mode: "shadow", percent: 25 } },
      operations,
    });
    assert.deepEqual(ramped.calls, { v1: 1_000_000, v2: 250_000 });
  });

  it("an early response spares callers the wait, and nobody the bill", () => {
    const slow = { v2Ms: 70, outlasted: 1 };
    const [inline, early] = [shadow(slow), shadow({ ...slow, response: "early" })];
    assert.equal(inline.lambda.callerWaitMs, 50);
    assert.equal(early.lambda.callerWaitMs, 0);
    assert.equal(inline.lambda.gbSeconds, 25_000);
    assert.equal(early.lambda.gbSeconds, inline.lambda.gbSeconds);
  });

  it("is in proportion to the invocations, and never less than nothing", () => {
    for (const mode of MODES) {
      const traffic: MigrationTraffic = {
        document: { mode, sample: { secondary: 0.3, matches: 0.2, calibrate: 0.1 } },
        operations: [
          { kind: "read", calls: 2.5, mismatches: 0.1, secondaryErrors: 0.1, noise: 0.1 },
          { kind: "write", calls: 0.5 },
          { kind: "dual-write", calls: 0.25, secondaryErrors: 0.1 },
        ],
        environments: 1_000,
      };
      const [one, two] = [1_000, 2_000].map((invocations) =>
        migrationCosts({ ...traffic, invocations, repairMinutes: Number.MAX_SAFE_INTEGER }),
      );
      const flat = (costs: object): [string, number][] =>
        Object.entries(costs).flatMap(([name, value]) =>
          typeof value === "number"
            ? [[name, value] as [string, number]]
            : flat(value).map(([inner, number]): [string, number] => [`${name}.${inner}`, number]),
        );
      const doubled = new Map(flat(two!));
      for (const [name, value] of flat(one!)) {
        assert.ok(value >= 0, name);
        if (/^cloudWatch|received|appConfig|callerWaitMs/.test(name)) continue;
        assert.ok(
          Math.abs(doubled.get(name)! - 2 * value) <= 1e-6 * (value + 1),
          `${mode}: ${name}`,
        );
      }
    }
  });

  it("refuses what makes no sense, and says what would", () => {
    const refused = (traffic: Partial<MigrationTraffic>, message: RegExp) =>
      assert.throws(() => shadow(traffic), message);
    refused({ hours: 0 }, /hours: got 0, allowed is a number above 0/);
    refused({ invocations: Number.NaN }, /invocations: got NaN, allowed is a number from 0/);
    refused({ invocation: 5 } as object, /traffic.invocation: got 5, allowed is no such option/);
    refused({ operations: [{ ...read, noisy: 1 } as any] }, /operations\[0\].noisy: got 1/);
    refused({ outlasted: 2 }, /outlasted: got 2, allowed is a number from 0 to 1/);
    refused({ document: { mode: "both" as any } }, /mode: got "both"/);
    refused({ operations: [{ kind: "delete" as any }] }, /operations\[0\].kind: got "delete"/);
    refused(
      { operations: [{ ...read, mismatches: 0.6, secondaryErrors: 0.6 }] },
      /mismatches \+ secondaryErrors: got 1.2, allowed is at most 1/,
    );
  });

  it("has no calls for an operation that nobody calls", () => {
    const { calls, logs, cloudWatch } = shadow({ operations: [{ ...read, calls: 0 }] });
    assert.deepEqual(calls, { v1: 0, v2: 0 });
    assert.equal(logs.lines, 0);
    assert.equal(cloudWatch.metrics, 0);
  });
});

/** An item's size by DynamoDB's rules: names and values in UTF-8, and some bytes for what holds others. */
function sizeOf(record: object): number {
  const size = (value: any): number => {
    const [[type, inner]] = Object.entries<any>(value) as [[string, any]];
    if (type === "S") return Buffer.byteLength(inner);
    if (type === "B") return inner.length;
    if (type === "N") return Math.ceil(inner.replace(/\D/g, "").length / 2) + 1;
    if (type === "M") return 3 + sizes(inner);
    if (type === "L") return 3 + inner.reduce((sum: number, one: any) => sum + 1 + size(one), 0);
    return 1;
  };
  const sizes = (map: Record<string, any>): number =>
    Object.entries(map).reduce((sum, [name, value]) => sum + name.length + size(value), 0);
  return sizes(marshall(record));
}
