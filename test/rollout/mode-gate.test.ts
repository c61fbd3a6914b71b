import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { memoryMetrics } from "../../lib/metrics/memory.ts";
import { gateThresholds, type GateThresholds } from "../../lib/rollout/gate-thresholds.ts";
import { DocumentRefused, modeGate } from "../../lib/rollout/mode-gate.ts";
import { MIGRATION, MINUTE, rolloutFixture } from "./fixture.ts";

async function setUp(test: TestContext, thresholds: Partial<GateThresholds> = {}) {
  const fixture = await rolloutFixture(test);
  const { target, clock, cloudWatchClient, put } = fixture;
  const metrics = memoryMetrics();
  const logged: [message: string, extra: any][] = [];
  const log = (message: string, extra?: object) => void logged.push([message, extra]);
  const handler = modeGate({
    target,
    migration: MIGRATION,
    thresholds: gateThresholds({ timeInModeMinutes: 5, minimumComparisons: 300, ...thresholds }),
    cloudWatch: cloudWatchClient,
    metrics,
    logger: { warn: log, error: log },
    now: () => clock.now(),
  });
  const ask = (content: unknown, dryRun?: boolean) =>
    handler({
      configurationProfileId: target.profileId,
      content: Buffer.from(
        typeof content === "string" ? content : JSON.stringify(content),
      ).toString("base64"),
      dryRun,
    });
  return {
    ...fixture,
    metrics,
    logged,
    ask,
    passes: (content: unknown) => ask(content).then(() => {}),
    refuses: (content: unknown, why: RegExp) =>
      assert.rejects(ask(content), (error) => {
        assert.ok(error instanceof DocumentRefused);
        assert.match(error.message, why);
        return true;
      }),
    /** Ten minutes in which both versions did well. */
    async doWell() {
      for (let minute = 0; minute < 10; minute++) {
        await put("Comparisons", { Values: [1], Counts: [60] });
        await put("V1Calls", 60);
        await put("V2Calls", 60);
        await put("V1Latency", { Values: [20], Counts: [60] });
        await put("V2Latency", { Values: [25], Counts: [60] });
        await clock.advance(MINUTE);
      }
    },
  };
}

describe("the gate's function", () => {
  it("lets the first document pass, when nothing is deployed yet", async (test) => {
    const { passes, refuses } = await setUp(test);
    await passes({ mode: "old" });
    await refuses(
      { mode: "new" },
      /^Refused: old to new: a document goes on by one mode at a time/,
    );
  });

  it("lets a migration go all the way, on evidence", async (test) => {
    const { passes, deploy, doWell } = await setUp(test);
    await deploy({ mode: "old" });
    for (const mode of ["shadow", "reverse-shadow", "new"]) {
      await passes({ mode });
      await deploy({ mode });
      await doWell();
    }
  });

  it("refuses a promotion and a ramp without evidence, and says what is missing", async (test) => {
    const { refuses, deploy, clock, metrics, logged } = await setUp(test);
    await deploy({ mode: "shadow" });
    await clock.advance(3 * MINUTE);
    const why =
      /5 of 6 conditions not met\.\n- time in mode: wanted at least 5 min, measured 3 min/;
    await refuses({ mode: "reverse-shadow" }, why);
    await refuses({ mode: "shadow", ramp: { mode: "reverse-shadow", percent: 1 } }, why);
    assert.equal(metrics.counts.GateRefusals, 2);
    assert.equal(logged.length, 2);
    assert.equal(logged[0]![1].verdict.conditions.length, 6);
  });

  it("goes by the evidence of the present try, not of the one that was rolled back", async (test) => {
    const { passes, refuses, deploy, doWell, put, clock } = await setUp(test);
    await deploy({ mode: "shadow" });
    await doWell();
    await deploy({ mode: "reverse-shadow" });
    await put("Disagreements", 100);
    await clock.advance(MINUTE);
    await deploy({ mode: "shadow" });
    await clock.advance(MINUTE);
    await refuses(
      { mode: "reverse-shadow" },
      /time in mode: wanted at least 5 min, measured 1 min/,
    );
    await doWell();
    await passes({ mode: "reverse-shadow" });
  });

  it("refuses what is no mode document", async (test) => {
    const { refuses, metrics } = await setUp(test);
    await refuses(
      "{mode: old}",
      /^Refused: no mode document: mode document: got "\{mode: old\}", allowed is JSON/,
    );
    await refuses({ mode: "older" }, /^Refused: no mode document: mode: got "older"/);
    await refuses({ mode: "older", override: "please" }, /got "older"/);
    await refuses("", /allowed is JSON/);
    assert.equal(metrics.counts.GateRefusals, 4);
  });

  it("lets an override pass, and reports it", async (test) => {
    const { passes, deploy, metrics, logged } = await setUp(test);
    await deploy({ mode: "old" });
    await passes({ mode: "new", override: "V1 burns" });
    assert.equal(metrics.counts.GateOverrides, 1);
    const [message, { verdict, migration }] = logged[0]!;
    assert.equal(message, "mode document overridden");
    assert.equal(migration, MIGRATION);
    assert.equal(verdict.overridden, "V1 burns");
  });

  it("gives its verdict to who only asks, and counts nothing", async (test) => {
    const { ask, deploy, metrics } = await setUp(test);
    await deploy({ mode: "shadow" });
    const verdict = await ask({ mode: "reverse-shadow" }, true);
    assert.equal(verdict.allowed, false);
    assert.equal(verdict.conditions.length, 6);
    assert.deepEqual(metrics.counts, {});
  });

  it("doesn't count the deployment that it is asked about, which AppConfig lists already", async (test) => {
    const { refuses, deploy } = await setUp(test);
    await deploy({ mode: "shadow" });
    await deploy({ mode: "reverse-shadow" }, "gradual");
    await refuses({ mode: "reverse-shadow" }, /shadow to reverse-shadow/);
  });
});

describe("the gate's function, where CloudWatch is down", () => {
  it("refuses promotions with the reason, and no rollback", async (test) => {
    const { refuses, passes, deploy, breakDown, clock } = await setUp(test);
    await deploy({ mode: "reverse-shadow" });
    await clock.advance(MINUTE);
    breakDown("monitoring");
    await refuses(
      { mode: "new" },
      /1 of 1 conditions not met.\n- evidence: wanted readable, measured \w/,
    );
    await passes({ mode: "reverse-shadow", sample: { secondary: 0.5 } });
    await passes({ mode: "shadow" });
    await passes({ mode: "old" });
    await passes({ mode: "new", override: "CloudWatch is down" });
  });

  it("asks CloudWatch nothing where no evidence is needed", async (test) => {
    const { passes, deploy, breakDown } = await setUp(test);
    await deploy({ mode: "old" });
    breakDown("monitoring", "", "hang");
    await passes({ mode: "shadow" });
    await deploy({ mode: "reverse-shadow" });
    await passes({ mode: "shadow" });
  });
});

describe("the gate's function, where AppConfig can't be read", () => {
  it("lets pass what would pass after any mode, and refuses the rest with the reason", async (test) => {
    const { refuses, passes, deploy, breakDown } = await setUp(test);
    await deploy({ mode: "reverse-shadow" });
    breakDown("appconfig");
    await passes({ mode: "old" });
    await passes({ mode: "shadow" });
    await refuses(
      { mode: "reverse-shadow" },
      /^Refused: reverse-shadow: the document in force can't be read/,
    );
    await refuses({ mode: "new" }, /^Refused: new: the document in force can't be read/);
    await passes({ mode: "new", override: "I know what is in force" });
  });

  it("keeps writes that V1 lacks, all the same", async (test) => {
    const { refuses, breakDown } = await setUp(test, { dualWrites: true });
    breakDown("appconfig");
    await refuses({ mode: "shadow" }, /can't be read/);
  });

  for (const service of ["appconfig", "monitoring"] as const) {
    it(`answers in time when ${service} hangs`, async (test) => {
      const { refuses, deploy, clock, gateway } = await setUp(test);
      await deploy({ mode: "reverse-shadow" });
      await clock.advance(MINUTE);
      const time = new AbortController();
      test.mock.method(AbortSignal, "timeout", () => time.signal);
      gateway.inject({
        service,
        respond() {
          time.abort();
          return "hang";
        },
      });
      await refuses({ mode: "new" }, /not read within 8 s/);
    });
  }
});
