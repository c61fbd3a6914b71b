import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import {
  defineMigration,
  withCall,
  type Call,
  type Mode,
  type ModeDocument,
} from "../../lib/index.ts";
import { memoryRecords } from "../../lib/testing.ts";
import { lambdaContext, migrationOf, wrapped, type Dependency } from "../support/invoke.ts";
import { deferred, never, reactions } from "../support/settled.ts";

const MODES: readonly Mode[] = ["old", "shadow", "reverse-shadow", "new"];
const always = (mode: Mode): ModeDocument => ({ mode, sample: { calibrate: 1 } });
const primaryOf = (mode: Mode) => (mode === "old" || mode === "shadow" ? "v1" : "v2");

/** Answers with what is given, one after the other. */
function inTurn(...answers: readonly unknown[]) {
  let calls = 0;
  const run = async () => answers[Math.min(calls++, answers.length - 1)];
  return Object.assign(run, { calls: () => calls });
}

/** Makes one read in a handler of its own. */
async function readOnce(
  document: Mode | ModeDocument,
  v1: (...args: any[]) => any,
  v2: (...args: any[]) => any,
  operation: Parameters<typeof migrationOf>[2] = {},
  args: unknown[] = ["a"],
) {
  const migration = migrationOf(v1, v2, operation);
  const { invoke, traces } = wrapped(migration, document, async (_, context) => {
    try {
      return { value: await migration.client(context).get(...args) };
    } catch (error) {
      return { error };
    }
  });
  const answer = await invoke();
  const { comparisons, ...rest } = traces();
  return {
    answer,
    calibrations: comparisons.filter(({ calibration }) => calibration),
    comparisons: comparisons.filter(({ calibration }) => !calibration),
    ...rest,
  };
}

describe("a read drawn for calibration", () => {
  for (const mode of MODES) {
    it(`compares the primary with itself, in ${mode}`, async () => {
      const [noisy, steady] = [inTurn({ at: 1, id: "a" }, { at: 2, id: "a" }), inTurn({ id: "a" })];
      const primary = primaryOf(mode);
      const [v1, v2] = primary === "v1" ? [noisy, steady] : [steady, noisy];
      const { answer, calibrations, comparisons, counts } = await readOnce(always(mode), v1, v2);
      assert.deepEqual(answer, { value: { at: 1, id: "a" } });
      assert.equal(calibrations.length, 1);
      const calibration = calibrations[0]!;
      assert.equal(calibration.primary, primary);
      assert.equal(calibration.mode, mode);
      assert.equal(calibration.outcome, "mismatch");
      assert.equal(calibration.signature, "$.at value");
      assert.deepEqual(calibration.differences, [{ path: "$.at", kind: "value", v1: 1, v2: 2 }]);
      assert.deepEqual((calibration.v1 as any).value, { at: 1, id: "a" });
      assert.deepEqual((calibration.v2 as any).value, { at: 2, id: "a" });
      assert.deepEqual(calibration.arguments, ["a"]);
      const both = mode === "shadow" || mode === "reverse-shadow" ? 1 : undefined;
      assert.equal(comparisons.length, both ?? 0);
      assert.equal(counts.Comparisons, both);
      assert.equal(counts.Calibrations, 1);
      assert.equal(counts.NoisyCalibrations, 1);
      assert.equal(counts.RecordsStored, 1 + (both ?? 0));
    });
  }

  it("leaves a count alone where the primary agrees with itself", async () => {
    for (const mode of MODES) {
      const { calibrations, counts } = await readOnce(always(mode), inTurn(1), inTurn(1));
      assert.deepEqual(calibrations, []);
      assert.equal(counts.Calibrations, 1);
      assert.equal(counts.NoisyCalibrations, undefined);
    }
  });

  it("counts the second run as no call, no error and no latency of the version", async () => {
    let calls = 0;
    const failsLater = async () => {
      if (calls++ > 0) throw new Error("the second run");
      return 1;
    };
    for (const mode of ["old", "shadow"] as const) {
      calls = 0;
      const { counts, tallies } = await readOnce(always(mode), failsLater, inTurn(1));
      assert.equal(calls, 2);
      assert.equal(counts.V1Calls, 1);
      assert.equal(counts.V1Errors, undefined);
      const latencies = tallies.flatMap((tally) => tally.latencies.get("V1Latency") ?? []);
      assert.equal(latencies.length, 1);
      assert.equal(counts.NoisyCalibrations, 1);
    }
  });

  it("leaves out the agreement of two failures, and keeps one that fails alone", async () => {
    const fails = () => Promise.reject(new Error("down"));
    const both = await readOnce(always("old"), fails, never);
    assert.equal(both.counts.Calibrations, 1);
    assert.equal(both.counts.NoisyCalibrations, undefined);
    let calls = 0;
    const failsFirst = () => (calls++ === 0 ? fails() : Promise.resolve(1));
    const first = await readOnce(always("old"), failsFirst, never);
    assert.equal((first.answer as any).error.message, "down");
    assert.equal(first.calibrations[0]?.outcome, "primary-error");
  });

  it("normalizes both answers as the primary's own", async () => {
    const compare = {
      normalize: {
        v1: ({ at: _, ...rest }: any) => rest,
        v2: ({ when: _, ...rest }: any) => rest,
      },
    };
    const v1 = () => inTurn({ id: 1, at: 1 }, { id: 1, at: 2 });
    const v2 = () => inTurn({ id: 1, when: 1 }, { id: 1, when: 2 });
    for (const mode of MODES) {
      const { counts } = await readOnce(always(mode), v1(), v2(), { compare });
      assert.equal(counts.Calibrations, 1);
      assert.equal(counts.NoisyCalibrations, undefined, mode);
    }
    const other = await readOnce(always("old"), v2(), v1(), { compare });
    assert.equal(other.counts.NoisyCalibrations, 1);
  });

  it("tells the second run that nobody waits for its answer", async () => {
    const calls: Call[] = [];
    const migration = defineMigration<Dependency>({
      name: "things",
      v1: withCall<Dependency>({ get: async (call) => void calls.push(call) }),
      v2: { get: never },
      operations: { get: { kind: "read" } },
    });
    const { invoke } = wrapped(migration, always("old"), (_, context) =>
      migration.client(context).get(),
    );
    await invoke();
    assert.deepEqual(
      calls.map(({ version, role }) => [version, role]),
      [
        ["v1", "primary"],
        ["v1", "secondary"],
      ],
    );
  });

  it("redacts the record before any store sees it", async () => {
    const { calibrations } = await readOnce(
      always("old"),
      inTurn({ card: "4111-1" }, { card: "4111-2" }),
      never,
      { redact: ["$.card"] },
    );
    assert.doesNotMatch(JSON.stringify(calibrations), /4111/);
    assert.equal(calibrations[0]?.signature, "$.card value");
  });
});

describe("what is drawn", () => {
  afterEach(() => mock.restoreAll());

  it("is the share of reads, and each calibration stands for all it was drawn from", async () => {
    const document = { mode: "old", sample: { calibrate: 0.1 } } as const;
    let lot = 0.09;
    mock.method(Math, "random", () => lot);
    const drawn = await readOnce(document, inTurn(1, 2), never);
    assert.equal(drawn.counts.Calibrations, 10);
    assert.equal(drawn.counts.NoisyCalibrations, 10);
    assert.equal(drawn.counts.RecordsStored, 10);
    assert.equal(drawn.calibrations[0]?.weight, 10);
    lot = 0.1;
    const v1 = inTurn(1, 2);
    const left = await readOnce(document, v1, never);
    assert.equal(v1.calls(), 1);
    assert.equal(left.counts.Calibrations, undefined);
    assert.equal(left.counts.CalibrationsSkipped, undefined);
  });

  it("is nothing without a share, and no lot is drawn for that", async () => {
    const random = mock.method(Math, "random");
    for (const sample of [undefined, {}, { calibrate: 0 }]) {
      const v1 = inTurn(1, 2);
      await readOnce({ mode: "shadow", sample: { matches: 0, ...sample } }, v1, inTurn(1));
      assert.equal(v1.calls(), 1);
    }
    assert.equal(random.mock.callCount(), 0);
  });

  it("may be a read whose secondary is not", async () => {
    mock.method(Math, "random", () => 0.5);
    const document = { mode: "shadow", sample: { secondary: 0.1, calibrate: 0.9 } } as const;
    const { counts } = await readOnce(document, inTurn(1), () => assert.fail("called"));
    assert.equal(counts.SkippedBySampling, 1);
    assert.equal(counts.Calibrations, 1 / 0.9);
  });

  it("is never a write", async () => {
    interface Store {
      put(): Promise<unknown>;
    }
    const put = inTurn(1, 2);
    const migration = defineMigration<Store>({
      name: "store",
      v1: { put },
      v2: { put },
      operations: { put: { kind: "write" } },
    });
    for (const mode of MODES) {
      const { invoke, traces } = wrapped(migration, always(mode), (_, context) =>
        migration.client(context).put(),
      );
      await invoke();
      assert.equal(traces().counts.Calibrations, undefined);
      assert.equal(traces().counts.CalibrationsSkipped, undefined);
    }
    assert.equal(put.calls(), MODES.length);
  });
});

describe("a second run", () => {
  it("changes its arguments, and nobody else's", async () => {
    for (const mode of MODES) {
      const seen: unknown[] = [];
      const args = [{ ids: ["a"] }];
      let calls = 0;
      const run = async (arg: any) => {
        seen.push(structuredClone(arg));
        if (calls++ > 0) arg.ids.push("b");
        return 1;
      };
      const isPrimary = (version: string) => version === primaryOf(mode);
      const other = async (arg: any) => void seen.push(structuredClone(arg));
      const { answer } = await readOnce(
        always(mode),
        isPrimary("v1") ? run : other,
        isPrimary("v2") ? run : other,
        {},
        args,
      );
      assert.deepEqual(answer, { value: 1 });
      assert.deepEqual(args, [{ ids: ["a"] }]);
      for (const one of seen) assert.deepEqual(one, { ids: ["a"] });
    }
  });

  it("gets the arguments as they were, whatever the first does to its own", async () => {
    const seen: unknown[] = [];
    const run = (arg: any) => {
      seen.push(structuredClone(arg));
      arg.ids.push("b");
    };
    const { calibrations } = await readOnce(always("old"), run, never, {}, [{ ids: ["a"] }]);
    assert.deepEqual(seen, [{ ids: ["a"] }, { ids: ["a"] }]);
    assert.deepEqual(calibrations, []);
  });

  it("is left out where the arguments can't be copied, which is counted", async () => {
    const argument = () => {};
    for (const mode of MODES) {
      const { answer, counts } = await readOnce(
        always(mode),
        async (arg) => arg === argument,
        async (arg) => arg === argument,
        {},
        [argument],
      );
      assert.deepEqual(answer, { value: true });
      assert.equal(counts.CalibrationsSkipped, 1);
      assert.equal(counts.Calibrations, undefined);
    }
  });

  it("doesn't see what the caller does to its value, nor the caller what the rules do", async () => {
    const second = deferred();
    let calls = 0;
    const answer = { ids: [1], extra: "x" };
    const migration = migrationOf(
      () => (calls++ === 0 ? Promise.resolve(answer) : second.promise),
      never,
      {
        compare: {
          normalize: {
            v1: (value) => {
              delete value.extra;
              return value;
            },
          },
        },
      },
    );
    const { invoke, traces } = wrapped(migration, always("old"), async (_, context) => {
      const value = await migration.client(context).get();
      assert.equal(value, answer);
      value.ids.push(2);
      second.resolve({ ids: [1] });
      return value;
    });
    assert.deepEqual(await invoke(), { ids: [1, 2], extra: "x" });
    assert.equal(traces().counts.Calibrations, 1);
    assert.equal(traces().counts.NoisyCalibrations, undefined);
  });

  it("may give the caller's very value, as one does that caches, and nothing happens to it", async () => {
    const cached = { id: 1, extra: "x" };
    const { answer, counts } = await readOnce(
      always("shadow"),
      async () => cached,
      inTurn({ id: 1 }),
      {
        compare: {
          normalize: {
            v1: (value) => {
              delete value.extra;
              return value;
            },
          },
        },
      },
    );
    assert.equal((answer as any).value, cached);
    assert.deepEqual(cached, { id: 1, extra: "x" });
    assert.equal(counts.Matches, 1);
    assert.equal(counts.NoisyCalibrations, undefined);
  });

  const hostile: Record<string, () => any> = {
    "throws at once": () => {
      throw new Error("at once");
    },
    "throws nothing at all": () => {
      throw undefined;
    },
    "rejects with what can't be read": () =>
      Promise.reject(
        new Proxy(new Error(), {
          get() {
            throw new Error("unreadable");
          },
        }),
      ),
    "is a thenable that throws": () => ({
      then() {
        throw new Error("then");
      },
    }),
    "is a getter for then that throws": () => ({
      get then() {
        throw new Error("get then");
      },
    }),
    "has a getter that throws": () => ({
      get value() {
        throw new Error("get value");
      },
    }),
    "is a function": () => async () => () => {},
    "is a proxy that throws at everything": () =>
      new Proxy(
        {},
        {
          get: (_, key) => {
            if (key !== "then") throw new Error("get");
          },
          ownKeys() {
            throw new Error("keys");
          },
          getPrototypeOf() {
            throw new Error("prototype");
          },
        },
      ),
  };
  for (const [name, second] of Object.entries(hostile)) {
    it(`is not felt by the caller where it ${name}`, async () => {
      for (const mode of MODES) {
        let calls = 0;
        const run = () => (calls++ === 0 ? Promise.resolve({ value: 1 }) : second());
        const { answer, counts, calibrations } = await readOnce(always(mode), run, run);
        // In shadow and reverse-shadow the second call to be made is the calibration's.
        assert.deepEqual(answer, { value: { value: 1 } });
        assert.equal(counts.Calibrations, 1);
        assert.equal(counts.NoisyCalibrations, 1);
        assert.notEqual(calibrations[0]?.outcome, "match");
      }
    });
  }

  it("may be the first that is hostile: the caller has that very one", async () => {
    for (const [name, first] of Object.entries(hostile)) {
      let calls = 0;
      const run = () => (calls++ === 0 ? first() : Promise.resolve(1));
      const { counts } = await readOnce(always("old"), run, never);
      assert.equal(counts.Calibrations, 1, name);
    }
  });

  it("is waited for by nobody but the drain, and hands on that very value and that very error", async () => {
    const second = deferred();
    const value = { deep: {} };
    let calls = 0;
    const migration = migrationOf(
      () => (calls++ === 0 ? Promise.resolve(value) : second.promise),
      never,
    );
    const answered = deferred();
    const { invoke, traces } = wrapped(migration, always("old"), async (_, context) => {
      answered.resolve(await migration.client(context).get());
    });
    const invoking = invoke();
    assert.equal(await answered.promise, value);
    assert.equal(calls, 2);
    second.resolve({ deep: {} });
    await invoking;
    assert.equal(traces().counts.Calibrations, 1);
    const error = new Error("that one");
    const failing = await readOnce(always("old"), () => Promise.reject(error), never);
    assert.equal((failing.answer as any).error, error);
  });

  it("starts when the primary has settled where the order says so", async () => {
    const first = deferred();
    let calls = 0;
    const migration = migrationOf(() => (calls++, first.promise), never, {
      order: "primary-first",
    });
    const { invoke, traces } = wrapped(migration, always("old"), (_, context) =>
      migration.client(context).get(),
    );
    const invoking = invoke();
    await reactions();
    assert.equal(calls, 1);
    first.resolve(1);
    await invoking;
    assert.equal(calls, 2);
    assert.equal(traces().counts.Calibrations, 1);
  });

  it("gives the caller its turn before the second run, which may keep the thread", async () => {
    const order: string[] = [];
    const migration = migrationOf(async () => void order.push("run"), never, {
      order: "primary-first",
    });
    const { invoke, traces } = wrapped(migration, always("old"), async (_, context) => {
      await migration.client(context).get();
      order.push("answered");
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      order.push("handled");
    });
    await invoke();
    assert.deepEqual(order, ["run", "answered", "handled", "run"]);
    assert.equal(traces().counts.Calibrations, 1);
  });

  it("leaves the breaker on secondaries alone, and its own failures open none", async () => {
    let calls = 0;
    const secondary = inTurn(1);
    const run = async () => {
      if (calls++ % 2 === 1) throw new Error("the second run");
      return 1;
    };
    const migration = migrationOf(run, secondary, { breaker: { failures: 1 } });
    const { invoke, traces } = wrapped(migration, always("shadow"), (_, context) =>
      migration.client(context).get(),
    );
    for (let request = 0; request < 5; request++) await invoke();
    assert.equal(secondary.calls(), 5);
    assert.equal(traces().counts.SkippedByBreaker, undefined);
    assert.equal(traces().counts.NoisyCalibrations, 5);
  });

  it("is left out beyond a number in flight, and never takes a secondary's place", async () => {
    const open = deferred();
    let calls = 0;
    // The first run of each read answers, the second hangs until the test lets it.
    const run = () => (calls++ % 2 === 0 ? Promise.resolve(1) : open.promise);
    const secondary = inTurn(1);
    const migration = migrationOf(run, secondary, { maxInFlight: 1 });
    const { invoke, traces } = wrapped(migration, always("shadow"), async (_, context) => {
      const client = migration.client(context);
      await client.get();
      calls = 0;
      await client.get();
      open.resolve(1);
      await reactions();
      await client.get();
    });
    await invoke();
    assert.equal(secondary.calls(), 3);
    assert.equal(traces().counts.CalibrationsSkipped, 1);
    assert.equal(traces().counts.Calibrations, 2);
  });

  it("doesn't see a signal that the caller aborts after its answer", async () => {
    const second = deferred();
    const signals: AbortSignal[] = [];
    const migration = migrationOf(({ signal }) => {
      signals.push(signal);
      return signals.length === 1 ? Promise.resolve(1) : second.promise;
    }, never);
    const { invoke, traces } = wrapped(migration, always("old"), async (_, context) => {
      const controller = new AbortController();
      await migration.client(context).get({ signal: controller.signal });
      controller.abort();
      second.resolve(1);
    });
    await invoke();
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true, false],
    );
    assert.equal(traces().counts.Calibrations, 1);
  });
});

describe("the time of a second run", () => {
  // Both clocks stand still until a test moves them, so that a slow machine makes no difference.
  let now = 0;
  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout"] });
    mock.method(performance, "now", () => now);
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });
  const tick = (ms: number) => {
    now += ms;
    mock.timers.tick(ms);
  };

  function start(
    document: ModeDocument,
    v1: (...args: any[]) => any,
    operation: Parameters<typeof migrationOf>[2] = {},
    context = lambdaContext(),
  ) {
    const migration = migrationOf(v1, async () => 1, operation);
    const answered = deferred();
    const wrap = wrapped(migration, document, async (_, ctx) => {
      answered.resolve(await migration.client(ctx).get());
    });
    let ended = false;
    const invoking = wrap.invoke({}, context).then(() => (ended = true));
    return { answered: answered.promise, invoking, isEnded: () => ended, traces: wrap.traces };
  }

  const hungSecond = () => {
    let calls = 0;
    return () => (calls++ === 0 ? Promise.resolve(1) : never());
  };

  it("ends at its deadline, where it hangs: a noisy calibration, and the caller has long had its answer", async () => {
    for (const mode of ["old", "shadow"] as const) {
      const run = start(always(mode), hungSecond(), { timeoutMs: 300 });
      assert.equal(await run.answered, 1);
      await reactions();
      tick(299);
      await reactions();
      assert.equal(run.isEnded(), false);
      tick(1);
      await run.invoking;
      const { comparisons, counts } = run.traces();
      assert.equal(comparisons.find(({ calibration }) => calibration)?.outcome, "timeout");
      assert.equal(counts.NoisyCalibrations, 1);
      assert.equal(counts.V1Errors, undefined);
      assert.equal(counts.Timeouts, undefined);
    }
  });

  it("is never past the invocation's time less the reserve, and none where that is over", async () => {
    const context = lambdaContext({ remainingMs: () => 800 });
    const run = start(always("old"), hungSecond(), { timeoutMs: 5_000 }, context);
    await run.answered;
    await reactions();
    tick(300);
    await run.invoking;
    assert.equal(run.traces().comparisons[0]?.outcome, "timeout");

    let calls = 0;
    const late = start(
      always("old"),
      async () => calls++,
      {},
      lambdaContext({ remainingMs: () => 500 }),
    );
    await late.invoking;
    assert.equal(calls, 1);
    assert.equal(late.traces().counts.CalibrationsSkipped, 1);
  });

  it("is given up with the invocation where the platform's clock jumps ahead of ours", async () => {
    let remaining = 30_000;
    const context = lambdaContext({ remainingMs: () => remaining });
    const v1 = hungSecond();
    const migration = migrationOf(v1, never, { timeoutMs: 5_000 });
    const { invoke, traces } = wrapped(migration, always("old"), async (_, ctx) => {
      await migration.client(ctx).get();
      remaining = 600;
    });
    const invoking = invoke({}, context);
    await reactions();
    tick(100);
    await invoking;
    assert.equal(traces().comparisons[0]?.outcome, "timeout");
    assert.equal(traces().counts.Calibrations, 1);
  });

  it("is over with the invocation where the first run never ends", async () => {
    for (const [order, expected] of [
      ["parallel", [1, undefined]],
      ["primary-first", [undefined, 1]],
    ] as const) {
      let calls = 0;
      const migration = migrationOf(() => (calls++ === 0 ? never() : Promise.resolve(1)), never, {
        order,
      });
      const { invoke, traces } = wrapped(migration, always("old"), async (_, context) => {
        void migration.client(context).get();
      });
      const invoking = invoke();
      await reactions();
      tick(2_000);
      await invoking;
      const { Calibrations, CalibrationsSkipped } = traces().counts;
      assert.deepEqual([Calibrations, CalibrationsSkipped], expected);
    }
  });

  it("is over with the invocation where the comparison's own promise hangs", async () => {
    const run = start(always("old"), async () => 1, { compare: { equal: () => never() } });
    await run.answered;
    await reactions();
    tick(2_000);
    await run.invoking;
    const [calibration] = run.traces().comparisons;
    assert.equal(calibration?.outcome, "not-compared");
    assert.match(calibration?.reason ?? "", /did not finish/);
  });

  it("frees its place in flight, however it ends", async () => {
    let calls = 0;
    const migration = migrationOf(() => (calls++ % 2 === 0 ? Promise.resolve(1) : never()), never, {
      maxInFlight: 1,
    });
    const { invoke, traces } = wrapped(migration, always("old"), (_, context) =>
      migration.client(context).get(),
    );
    for (let request = 0; request < 3; request++) {
      const invoking = invoke();
      await reactions();
      tick(2_000);
      await invoking;
    }
    assert.equal(traces().counts.Calibrations, 3);
    assert.equal(traces().counts.CalibrationsSkipped, undefined);
  });

  /** A read whose second run is known by its call, with a first run that ends when the test says. */
  function watched(handle: (get: () => Promise<unknown>) => Promise<unknown>, order = "parallel") {
    const first = deferred();
    const second = deferred();
    const calls: Call[] = [];
    const migration = defineMigration<Dependency>({
      name: "things",
      v1: withCall<Dependency>({
        get: (call) => {
          calls.push(call);
          return call.role === "primary" ? first.promise : second.promise;
        },
      }),
      v2: { get: never },
      operations: { get: { kind: "read", timeoutMs: 300, order: order as "parallel" } },
    });
    const { invoke, traces } = wrapped(migration, always("old"), (_, context) =>
      handle(() => migration.client(context).get()),
    );
    return { first, second, calls, invoke, traces };
  }

  it("is over at its deadline while the handler goes on, and stays a time-out", async () => {
    const { first, second, calls, invoke, traces } = watched((get) => get());
    const invoking = invoke();
    await reactions();
    tick(299);
    assert.equal(calls[1]?.signal.aborted, false);
    tick(1);
    assert.equal(calls[1]?.signal.aborted, true);
    assert.equal(calls[0]?.signal.aborted, false);
    second.resolve(1);
    await reactions();
    first.resolve(1);
    assert.equal(await invoking, 1);
    assert.equal(traces().comparisons[0]?.outcome, "timeout");
    assert.equal(traces().counts.Calibrations, 1);
  });

  it("is told when the invocation is over", async () => {
    let remaining = 30_000;
    const { calls, first, invoke } = watched(async (get) => {
      await get();
      remaining = 510;
    });
    const invoking = invoke({}, lambdaContext({ remainingMs: () => remaining }));
    first.resolve(1);
    await reactions();
    tick(10);
    await invoking;
    assert.equal(calls[1]?.signal.aborted, true);
  });

  it("isn't started any more when the handler has returned", async () => {
    const { calls, first, invoke, traces } = watched(async (get) => void get(), "primary-first");
    const invoking = invoke();
    await reactions();
    first.resolve(1);
    await invoking;
    assert.equal(calls.length, 1);
    assert.equal(traces().counts.CalibrationsSkipped, 1);
  });

  it("isn't started where the first one has used the time up", async () => {
    let remaining = 30_000;
    const { calls, first, invoke, traces } = watched((get) => get(), "primary-first");
    const invoking = invoke({}, lambdaContext({ remainingMs: () => remaining }));
    await reactions();
    remaining = 500;
    first.resolve(1);
    assert.equal(await invoking, 1);
    assert.equal(calls.length, 1);
    assert.equal(traces().counts.CalibrationsSkipped, 1);
  });

  it("isn't started after the response, by a handler that still reads", async () => {
    let read = (): Promise<unknown> => never();
    const { calls, first, invoke } = watched(async (get) => void (read = get));
    await invoke();
    first.resolve(1);
    assert.equal(await read(), 1);
    assert.equal(calls.length, 1);
  });

  it("ends in nothing that is seen, whatever it settles to later", async () => {
    const late = deferred();
    let calls = 0;
    const run = start(always("old"), () => (calls++ === 0 ? Promise.resolve(1) : late.promise));
    await run.answered;
    await reactions();
    tick(2_000);
    await run.invoking;
    late.reject(new Error("late"));
    await reactions();
    assert.equal(run.traces().comparisons.length, 1);
  });
});

describe("the records of calibrations", () => {
  it("add up: what was stored, diverted, capped or sampled out is every comparison and every noisy calibration", async () => {
    const fates = ["RecordsStored", "RecordsDiverted", "RecordsCapped", "RecordsSampledOut"];
    let request = 0;
    let run = 0;
    const migration = migrationOf(
      async () => (request % 3 === 0 ? run++ : 1),
      async () => 1,
    );
    const { invoke, traces } = wrapped(
      migration,
      { mode: "shadow", sample: { calibrate: 0.5, matches: 0.25 } },
      (_, context) => migration.client(context).get(),
      {
        records: {
          retentionDays: 1,
          write: async (all) =>
            request % 2 ? all.map((comparison) => ({ comparison, why: "refused" })) : [],
        },
      },
    );
    for (; request < 300; request++) {
      await invoke({}, lambdaContext({ requestId: `r${request}` }));
    }
    const { counts } = traces();
    assert.ok(counts.NoisyCalibrations! > 0);
    assert.equal(
      fates.reduce((sum, fate) => sum + (counts[fate] ?? 0), 0),
      counts.Comparisons! + counts.NoisyCalibrations!,
    );
    for (const fate of fates) assert.ok(counts[fate]! > 0, fate);
  });

  it("have a cap of their own, and say how many like them were left out", async () => {
    mock.timers.enable({ apis: ["Date"], now: 0 });
    try {
      let runs = 0;
      const migration = migrationOf(
        async () => runs++,
        async () => -1,
      );
      const { invoke, traces } = wrapped(migration, always("shadow"), (_, context) =>
        migration.client(context).get(),
      );
      const stored = (isCalibration: boolean) =>
        traces().comparisons.filter(({ calibration = false }) => calibration === isCalibration);
      for (let request = 0; request < 15; request++) await invoke();
      assert.equal(stored(false).length, 10);
      assert.equal(stored(true).length, 10);
      assert.equal(traces().counts.RecordsCapped, 10);
      mock.timers.tick(60_000);
      await invoke();
      await invoke();
      for (const kind of [false, true]) {
        assert.deepEqual(
          stored(kind).map(({ leftOut }) => leftOut),
          [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0],
        );
      }
    } finally {
      mock.timers.reset();
    }
  });

  it("stand apart in a user's own tests, and are no disagreement there", async () => {
    const records = memoryRecords({ throwOnDisagreement: true });
    const migration = migrationOf(inTurn(1, 2), inTurn(1));
    const { invoke } = wrapped(
      migration,
      always("shadow"),
      (_, context) => migration.client(context).get(),
      { records },
    );
    assert.equal(await invoke(), 1);
    assert.deepEqual(
      records.comparisons.map(({ outcome }) => outcome),
      ["match"],
    );
    assert.deepEqual(
      records.calibrations.map(({ outcome }) => outcome),
      ["mismatch"],
    );
  });

  it("are numbered apart, so that the lot leaves the comparisons' numbers as they are", async () => {
    const migration = migrationOf(inTurn(1, 2, 3, 4), inTurn(0));
    const { invoke, traces } = wrapped(migration, always("shadow"), async (_, context) => {
      const client = migration.client(context);
      await client.get();
      await client.get();
    });
    await invoke();
    const numbers = traces().comparisons.map(
      ({ calibration, sequence }) => `${calibration ? "calibration" : "comparison"} ${sequence}`,
    );
    assert.deepEqual(numbers.toSorted(), [
      "calibration 0",
      "calibration 1",
      "comparison 0",
      "comparison 1",
    ]);
  });
});
