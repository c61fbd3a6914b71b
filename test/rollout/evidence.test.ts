import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { GetMetricDataCommandOutput, MetricDatum } from "@aws-sdk/client-cloudwatch";
import type { MetricName } from "../../lib/metrics/names.ts";
import { readEvidence, readRecent } from "../../lib/rollout/evidence.ts";
import { gateThresholds } from "../../lib/rollout/gate-thresholds.ts";
import { cloudWatchFixture, DAY, HOUR, MINUTE } from "../local/cloudwatch/fixture.ts";

async function setUp(test: TestContext) {
  const fixture = await cloudWatchFixture(test);
  const { clock, client } = fixture;
  const put = (name: MetricName, datum: Partial<MetricDatum> | number, migration = "things") =>
    fixture.put(name, {
      Dimensions: [{ Name: "Migration", Value: migration }],
      ...(typeof datum === "number" ? { Value: datum } : datum),
    });
  return {
    clock,
    put,
    reader: () => ({ client, migration: "things", now: clock.now() }),
    present: (since = clock.now(), sampledSince = since, secondaryShare = 1) => ({
      since,
      sampledSince,
      secondaryShare,
    }),
  };
}

describe("readEvidence", () => {
  it("adds up what was measured since the mode began", async (test) => {
    const { clock, put, reader, present } = await setUp(test);
    await put("Comparisons", 7);
    await clock.advance(MINUTE);
    const began = present();
    for (let minute = 0; minute < 3; minute++) {
      await put("Comparisons", 40);
      await put("Comparisons", 60);
      await put("Comparisons", 5_000, "other-things");
      await put("Disagreements", 2);
      await put("V1Calls", 100);
      await put("V2Calls", 100);
      await put("V2Errors", 1);
      await put("V1Latency", { Values: [10, 20, 30], Counts: [50, 49, 1] });
      await put("V2Latency", { Values: [20], Counts: [99] });
      await clock.advance(MINUTE);
    }
    assert.deepEqual(await readEvidence(reader(), began, gateThresholds()), {
      timeInModeMs: 3 * MINUTE,
      comparisons: 300,
      disagreements: 6,
      sampledComparisons: 300,
      comparingInvocations: 6,
      skippedByBreaker: 0,
      v1: { calls: 300, errors: 0, p99Ms: 20 },
      v2: { calls: 300, errors: 3, p99Ms: 20 },
      pendingRepairs: undefined,
    });
  });

  it("leaves out the minute in which the mode began, which the one before it had a part of", async (test) => {
    const { clock, put, reader, present } = await setUp(test);
    await put("Disagreements", 90);
    await clock.advance(MINUTE / 2);
    const began = present();
    await clock.advance(MINUTE);
    await put("Disagreements", 1);
    await clock.advance(MINUTE);
    assert.equal((await readEvidence(reader(), began, gateThresholds())).disagreements, 1);
  });

  it("knows nothing of a mode that has just begun, or that begins in a moment", async (test) => {
    const { clock, put, reader, present } = await setUp(test);
    await clock.advance(MINUTE / 2);
    await put("Comparisons", 90);
    for (const since of [clock.now(), clock.now() + 1_000]) {
      const evidence = await readEvidence(reader(), present(since), gateThresholds());
      assert.equal(evidence.comparisons, 0);
      assert.deepEqual(evidence.v2, { calls: 0, errors: 0, p99Ms: undefined });
    }
  });

  it("counts a comparison that stands for ten calls as one observation", async (test) => {
    const { clock, put, reader, present } = await setUp(test);
    await put("Comparisons", 500);
    await clock.advance(MINUTE);
    const evidence = await readEvidence(
      reader(),
      present(clock.now() - MINUTE, undefined, 0.1),
      gateThresholds(),
    );
    assert.equal(evidence.comparisons, 500);
    assert.equal(evidence.sampledComparisons, 50);
    assert.equal(evidence.comparingInvocations, 1);
  });

  it("begins anew with another share of sampling, while the time in the mode goes on", async (test) => {
    const { clock, put, reader } = await setUp(test);
    const since = clock.now();
    await put("Comparisons", 100);
    await clock.advance(10 * MINUTE);
    const sampledSince = clock.now();
    await put("Comparisons", 3);
    await clock.advance(MINUTE);
    const present = { since, sampledSince, secondaryShare: 0.5 };
    const evidence = await readEvidence(reader(), present, gateThresholds());
    assert.equal(evidence.comparisons, 3);
    assert.equal(evidence.timeInModeMs, 11 * MINUTE);
  });

  it("forgets what is older than its window", async (test) => {
    const { clock, put, reader, present } = await setUp(test);
    const began = present();
    await put("Disagreements", 100);
    await clock.advance(2 * HOUR);
    await put("Disagreements", 1);
    await clock.advance(MINUTE);
    const look = (windowMinutes: number) =>
      readEvidence(reader(), began, gateThresholds({ windowMinutes, timeInModeMinutes: 5 }));
    assert.equal((await look(60)).disagreements, 1);
    assert.equal((await look(180)).disagreements, 101);
  });

  it("looks back for two weeks, whose minutes CloudWatch still has", async (test) => {
    const { clock, put, reader, present } = await setUp(test);
    const began = present();
    for (let day = 0; day < 14; day++) {
      await put("Comparisons", 10);
      await clock.advance(DAY);
    }
    const evidence = await readEvidence(
      reader(),
      began,
      gateThresholds({ windowMinutes: 14 * 24 * 60 }),
    );
    assert.equal(evidence.comparisons, 140);
  });

  it("weighs each period's p99 by what was measured in it", async (test) => {
    const { clock, put, reader, present } = await setUp(test);
    const began = present();
    await put("V2Latency", { Values: [10], Counts: [30] });
    await clock.advance(MINUTE);
    await put("V2Latency", { Values: [50], Counts: [10] });
    await clock.advance(MINUTE);
    assert.equal((await readEvidence(reader(), began, gateThresholds())).v2.p99Ms, 20);
  });

  it("takes the newest report of the repair pass, and none that is old", async (test) => {
    const { clock, put, reader, present } = await setUp(test);
    const thresholds = gateThresholds({ dualWrites: true });
    const pending = async () =>
      (await readEvidence(reader(), present(0), thresholds)).pendingRepairs;
    await put("RepairsPending", 5);
    await clock.advance(5 * MINUTE);
    assert.equal(await pending(), 5);
    await put("RepairsPending", 0);
    await clock.advance(10 * MINUTE);
    assert.equal(await pending(), 0);
    await clock.advance(6 * MINUTE);
    assert.equal(await pending(), undefined);
  });

  it("takes no answer that isn't whole", async (test) => {
    const { clock, reader, present } = await setUp(test);
    await clock.advance(MINUTE);
    const { client } = reader();
    client.middlewareStack.add(
      (next) => async (call) => {
        const { output, response } = await next(call);
        (output as GetMetricDataCommandOutput).MetricDataResults![0]!.StatusCode = "InternalError";
        return { output, response };
      },
      { step: "initialize" },
    );
    await assert.rejects(
      readEvidence(reader(), present(0), gateThresholds()),
      /CloudWatch has no whole answer for comparisons: InternalError/,
    );
  });
});

describe("readRecent", () => {
  it("tells what happened lately", async (test) => {
    const { clock, put, reader } = await setUp(test);
    await put("V1Errors", 1_000);
    await clock.advance(10 * MINUTE);
    await put("Comparisons", 100);
    await put("Disagreements", 50);
    await put("SecondaryErrors", 20);
    await put("Timeouts", 10);
    await put("V1Calls", 100);
    await put("V1Errors", 30);
    await clock.advance(MINUTE);
    assert.deepEqual(await readRecent(reader(), 5 * MINUTE), {
      comparisons: 100,
      disagreements: 50,
      secondaryFailures: 30,
      v1: { calls: 100, errors: 30 },
      v2: { calls: 0, errors: 0 },
    });
  });
});
