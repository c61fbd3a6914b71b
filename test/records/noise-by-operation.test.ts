import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import {
  defineMigration,
  type CompareRules,
  type Comparison,
  type Mode,
  type ModeDocument,
} from "../../lib/index.ts";
import { noiseByOperation } from "../../lib/records/noise-by-operation.ts";
import { comparisonRecord } from "../../lib/records/record.ts";
import { memoryMetrics, memoryRecords } from "../../lib/testing.ts";
import { comparisonOf } from "../support/comparison.ts";
import { lambdaContext, migrationOf, wrapped } from "../support/invoke.ts";

const asRecords = (comparisons: readonly Comparison[]) =>
  comparisons.map((comparison) => comparisonRecord(comparison, 30));

/** Makes so many calls under the mode document, and reports on what they left behind. */
async function study(
  document: Mode | ModeDocument,
  v1: () => Promise<unknown>,
  v2: () => Promise<unknown>,
  compare: CompareRules = {},
  calls = 50,
) {
  const records = memoryRecords();
  const metrics = memoryMetrics();
  const migration = migrationOf(v1, v2, { compare });
  const { invoke } = wrapped(migration, document, (_, context) => migration.client(context).get(), {
    records,
    metrics,
  });
  for (let call = 0; call < calls; call++) {
    await invoke({}, lambdaContext({ requestId: `r${call}` }));
  }
  const { Comparisons = 0, Calibrations = 0, Disagreements = 0 } = metrics.counts;
  const reports = await noiseByOperation(
    asRecords(records.comparisons),
    asRecords(records.calibrations),
    new Map([["get", { comparisons: Comparisons, calibrations: Calibrations }]]),
  );
  return { report: reports.get("get"), disagreements: Disagreements, counts: metrics.counts };
}

describe("noise in the records of a whole study", () => {
  let clock = 0;
  const answer = (version: string) => async () => ({
    servedAt: clock++,
    trace: { id: crypto.randomUUID() },
    items: [
      { sku: "a", readAt: clock++, price: version === "v1" ? 1 : 2 },
      { sku: "b", readAt: clock++, price: 3 },
    ],
  });
  const always = (mode: Mode): ModeDocument => ({ mode, sample: { calibrate: 1 } });
  const RULES = { ignore: ["$.servedAt", "$.trace.id", "$.items[*].readAt"], unordered: [] };

  for (const mode of ["shadow", "reverse-shadow"] as const) {
    it(`finds a clock and a random id, and leaves a true difference a signal, in ${mode}`, async () => {
      const { report } = await study(always(mode), answer("v1"), answer("v2"));
      assert.deepEqual(
        report?.signatures.map(({ signature, verdict, raw, noise }) => [
          signature,
          verdict,
          raw.share,
          noise.share,
        ]),
        [
          ["$.servedAt value", "noise", 1, 1],
          ["$.trace.id value", "noise", 1, 1],
          ["$.items[*].readAt value", "noise", 1, 1],
          ["$.items[*].price value", "signal", 1, 0],
        ],
      );
      assert.deepEqual(report?.rules, RULES);
    });
  }

  for (const mode of ["old", "new"] as const) {
    it(`proposes the same rules before anything is compared, in ${mode}`, async () => {
      const { report, counts } = await study(always(mode), answer("v1"), answer("v2"));
      assert.equal(counts.Comparisons, undefined);
      assert.deepEqual(report?.rules, RULES);
    });
  }

  it("is gone once the rules are applied, and the true difference is not", async () => {
    const { report } = await study(always("shadow"), answer("v1"), answer("v2"), RULES);
    assert.deepEqual(
      report?.signatures.map(({ signature, verdict }) => [signature, verdict]),
      [["$.items[*].price value", "signal"]],
    );
    const mended = await study(always("shadow"), answer("v1"), answer("v1"), RULES);
    assert.equal(mended.report, undefined);
    assert.equal(mended.disagreements, 0);
  });

  it("is not made of a V1 that fails now and then, and a V2 that always fails is a signal", async () => {
    let turn = 0;
    const flaky = async () => {
      if (turn++ % 10 === 9) throw new Error("now and then");
      return 1;
    };
    const { report } = await study(always("shadow"), flaky, async () => {
      throw new TypeError("always");
    });
    assert.deepEqual(report?.rules, { ignore: [], unordered: [] });
    const always2 = report?.signatures.find(
      ({ signature }) => signature === "secondary-error TypeError",
    );
    assert.equal(always2?.verdict, "signal");
  });
});

describe("noise in the records of a busy function", () => {
  it("isn't mistaken for a frequent signal of which the cap has let few records through", async () => {
    // V1 differs from itself once in a hundred calls, V2 from V1 every second time. The cap stores ten
    // comparisons a minute and nearly every calibration.
    mock.timers.enable({ apis: ["Date"], now: 0 });
    try {
      let v1Calls = 0;
      let v2Calls = 0;
      const kept: Comparison[] = [];
      const migration = migrationOf(
        async () => ({ x: ++v1Calls % 100 === 0 ? "noise" : "steady" }),
        async () => ({ x: ++v2Calls % 2 === 0 ? "wrong" : "steady" }),
      );
      const { invoke, traces } = wrapped(
        migration,
        { mode: "shadow", sample: { calibrate: 1 } },
        async (_, context) => {
          const client = migration.client(context);
          for (let call = 0; call < 500; call++) await client.get();
        },
        { records: { retentionDays: 1, write: async (all) => (kept.push(...all), []) } },
      );
      for (let minute = 0; minute < 10; minute++) {
        await invoke({}, lambdaContext({ requestId: `r${minute}` }));
        mock.timers.tick(60_000);
      }
      const { Comparisons = 0, Calibrations = 0, NoisyCalibrations = 0 } = traces().counts;
      assert.equal(Comparisons, 5_000);
      assert.equal(NoisyCalibrations, 100);
      const raw = asRecords(kept.filter(({ calibration }) => !calibration));
      const noise = asRecords(kept.filter(({ calibration }) => calibration));
      assert.equal(raw.length, 100);
      const totals = new Map([["get", { comparisons: Comparisons, calibrations: Calibrations }]]);
      const [told] = (await noiseByOperation(raw, noise, totals)).get("get")!.signatures;
      assert.equal(told?.verdict, "signal");
      // What the last minute left out has no record to stand behind it.
      assert.ok(told.raw.share > 0.4, String(told.raw.share));
      // The records alone would have said that this is noise.
      const alone = raw.map((record) => ({ ...record, leftOut: 0 }));
      const [mistaken] = (await noiseByOperation(alone, noise, totals)).get("get")!.signatures;
      assert.equal(mistaken?.verdict, "noise");
    } finally {
      mock.timers.reset();
    }
  });
});

describe("noise by operation", () => {
  it("keeps operations apart, each with its own totals, and leaves out agreements", async () => {
    const mismatch = (operation: string, given: Partial<Comparison> = {}) =>
      comparisonOf({ operation, ...given });
    const agreement = mismatch("get", { outcome: "match", differences: [], signature: "match" });
    async function* later(comparisons: readonly Comparison[]) {
      yield* asRecords(comparisons);
    }
    const reports = await noiseByOperation(
      later([mismatch("get"), mismatch("list"), agreement]),
      later([mismatch("list", { calibration: true }), { ...agreement, calibration: true }]),
      new Map([
        ["get", { comparisons: 10, calibrations: 10 }],
        ["unused", { comparisons: 1, calibrations: 1 }],
      ]),
    );
    const told = Array.from(reports, ([operation, { signatures }]) => [
      operation,
      signatures.map(({ signature, raw, noise, verdict }) => [
        signature,
        raw.share,
        noise.share,
        verdict,
      ]),
    ]);
    assert.deepEqual(told, [
      ["get", [["$.id value", 0.1, 0, "signal"]]],
      ["list", [["$.id value", 1, 1, "noise"]]],
    ]);
  });

  it("reads what a migration of several operations leaves behind", async () => {
    interface Two {
      steady(): Promise<number>;
      noisy(): Promise<number>;
    }
    let turn = 0;
    const version = { steady: async () => 1, noisy: async () => turn++ };
    const migration = defineMigration<Two>({
      name: "two",
      v1: version,
      v2: version,
      operations: { steady: { kind: "read" }, noisy: { kind: "read" } },
    });
    const records = memoryRecords();
    const { invoke } = wrapped(
      migration,
      { mode: "shadow", sample: { calibrate: 1 } },
      async (_, context) => {
        const client = migration.client(context);
        await Promise.all([client.steady(), client.noisy()]);
      },
      { records },
    );
    await invoke();
    const reports = await noiseByOperation(
      asRecords(records.comparisons),
      asRecords(records.calibrations),
      new Map(),
    );
    assert.deepEqual([...reports.keys()], ["noisy"]);
    const { signatures, rules } = reports.get("noisy")!;
    assert.deepEqual(
      signatures.map(({ signature, verdict }) => [signature, verdict]),
      [["$ value", "noise"]],
    );
    assert.deepEqual(rules, { ignore: [], unordered: [] });
  });
});
