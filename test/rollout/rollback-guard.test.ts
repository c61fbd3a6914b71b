import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { memoryMetrics } from "../../lib/metrics/memory.ts";
import type { ModeDocument } from "../../lib/mode/mode-document.ts";
import { documentInForce } from "../../lib/rollout/present-mode.ts";
import {
  rollbackGuard,
  type AlarmEvent,
  type GuardReport,
  type RollbackGuardOptions,
} from "../../lib/rollout/rollback-guard.ts";
import { MIGRATION, MINUTE, rolloutFixture, SECOND } from "./fixture.ts";

async function setUp(test: TestContext, options: Partial<RollbackGuardOptions> = {}) {
  const fixture = await rolloutFixture(test);
  const { target, clock, cloudWatchClient, put, events } = fixture;
  const metrics = memoryMetrics();
  const told: [subject: string, report: GuardReport][] = [];
  const guard = rollbackGuard({
    target,
    migration: MIGRATION,
    alarm: "unhealthy",
    mismatchRatePercent: 1,
    settleMs: 2 * MINUTE,
    cloudWatch: cloudWatchClient,
    metrics,
    notify: async (subject, report) => void told.push([subject, report]),
    logger: { warn() {}, error() {} },
    now: () => clock.now(),
    wait: (ms) => clock.advance(ms),
    ...options,
  });
  await clock.advance(MINUTE);
  return {
    ...fixture,
    metrics,
    told,
    guard,
    inForce: () => documentInForce(target),
    /** Lets the alarm go off, and returns the event that EventBridge has of it. */
    async alarm(): Promise<AlarmEvent> {
      const known = events.length;
      await put("Comparisons", 100);
      await put("Disagreements", 50);
      await clock.advance(MINUTE);
      const isIt = ({ detail }: AlarmEvent) =>
        detail.alarmName === "unhealthy" && detail.state.value === "ALARM";
      const event = events.slice(known).find(isIt);
      assert.ok(event, "the alarm went off");
      return event;
    },
    /** A mode that has been in force for long. */
    async settled(document: ModeDocument) {
      await fixture.deploy(document);
      await clock.advance(10 * MINUTE);
    },
  };
}

describe("the guard's function", () => {
  it("goes back one mode, at once, counts it, and tells people", async (test) => {
    const {
      settled,
      alarm,
      guard,
      inForce,
      metrics,
      told,
      describe: describeDeployment,
    } = await setUp(test);
    await settled({ mode: "reverse-shadow", sample: { secondary: 0.5 } });
    const report = await guard(await alarm());
    assert.deepEqual(report, {
      did: "stepped back",
      why: "the alarm unhealthy went off",
      from: "reverse-shadow",
      to: "shadow",
      deployment: 2,
    });
    assert.deepEqual(await inForce(), { mode: "shadow", sample: { secondary: 0.5 } });
    assert.equal(metrics.counts.GuardRollbacks, 1);
    assert.deepEqual(told, [["things: the guard stepped back", report]]);
    const { Description } = await describeDeployment(2);
    assert.equal(Description, "guard: reverse-shadow to shadow, as the alarm unhealthy went off");
  });

  it("goes back to reverse-shadow from new, and ends a ramp first", async (test) => {
    const { settled, alarm, guard, inForce } = await setUp(test);
    await settled({ mode: "new" });
    await guard(await alarm());
    assert.deepEqual(await inForce(), { mode: "reverse-shadow" });
    await settled({ mode: "reverse-shadow", ramp: { mode: "new", percent: 20 } });
    await guard(await alarm());
    assert.deepEqual(await inForce(), { mode: "reverse-shadow" });
  });

  for (const mode of ["old", "shadow"] as const) {
    it(`leaves ${mode} alone, and nobody is woken`, async (test) => {
      const { settled, alarm, guard, states, told, metrics } = await setUp(test);
      await settled({ mode });
      assert.equal((await guard(await alarm())).did, "nothing");
      assert.deepEqual(await states(), ["COMPLETE"]);
      assert.deepEqual(told, []);
      assert.deepEqual(metrics.counts, {});
    });
  }

  it("takes one step for an event that comes again", async (test) => {
    const { settled, alarm, guard, inForce, states } = await setUp(test);
    await settled({ mode: "new" });
    const event = await alarm();
    await guard(event);
    assert.equal((await guard(event)).did, "nothing");
    assert.deepEqual(await inForce(), { mode: "reverse-shadow" });
    assert.equal((await states()).length, 2);
  });

  it("takes one step for an event that comes many times at once", async (test) => {
    const { settled, alarm, guard, inForce, states, metrics } = await setUp(test);
    await settled({ mode: "new" });
    const event = await alarm();
    const reports = await Promise.all(Array.from({ length: 8 }, () => guard(event)));
    assert.equal(reports.filter(({ did }) => did === "stepped back").length, 1);
    assert.equal(reports.filter(({ did }) => did === "nothing").length, 7);
    assert.deepEqual(await inForce(), { mode: "reverse-shadow" });
    assert.equal((await states()).length, 2);
    assert.equal(metrics.counts.GuardRollbacks, 1);
  });

  it("takes a step for each alarm", async (test) => {
    const { settled, alarm, guard, inForce, clock } = await setUp(test);
    await settled({ mode: "new" });
    await guard(await alarm());
    await clock.advance(10 * MINUTE);
    await guard(await alarm());
    assert.deepEqual(await inForce(), { mode: "shadow" });
    await clock.advance(10 * MINUTE);
    assert.equal((await guard(await alarm())).did, "nothing");
    assert.deepEqual(await inForce(), { mode: "shadow" });
  });

  it("does nothing about an alarm that is over when its event comes", async (test) => {
    const { settled, alarm, guard, states, clock } = await setUp(test);
    await settled({ mode: "new" });
    const event = await alarm();
    await clock.advance(5 * MINUTE);
    assert.deepEqual(await guard(event), { did: "nothing", why: "the alarm is over" });
    assert.equal((await states()).length, 1);
  });

  it("does nothing about a late event that an operator has answered, though the alarm is on again", async (test) => {
    const { settled, alarm, guard, inForce, clock } = await setUp(test);
    await settled({ mode: "reverse-shadow" });
    const event = await alarm();
    await settled({ mode: "shadow" });
    await settled({ mode: "reverse-shadow" });
    await clock.advance(10 * MINUTE);
    const another = await alarm();
    assert.equal((await guard(event)).did, "nothing");
    assert.deepEqual(await inForce(), { mode: "reverse-shadow" });
    assert.equal((await guard(another)).did, "stepped back");
  });

  it("does nothing where an operator went back just before the alarm", async (test) => {
    const { settled, deploy, alarm, guard, inForce, put, clock } = await setUp(test);
    await settled({ mode: "new" });
    await put("Disagreements", 50);
    await clock.advance(30 * SECOND);
    await deploy({ mode: "reverse-shadow" });
    assert.equal((await guard(await alarm())).did, "nothing");
    assert.deepEqual(await inForce(), { mode: "reverse-shadow" });
  });

  it("leaves a promotion that AppConfig rolls back at that", async (test) => {
    const { settled, deploy, alarm, guard, inForce, states, clock } = await setUp(test);
    await settled({ mode: "reverse-shadow" });
    await deploy({ mode: "new" }, "gradual");
    const event = await alarm();
    while ((await states())[1] === "DEPLOYING") await clock.advance(SECOND);
    assert.equal((await states())[1], "ROLLING_BACK");
    assert.equal((await guard(event)).did, "nothing");
    await clock.advance(10 * SECOND);
    assert.equal((await guard(event)).did, "nothing");
    assert.deepEqual(await states(), ["COMPLETE", "ROLLED_BACK"]);
    assert.deepEqual(await inForce(), { mode: "reverse-shadow" });
  });

  it("stops a promotion where AppConfig hasn't yet, and leaves it at that", async (test) => {
    const { settled, deploy, alarm, guard, states, told } = await setUp(test);
    await settled({ mode: "shadow" });
    const event = await alarm();
    await deploy({ mode: "reverse-shadow" }, "gradual");
    const report = await guard(event);
    assert.equal(report.did, "stopped a promotion");
    assert.equal(report.deployment, 2);
    assert.deepEqual(await states(), ["COMPLETE", "ROLLED_BACK"]);
    assert.equal(told.length, 1);
    assert.equal((await guard(event)).did, "nothing");
  });

  it("stops a change of sampling that is in the way, and goes back", async (test) => {
    const { settled, deploy, alarm, guard, states, inForce } = await setUp(test);
    await settled({ mode: "reverse-shadow" });
    const event = await alarm();
    await deploy({ mode: "reverse-shadow", sample: { secondary: 0.5 } }, "gradual");
    assert.equal((await guard(event)).did, "stepped back");
    assert.deepEqual(await states(), ["COMPLETE", "ROLLED_BACK", "COMPLETE"]);
    assert.deepEqual(await inForce(), { mode: "shadow" });
  });

  it("holds back where V1 is what fails", async (test) => {
    const { settled, alarm, guard, put, states, told } = await setUp(test);
    await settled({ mode: "reverse-shadow" });
    await put("SecondaryErrors", 50);
    await put("V1Calls", 100);
    await put("V1Errors", 50);
    await put("V2Calls", 100);
    const report = await guard(await alarm());
    assert.equal(report.did, "held back");
    assert.match(report.why, /V1 is what fails/);
    assert.equal((await states()).length, 1);
    assert.equal(told.length, 1);
  });

  it("goes back where CloudWatch can't be asked", async (test) => {
    const { settled, alarm, guard, breakDown, inForce } = await setUp(test);
    await settled({ mode: "reverse-shadow" });
    const event = await alarm();
    breakDown("monitoring");
    assert.equal((await guard(event)).did, "stepped back");
    assert.deepEqual(await inForce(), { mode: "shadow" });
  });

  const operations: [what: string, method: string, path: RegExp][] = [
    ["the deployments can't be read", "GET", /\/deployments$/],
    ["the documents can't be read", "GET", /\/hostedconfigurationversions\/\d+$/],
    ["no document can be stored", "POST", /\/hostedconfigurationversions$/],
    ["nothing can be deployed", "POST", /\/deployments$/],
  ];
  for (const [what, method, path] of operations) {
    it(`fails aloud where ${what}, and does it in another try`, async (test) => {
      const { settled, alarm, guard, gateway, inForce, told, states } = await setUp(test);
      await settled({ mode: "reverse-shadow" });
      const event = await alarm();
      const mend = gateway.inject({
        service: "appconfig",
        when: (request) => request.method === method && path.test(request.path),
        respond: () => ({ status: 500, headers: {}, body: '{"message":"down"}' }),
      });
      await assert.rejects(guard(event));
      assert.deepEqual(
        told.map(([, { did }]) => did),
        ["failed"],
      );
      mend();
      assert.equal((await guard(event)).did, "stepped back");
      assert.deepEqual(await inForce(), { mode: "shadow" });
      assert.equal((await states()).length, 2);
    });
  }

  it("does it where nobody can be told", async (test) => {
    const notify = () => Promise.reject(new Error("SNS is down"));
    const { settled, alarm, guard, inForce } = await setUp(test, { notify });
    await settled({ mode: "reverse-shadow" });
    assert.equal((await guard(await alarm())).did, "stepped back");
    assert.deepEqual(await inForce(), { mode: "shadow" });
  });

  it("doesn't listen to other alarms, nor to an alarm that ends", async (test) => {
    const { settled, alarm, guard } = await setUp(test);
    await settled({ mode: "reverse-shadow" });
    const { detail } = await alarm();
    for (const change of [{ alarmName: "mismatch" }, { state: { ...detail.state, value: "OK" } }]) {
      assert.equal((await guard({ detail: { ...detail, ...change } })).did, "nothing");
    }
    const state = { ...detail.state, timestamp: "yesterday" };
    await assert.rejects(
      guard({ detail: { ...detail, state } }),
      /state\.timestamp: got yesterday/,
    );
  });
});
