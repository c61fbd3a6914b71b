import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { withCall, type Call, type Mode } from "../../lib/index.ts";
import { defineMigration } from "../../lib/index.ts";
import { lambdaContext, migrationOf, wrapped, type Dependency } from "../support/invoke.ts";
import { deferred, never, reactions } from "../support/settled.ts";

/** Runs one read in a handler of its own and tells what the caller got and what was recorded. */
async function readOnce(
  mode: Mode,
  v1: (...args: any[]) => any,
  v2: (...args: any[]) => any,
  operation: Parameters<typeof migrationOf>[2] = {},
  args: unknown[] = ["a"],
) {
  const migration = migrationOf(v1, v2, operation);
  const { invoke, traces } = wrapped(
    migration,
    { mode, sample: { matches: 1 } },
    async (_, context) => {
      try {
        return { value: await migration.client(context).get(...args) };
      } catch (error) {
        return { error };
      }
    },
  );
  const answer = await invoke();
  const { comparisons, ...rest } = traces();
  return { answer, comparison: comparisons[0], comparisons, ...rest };
}

const answers = (value: unknown) => async () => value;
const fails = (error: unknown) => () => Promise.reject(error);
const throws = (error: unknown) => () => {
  throw error;
};

describe("who answers, and what the comparison says", () => {
  const down = new Error("down");
  const gone = new TypeError("gone");
  const table: [Mode, v1: () => any, v2: () => any, answer: object, outcome: string | undefined][] =
    [
      ["old", answers(1), throws(down), { value: 1 }, undefined],
      ["old", fails(down), answers(2), { error: down }, undefined],
      ["new", throws(down), answers(2), { value: 2 }, undefined],
      ["new", answers(1), fails(down), { error: down }, undefined],
      ["shadow", answers(1), answers(1), { value: 1 }, "match"],
      ["shadow", answers(1), answers(2), { value: 1 }, "mismatch"],
      ["shadow", answers(1), fails(down), { value: 1 }, "secondary-error"],
      ["shadow", answers(1), throws(down), { value: 1 }, "secondary-error"],
      ["shadow", answers(1), fails(undefined), { value: 1 }, "secondary-error"],
      ["shadow", answers(1), throws(null), { value: 1 }, "secondary-error"],
      ["shadow", fails(down), answers(2), { error: down }, "primary-error"],
      ["shadow", throws(down), answers(2), { error: down }, "primary-error"],
      ["shadow", fails(undefined), answers(2), { error: undefined }, "primary-error"],
      ["shadow", throws(0), answers(2), { error: 0 }, "primary-error"],
      ["shadow", fails(down), fails(new Error("down too")), { error: down }, "same-error"],
      ["shadow", fails(down), fails(gone), { error: down }, "different-error"],
      ["reverse-shadow", answers(1), answers(1), { value: 1 }, "match"],
      ["reverse-shadow", answers(1), answers(2), { value: 2 }, "mismatch"],
      ["reverse-shadow", fails(down), answers(2), { value: 2 }, "secondary-error"],
      ["reverse-shadow", answers(1), fails(down), { value: 1 }, "primary-error"],
      ["reverse-shadow", answers(1), throws(down), { value: 1 }, "primary-error"],
      ["reverse-shadow", answers(undefined), fails(down), { value: undefined }, "primary-error"],
      ["reverse-shadow", fails(gone), fails(down), { error: down }, "different-error"],
      ["reverse-shadow", fails(gone), throws(undefined), { error: undefined }, "different-error"],
    ];
  table.forEach(([mode, v1, v2, expected, outcome], row) => {
    it(`${row}: ${mode}: ${outcome ?? "one version alone"}`, async () => {
      const { answer, comparison, counts } = await readOnce(mode, v1, v2);
      assert.deepEqual(answer, expected);
      assert.equal(comparison?.outcome, outcome);
      assert.equal(counts.Comparisons, outcome === undefined ? undefined : 1);
    });
  });

  it("hands on that very value and that very error", async () => {
    const value = { deep: {} };
    const error = new Error("that one");
    assert.equal(
      ((await readOnce("shadow", answers(value), answers(2))).answer as any).value,
      value,
    );
    assert.equal(((await readOnce("shadow", fails(error), answers(1))).answer as any).error, error);
    const fallback = await readOnce("reverse-shadow", answers(value), fails(error));
    assert.equal((fallback.answer as any).value, value);
  });

  it("says fallback where V1 stepped in, and counts it", async () => {
    const stepped = await readOnce("reverse-shadow", answers(1), fails(new Error()));
    assert.equal(stepped.comparison?.fallback, true);
    assert.equal(stepped.counts.Fallbacks, 1);
    const none = await readOnce("shadow", fails(new Error()), answers(1));
    assert.equal(none.comparison?.fallback, false);
    assert.equal(none.counts.Fallbacks, undefined);
  });

  it("has no fallback where the operation turns it off", async () => {
    const error = new Error("v2's own");
    const off = await readOnce("reverse-shadow", answers(1), fails(error), { fallback: false });
    assert.deepEqual(off.answer, { error });
    assert.equal(off.comparison?.outcome, "primary-error");
    assert.equal(off.comparison?.fallback, false);
  });

  it("counts the runs and the failures of both versions, in every mode", async () => {
    const count = async (mode: Mode) => {
      const { counts } = await readOnce(mode, answers(1), fails(new Error()));
      const { V1Calls, V1Errors, V2Calls, V2Errors } = counts;
      return [V1Calls, V1Errors, V2Calls, V2Errors];
    };
    assert.deepEqual(await count("old"), [1, undefined, undefined, undefined]);
    assert.deepEqual(await count("shadow"), [1, undefined, 1, 1]);
    assert.deepEqual(await count("reverse-shadow"), [1, undefined, 1, 1]);
    assert.deepEqual(await count("new"), [undefined, undefined, 1, 1]);
  });
});

describe("a hostile secondary", () => {
  const hostile: Record<string, () => any> = {
    "a thenable that settles twice": () => ({
      then(resolve: any, reject: any) {
        resolve(1);
        reject(new Error("again"));
        throw new Error("and again");
      },
    }),
    "a thenable that throws": () => ({
      then() {
        throw new Error("then");
      },
    }),
    "a getter for then that throws": () => ({
      get then() {
        throw new Error("get then");
      },
    }),
    "a promise whose constructor throws": () =>
      Object.defineProperty(Promise.resolve(1), "constructor", {
        get() {
          throw new Error("get constructor");
        },
      }),
    "a value with a getter that throws": () => ({
      get value() {
        throw new Error("get value");
      },
    }),
    "a proxy that throws at everything": () =>
      new Proxy(
        {},
        new Proxy({}, { get: (_, trap) => (trap === "get" ? () => undefined : throws("trap")) }),
      ),
    "an error that can't be read": () =>
      Promise.reject(
        new Proxy(new Error(), {
          get() {
            throw new Error("unreadable");
          },
        }),
      ),
    "a promise whose own then throws": () =>
      Object.assign(Promise.resolve(1), {
        then() {
          throw new Error("own then");
        },
      }),
    "an error whose name is a symbol": () =>
      Promise.reject(Object.assign(new Error(), { name: Symbol("name") })),
    "an error whose name is an object without a text": () =>
      Promise.reject(Object.assign(new Error(), { name: Object.create(null) })),
    "a class of promise that never runs its reactions": () =>
      new (class extends Promise<unknown> {
        override then(): any {}
      })(() => {}),
  };
  for (const [name, v2] of Object.entries(hostile)) {
    it(`is not felt by the caller: ${name}`, async () => {
      mock.timers.enable({ apis: ["setTimeout"] });
      try {
        const reading = readOnce("shadow", answers(1), v2);
        await reactions();
        mock.timers.tick(2_000);
        const { answer, comparison, counts } = await reading;
        assert.deepEqual(answer, { value: 1 });
        assert.ok(comparison, "a comparison was recorded");
        assert.equal(counts.Comparisons, 1);
      } finally {
        mock.timers.reset();
      }
    });
  }

  it("changes its arguments, and nobody else's", async () => {
    const seen: unknown[] = [];
    const args = [{ ids: ["a"], at: new Date(0) }];
    const { comparison } = await readOnce(
      "shadow",
      async (arg) => {
        await reactions();
        seen.push(structuredClone(arg));
      },
      async (arg) => {
        arg.ids.push("b");
        arg.at.setTime(1);
        delete arg.ids;
      },
      {},
      args,
    );
    assert.deepEqual(seen, [{ ids: ["a"], at: new Date(0) }]);
    assert.deepEqual(args, [{ ids: ["a"], at: new Date(0) }]);
    assert.deepEqual(comparison?.arguments, [{ ids: ["a"], at: new Date(0) }]);
  });

  it("gets the arguments as they were, whatever the primary does to its own", async () => {
    let seen: unknown;
    await readOnce(
      "shadow",
      (arg) => void arg.ids.push("b"),
      (arg) => void (seen = arg),
      {},
      [{ ids: ["a"] }],
    );
    assert.deepEqual(seen, { ids: ["a"] });
  });

  it("is not called with arguments that can't be copied, which is counted", async () => {
    let called = 0;
    const { answer, comparison, counts } = await readOnce(
      "shadow",
      answers(1),
      () => called++,
      {},
      [() => {}],
    );
    assert.deepEqual(answer, { value: 1 });
    assert.equal(called, 0);
    assert.equal(comparison, undefined);
    assert.equal(counts.SkippedForArguments, 1);
  });

  it("steps in with arguments that can't be copied, once the primary has failed with them", async () => {
    const argument = () => {};
    const fine = await readOnce("reverse-shadow", answers(1), answers(2), {}, [argument]);
    assert.deepEqual(fine.answer, { value: 2 });
    assert.equal(fine.counts.SkippedForArguments, 1);
    const failing = await readOnce(
      "reverse-shadow",
      async (arg) => arg === argument,
      fails(new Error()),
      {},
      [argument],
    );
    assert.deepEqual(failing.answer, { value: true });
    assert.equal(failing.comparison?.outcome, "primary-error");
    assert.match(JSON.stringify(failing.comparison?.arguments), /notCopied/);
  });
});

describe("the caller's own signal", () => {
  /** A read with a signal that the caller aborts when the test says. */
  async function aborted(when: "before the answer" | "after the answer") {
    const v1 = deferred();
    const v2 = deferred();
    let seen: AbortSignal | undefined;
    const migration = migrationOf(
      () => v1.promise,
      ({ signal }) => {
        seen = signal;
        signal.addEventListener("abort", () => v2.reject(signal.reason));
        return v2.promise;
      },
    );
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      const controller = new AbortController();
      const reading = migration.client(context).get({ signal: controller.signal });
      if (when === "before the answer") controller.abort();
      v1.resolve(1);
      await reading;
      controller.abort();
      v2.resolve(1);
    });
    await invoke();
    return { aborted: seen?.aborted, ...traces() };
  }

  it("aborts the secondary too, while the caller waits", async () => {
    const { aborted: isAborted, counts } = await aborted("before the answer");
    assert.equal(isAborted, true);
    assert.equal(counts.SecondaryErrors, 1);
  });

  it("is none of the secondary's business once the caller has its answer", async () => {
    const { aborted: isAborted, counts } = await aborted("after the answer");
    assert.equal(isAborted, false);
    assert.equal(counts.Matches, 1);
  });
});

describe("the caller's own value", () => {
  it("may be changed by the caller without the comparison seeing it", async () => {
    const shadow = deferred();
    const migration = migrationOf(answers({ ids: [1, 2] }), () => shadow.promise);
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      const value = await migration.client(context).get();
      value.ids.push(3);
      shadow.resolve({ ids: [1, 2] });
      return value;
    });
    assert.deepEqual(await invoke(), { ids: [1, 2, 3] });
    assert.equal(traces().counts.Matches, 1);
  });

  it("may be changed by the caller after a fallback without the record seeing it", async () => {
    const migration = migrationOf(answers({ ids: [1] }), fails(new Error()));
    const { invoke, traces } = wrapped(migration, "reverse-shadow", async (_, context) => {
      const value = await migration.client(context).get();
      value.ids.push(2);
    });
    await invoke();
    const [comparison] = traces().comparisons;
    assert.deepEqual((comparison!.v1 as any).value, { ids: [1] });
  });

  it("may be an error that the caller changes without the comparison seeing it", async () => {
    const shadow = deferred();
    const failure = () => Object.assign(new Error("down"), { code: "A" });
    const migration = migrationOf(fails(failure()), () => shadow.promise);
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      await migration
        .client(context)
        .get()
        .catch((error: any) => (error.code = "MAPPED"));
      shadow.reject(failure());
    });
    await invoke();
    assert.equal(traces().counts.SameErrors, 1);
  });

  it("is not waited for to be copied beyond a number of values", async () => {
    const many = Array.from({ length: 100_001 }, () => 1);
    const shadow = deferred();
    const migration = migrationOf(answers(many), () => shadow.promise);
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      await migration.client(context).get();
      shadow.resolve(many);
    });
    await invoke();
    assert.match(traces().comparisons[0]?.reason ?? "", /more than 100000 values/);
  });

  it("is handed on even where it can't be copied; then there is no comparison of it", async () => {
    const value = { callback: () => {} };
    const later = async () => {
      await reactions();
      return value;
    };
    const { answer, comparison } = await readOnce("shadow", answers(value), later);
    assert.equal((answer as any).value, value);
    assert.equal(comparison?.outcome, "not-compared");
    assert.match(comparison?.reason ?? "", /function/);
  });
});

describe("what is kept", () => {
  it("is nothing of a match that isn't stored: an invocation may make any number of reads", async () => {
    const migration = migrationOf(answers({ ids: [1] }), answers({ ids: [1] }));
    const kept: number[] = [];
    const { invoke, traces } = wrapped(
      migration,
      "shadow",
      async (_, context) => {
        const client = migration.client(context);
        for (let reads = 0; reads < 1_000; reads++) await client.get();
      },
      { records: { retentionDays: 1, write: async (all) => (kept.push(all.length), []) } },
    );
    await invoke();
    assert.deepEqual(kept, []);
    assert.equal(traces().counts.RecordsSampledOut, 1_000);
  });

  it("is at most ten of a signature, though an invocation finds a thousand", async () => {
    const migration = migrationOf(answers(1), answers(2));
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      const client = migration.client(context);
      for (let reads = 0; reads < 1_000; reads++) await client.get();
    });
    await invoke();
    assert.equal(traces().comparisons.length, 10);
    assert.equal(traces().counts.RecordsCapped, 990);
  });
});

describe("order", () => {
  it("starts the primary first and the secondary right after, in one go", async () => {
    for (const [mode, expected] of [
      ["shadow", ["v1", "v2", "called"]],
      ["reverse-shadow", ["v2", "v1", "called"]],
    ] as const) {
      const started: string[] = [];
      const migration = migrationOf(
        async () => void started.push("v1"),
        async () => void started.push("v2"),
      );
      const { invoke } = wrapped(migration, mode, async (_, context) => {
        const calling = migration.client(context).get();
        started.push("called");
        await calling;
      });
      await invoke();
      assert.deepEqual(started, expected);
    }
  });

  it("primary-first starts the secondary when the primary has settled", async () => {
    const primary = deferred();
    const started: string[] = [];
    const migration = migrationOf(
      () => (started.push("v1"), primary.promise),
      async () => void started.push("v2"),
      { order: "primary-first" },
    );
    const { invoke, traces } = wrapped(migration, "shadow", (_, context) =>
      migration.client(context).get(),
    );
    const invoking = invoke();
    await reactions();
    assert.deepEqual(started, ["v1"]);
    primary.resolve(undefined);
    await invoking;
    assert.deepEqual(started, ["v1", "v2"]);
    assert.equal(traces().counts.Matches, 1);
  });

  it("primary-first gives the caller its turn before the secondary, which may keep the thread", async () => {
    const order: string[] = [];
    const migration = migrationOf(
      async () => void order.push("v1"),
      async () => void order.push("v2"),
      { order: "primary-first" },
    );
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      await migration.client(context).get();
      order.push("answered");
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      order.push("handled");
    });
    await invoke();
    assert.deepEqual(order, ["v1", "answered", "handled", "v2"]);
    assert.equal(traces().counts.Matches, 1);
  });

  it("primary-first calls a fallback at once", async () => {
    const order: string[] = [];
    const migration = migrationOf(
      async () => (order.push("v1"), "v1"),
      () => (order.push("v2"), setImmediate(() => order.push("turn")), Promise.reject(1)),
      { order: "primary-first" },
    );
    const { invoke } = wrapped(migration, "reverse-shadow", async (_, context) => {
      order.push(await migration.client(context).get());
    });
    await invoke();
    assert.deepEqual(order.slice(0, 3), ["v2", "v1", "v1"]);
  });
});

describe("time", () => {
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

  /** Invokes a handler that makes one read, and tells when the caller had its answer. */
  function start(
    mode: Mode,
    v1: (...args: any[]) => any,
    v2: (...args: any[]) => any,
    operation: Parameters<typeof migrationOf>[2] = {},
    context = lambdaContext(),
  ) {
    const migration = migrationOf(v1, v2, operation);
    const answered = deferred<any>();
    const wrap = wrapped(migration, { mode, sample: { matches: 1 } }, async (_, ctx) => {
      const answer = await migration
        .client(ctx)
        .get()
        .then(
          (value: unknown) => ({ value }),
          (error: unknown) => ({ error }),
        );
      answered.resolve(answer);
    });
    let ended = false;
    const invoking = wrap.invoke({}, context).then(() => (ended = true));
    return { answered: answered.promise, invoking, isEnded: () => ended, traces: wrap.traces };
  }

  it("a slow secondary keeps nobody waiting for the answer, and is waited for afterwards", async () => {
    const slow = deferred();
    const run = start("shadow", answers(1), () => slow.promise);
    assert.deepEqual(await run.answered, { value: 1 });
    await reactions();
    assert.equal(run.isEnded(), false);
    slow.resolve(1);
    await run.invoking;
    assert.equal(run.traces().counts.Matches, 1);
  });

  it("a hung secondary is a timeout at its deadline, its signal aborts, and it is not waited for", async () => {
    let call: Call | undefined;
    const migration = defineMigration<Dependency>({
      name: "things",
      v1: { get: answers(1) },
      v2: withCall<Dependency>({
        get: (given) => {
          call = given;
          return never();
        },
      }),
      operations: { get: { kind: "read", timeoutMs: 300 } },
    });
    const { invoke, traces } = wrapped(migration, "shadow", (_, context) =>
      migration.client(context).get(),
    );
    const invoking = invoke();
    await reactions();
    assert.equal(call?.role, "secondary");
    assert.equal(call?.version, "v2");
    assert.equal(call?.requestId, "request-1");
    tick(299);
    await reactions();
    assert.equal(call?.signal.aborted, false);
    tick(1);
    assert.equal(await invoking, 1);
    assert.equal(call?.signal.aborted, true);
    const { comparisons, counts } = traces();
    assert.equal(comparisons[0]?.outcome, "timeout");
    assert.equal(counts.Timeouts, 1);
    assert.equal(counts.Disagreements, 1);
    assert.equal(counts.V2Errors, 1);
  });

  it("each secondary has its own deadline, whichever began first", async () => {
    interface Two {
      slow(): Promise<unknown>;
      quick(): Promise<unknown>;
    }
    const hung = { slow: never, quick: never };
    const migration = defineMigration<Two>({
      name: "two",
      v1: { slow: async () => 1, quick: async () => 1 },
      v2: hung,
      operations: {
        slow: { kind: "read", timeoutMs: 900 },
        quick: { kind: "read", timeoutMs: 300 },
      },
    });
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      const client = migration.client(context);
      await Promise.all([client.slow(), client.quick(), client.slow()]);
    });
    let ended = false;
    const invoking = invoke().then(() => (ended = true));
    await reactions();
    tick(310);
    await reactions();
    assert.equal(ended, false);
    tick(600);
    await invoking;
    assert.deepEqual(
      traces().comparisons.map(({ operation, outcome }) => `${operation} ${outcome}`),
      ["quick timeout", "slow timeout", "slow timeout"],
    );
  });

  it("what a secondary settles to after its deadline is swallowed", async () => {
    for (const end of ["resolve", "reject"] as const) {
      const late = deferred();
      const run = start("shadow", answers(1), () => late.promise);
      await run.answered;
      await reactions();
      tick(2_000);
      await run.invoking;
      late[end](new Error("late"));
      await reactions();
      const { comparisons, counts } = run.traces();
      assert.deepEqual(
        comparisons.map(({ outcome }) => outcome),
        ["timeout"],
      );
      assert.equal(counts.V2Calls, 1);
    }
  });

  it("a secondary never has more than the invocation's time less the reserve", async () => {
    const context = lambdaContext({ remainingMs: () => 800 });
    const run = start("shadow", answers(1), never, { timeoutMs: 5_000 }, context);
    await run.answered;
    await reactions();
    tick(299);
    await reactions();
    assert.equal(run.isEnded(), false);
    tick(1);
    await run.invoking;
    assert.equal(run.traces().comparisons[0]?.outcome, "timeout");
  });

  it("a secondary for which there is no time left is not called, which is counted", async () => {
    const context = lambdaContext({ remainingMs: () => 500 });
    const run = start("shadow", answers(1), () => assert.fail("called"), {}, context);
    await run.invoking;
    assert.deepEqual(await run.answered, { value: 1 });
    assert.equal(run.traces().counts.SkippedForTime, 1);
    assert.equal(run.traces().counts.Comparisons, undefined);
  });

  it("an invocation whose last milliseconds the primary uses up still answers", async () => {
    for (const mode of ["shadow", "reverse-shadow"] as const) {
      let remaining = 530;
      const context = lambdaContext({ remainingMs: () => remaining });
      const slowToBegin = () => {
        remaining = 490;
        return Promise.resolve("answer");
      };
      const run = start(mode, slowToBegin, slowToBegin, {}, context);
      assert.deepEqual(await run.answered, { value: "answer" });
      await run.invoking;
      const { SkippedForTime, SkippedAfterResponse, Comparisons } = run.traces().counts;
      assert.deepEqual(
        [SkippedForTime, SkippedAfterResponse, Comparisons],
        [1, undefined, undefined],
      );
    }
  });

  it("primary-first gives the secondary its time, also after a primary that took longer", async () => {
    const primary = deferred();
    const run = start("shadow", () => primary.promise, answers(1), {
      order: "primary-first",
      timeoutMs: 100,
    });
    await reactions();
    tick(101);
    primary.resolve(1);
    await run.invoking;
    assert.equal(run.traces().counts.Matches, 1);
  });

  it("a primary-first call that outlives the handler starts no secondary", async () => {
    const primary = deferred();
    const migration = migrationOf(
      () => primary.promise,
      () => assert.fail("called"),
      {
        order: "primary-first",
      },
    );
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      void migration.client(context).get();
    });
    const invoking = invoke();
    await reactions();
    primary.resolve(1);
    await invoking;
    assert.equal(traces().counts.SkippedAfterResponse, 1);
    assert.equal(traces().counts.Comparisons, undefined);
  });

  it("a version that hangs to the end of the invocation counts as failed, in every mode", async () => {
    for (const mode of ["old", "shadow", "reverse-shadow", "new"] as const) {
      const migration = migrationOf(never, never);
      const { invoke, traces } = wrapped(migration, mode, async (_, context) => {
        void migration.client(context).get();
      });
      const invoking = invoke();
      await reactions();
      tick(2_000);
      await invoking;
      const { V1Calls, V1Errors, V2Calls, V2Errors } = traces().counts;
      assert.deepEqual([V1Errors, V2Errors], [V1Calls, V2Calls]);
    }
  });

  it("a primary that the handler didn't wait for is given up after the handler", async () => {
    const migration = migrationOf(never, answers(1));
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      void migration.client(context).get();
    });
    const invoking = invoke();
    await reactions();
    tick(2_000);
    await invoking;
    const [comparison] = traces().comparisons;
    assert.equal(comparison?.outcome, "not-compared");
    assert.match(comparison?.reason ?? "", /primary/);
  });

  it("a comparison whose own promise hangs is given up after the handler", async () => {
    const run = start("shadow", answers(1), answers(1), { compare: { equal: () => never() } });
    await run.answered;
    await reactions();
    tick(2_000);
    await run.invoking;
    const [comparison] = run.traces().comparisons;
    assert.equal(comparison?.outcome, "not-compared");
    assert.match(comparison?.reason ?? "", /did not finish/);
  });

  it("a slow V2 counts as failing after primaryTimeoutMs, and V1 answers", async () => {
    const run = start("reverse-shadow", answers(1), never, { primaryTimeoutMs: 100 });
    await reactions();
    tick(100);
    assert.deepEqual(await run.answered, { value: 1 });
    await run.invoking;
    const [comparison] = run.traces().comparisons;
    assert.equal(comparison?.outcome, "primary-error");
    assert.equal(comparison?.fallback, true);
    assert.equal(comparison?.v2?.status, "timed-out");
    assert.equal(run.traces().counts.V2Errors, 1);
  });

  it("a V2 that is only slow still answers where V1 has no answer", async () => {
    const slow = deferred();
    const run = start("reverse-shadow", fails(new Error()), () => slow.promise, {
      primaryTimeoutMs: 100,
    });
    await reactions();
    tick(100);
    await reactions();
    slow.resolve(2);
    assert.deepEqual(await run.answered, { value: 2 });
    await run.invoking;
    assert.equal(run.traces().comparisons[0]?.outcome, "different-error");
  });

  it("a slow V2 whose V1 has no time left to step in still answers for itself", async () => {
    const slow = deferred();
    const context = lambdaContext({ remainingMs: () => 400 });
    const v1 = () => assert.fail("called");
    const run = start("reverse-shadow", v1, () => slow.promise, { primaryTimeoutMs: 50 }, context);
    await reactions();
    tick(50);
    await reactions();
    slow.resolve(2);
    assert.deepEqual(await run.answered, { value: 2 });
    await run.invoking;
    assert.equal(run.traces().counts.SkippedForTime, 1);
  });

  it("a V1 that hangs as fallback leaves V2's own error, at the deadline", async () => {
    const error = new Error("v2's own");
    const run = start("reverse-shadow", never, fails(error));
    await reactions();
    tick(2_000);
    assert.deepEqual(await run.answered, { error });
    await run.invoking;
    assert.equal(run.traces().comparisons[0]?.outcome, "timeout");
  });
});

describe("sampling of secondaries", () => {
  afterEach(() => mock.restoreAll());

  const document = (mode: Mode) => ({ mode, sample: { secondary: 0.1 } }) as const;

  async function sampled(mode: Mode, v1: () => any, v2: () => any, random: number) {
    mock.method(Math, "random", () => random);
    const migration = migrationOf(v1, v2);
    const { invoke, traces } = wrapped(migration, document(mode), (_, context) =>
      migration.client(context).get(),
    );
    const answer = await invoke().catch((error: unknown) => ({ error }));
    return { answer, ...traces() };
  }

  it("calls the share, and lets each comparison stand for all it was drawn from", async () => {
    const drawn = await sampled("shadow", answers(1), answers(2), 0.09);
    assert.equal(drawn.counts.Comparisons, 10);
    assert.equal(drawn.counts.Disagreements, 10);
    assert.equal(drawn.comparisons[0]?.weight, 10);
    const left = await sampled("shadow", answers(1), () => assert.fail("called"), 0.1);
    assert.equal(left.counts.SkippedBySampling, 1);
    assert.equal(left.counts.Comparisons, undefined);
  });

  it("never draws lots over a fallback: every failing V2 has its V1, and counts as one", async () => {
    for (const random of [0.09, 0.1]) {
      const failing = await sampled("reverse-shadow", answers(1), fails(new Error()), random);
      assert.equal(failing.answer, 1);
      assert.equal(failing.counts.Fallbacks, 1);
      assert.equal(failing.counts.Comparisons, 1);
      assert.equal(failing.counts.SkippedBySampling, undefined);
    }
    const fine = await sampled("reverse-shadow", () => assert.fail("called"), answers(2), 0.1);
    assert.equal(fine.answer, 2);
    assert.equal(fine.counts.SkippedBySampling, 1);
  });
});
