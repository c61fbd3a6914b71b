/**
 * Defects that were found in other libraries of this kind by running them. Each is named by what its user
 * sees, and each is shown not to be one of ours.
 */
import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { defineMigration, type MetricsSink } from "../../lib/index.ts";
import type { Comparison } from "../../lib/index.ts";
import { LastGood } from "../../lib/mode-source/last-good.ts";
import { comparisonRecord } from "../../lib/records/record.ts";
import { lambdaContext, migrationOf, wrapped } from "../support/invoke.ts";
import { deferred, never, reactions } from "../support/settled.ts";

interface Accounts {
  put(...args: unknown[]): Promise<unknown>;
  get(...args: unknown[]): Promise<unknown>;
}

/** A dependency with a dual write beside the read. */
function accounts(v1: Partial<Accounts>, v2: Partial<Accounts>) {
  const nothing = { put: async () => {}, get: async () => {} };
  return defineMigration<Accounts>({
    name: "accounts",
    v1: { ...nothing, ...v1 },
    v2: { ...nothing, ...v2 },
    operations: {
      put: { kind: "write", dual: true, idempotencyKey: String },
      get: { kind: "read" },
    },
  });
}

/** What is thrown in the process while a function runs, and handled by nobody. */
async function unhandledDuring(run: () => Promise<unknown>): Promise<unknown[]> {
  const unhandled: unknown[] = [];
  const collect = (error: unknown) => void unhandled.push(error);
  process.on("unhandledRejection", collect);
  process.on("uncaughtExceptionMonitor", collect);
  try {
    await run();
    // Node.js tells after the microtasks, and a rejection may be one of the next turn.
    for (let turn = 0; turn < 3; turn++) await reactions();
  } finally {
    process.off("unhandledRejection", collect);
    process.off("uncaughtExceptionMonitor", collect);
  }
  return unhandled;
}

/** Runs something with timers that stand still unless it moves them. */
async function withTimers(run: () => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    await run();
  } finally {
    mock.timers.reset();
  }
}

describe("defects of peers that are none of ours", () => {
  it("a hung secondary delays the caller", () =>
    withTimers(async () => {
      const migration = migrationOf(async () => "v1", never);
      const answered = deferred();
      const { invoke } = wrapped(migration, "shadow", async (_, context) => {
        answered.resolve(await migration.client(context).get());
      });
      const invoked = invoke();
      assert.equal(await answered.promise, "v1", "no timer has run");
      await reactions();
      mock.timers.tick(2_000);
      await invoked;
    }));

  it("a hung secondary write hangs the caller after the primary has committed", () =>
    withTimers(async () => {
      const migration = accounts({ put: async () => "committed" }, { put: never });
      const answered = deferred();
      const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
        answered.resolve(await migration.client(context).put("a"));
      });
      const invoked = invoke();
      assert.equal(await answered.promise, "committed", "no timer has run");
      await reactions();
      mock.timers.tick(2_000);
      await invoked;
      assert.equal(traces().repairs[0]!.state, "secondary-failed");
    }));

  const dead: [how: string, v2: () => any][] = [
    ["rejects", () => Promise.reject(new Error("down"))],
    [
      "throws",
      () => {
        throw new Error("down");
      },
    ],
    ["hangs", never],
    ["can't even be made", undefined as any],
  ];
  for (const [how, get] of dead) {
    it(`a V2 that is dead, as it ${how}, never lowers the measured agreement`, () =>
      withTimers(async () => {
        const migration = migrationOf(async () => "v1", get);
        const { invoke, traces } = wrapped(migration, "shadow", (_, context) =>
          migration.client(context).get(),
        );
        const invoked = invoke();
        await reactions();
        mock.timers.tick(2_000);
        await invoked;
        const { Comparisons, Disagreements } = traces().counts;
        assert.deepEqual([Comparisons, Disagreements], [1, 1]);
      }));
  }

  it("a comparator that returns a promise of false counts as a match", async () => {
    const migration = migrationOf(
      async () => 1,
      async () => 1,
      { compare: { equal: async () => false } },
    );
    const { invoke, traces } = wrapped(migration, "shadow", (_, context) =>
      migration.client(context).get(),
    );
    await invoke();
    assert.equal(traces().comparisons[0]!.outcome, "mismatch");
    assert.equal(traces().counts["Disagreements"], 1);
  });

  it("a mismatch carries no values", async () => {
    const migration = migrationOf(
      async () => ({ total: 41 }),
      async () => ({ total: 42 }),
    );
    const { invoke, traces } = wrapped(migration, "shadow", (_, context) =>
      migration.client(context).get("customer-1"),
    );
    await invoke();
    const record = comparisonRecord(traces().comparisons[0] as Comparison, 30);
    assert.deepEqual(record.differences, [{ path: "$.total", kind: "value", v1: "41", v2: "42" }]);
    assert.deepEqual(
      [record.v1?.answer, record.v2?.answer, record.arguments],
      ['{"total":41}', '{"total":42}', '["customer-1"]'],
    );
  });

  it("a change of mode between a read and a write of one request is seen by that request", async () => {
    const calls: string[] = [];
    const says = (name: string) => async () => void calls.push(name);
    const migration = accounts(
      { get: says("v1 get"), put: says("v1 put") },
      { get: says("v2 get"), put: says("v2 put") },
    );
    let mode: "old" | "new" = "old";
    const { invoke } = wrapped(
      migration,
      () => mode,
      async (_, context) => {
        await migration.client(context).get("a");
        mode = "new";
        await migration.client(context).put("a");
      },
    );
    await invoke();
    assert.deepEqual(calls, ["v1 get", "v1 put"]);
    await invoke();
    assert.deepEqual(calls.slice(2), ["v2 get", "v2 put"], "the next one does");
  });

  it("an unknown mode falls back to old", async () => {
    const served = [
      '{"mode":"new"}',
      '{"mode":"newest"}',
      '{"mode":"new","ramp":{"percnt":5}}',
      "",
    ];
    const source = new LastGood({
      migration: "things",
      reader: { read: async () => ({ text: served.shift()! }), maxAgeMs: 0 },
      defaultMode: "old",
      logger: { warn: () => {}, error: () => {} },
    });
    const good = await source.read(1_000);
    for (let refused = 0; refused < 3; refused++) {
      const reading = await source.read(1_000);
      assert.deepEqual(reading, { ...good, counts: ["ModeDocumentsRefused"] });
    }
  });

  const sinks: [how: string, publish: MetricsSink["publish"]][] = [
    [
      "throws",
      () => {
        throw new Error("no metrics");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no metrics"))],
  ];
  for (const [how, publish] of sinks) {
    it(`a publisher that ${how} rejects the caller, or crashes the process`, async () => {
      const migration = migrationOf(
        async () => 1,
        async () => 2,
      );
      const records = {
        retentionDays: 1,
        write: (): Promise<never> => publish([]) as Promise<never>,
      };
      const { invoke } = wrapped(
        migration,
        "shadow",
        (_, context) => migration.client(context).get(),
        { metrics: { publish }, records },
      );
      const unhandled = await unhandledDuring(async () => assert.equal(await invoke(), 1));
      assert.deepEqual(unhandled, []);
    });
  }

  it("a publisher that rejects when nobody waits for it any more crashes the process", () =>
    withTimers(async () => {
      const late = deferred<never>();
      const migration = migrationOf(
        async () => 1,
        async () => 2,
      );
      const { invoke } = wrapped(
        migration,
        "shadow",
        (_, context) => migration.client(context).get(),
        {
          metrics: { publish: () => late.promise },
          records: { retentionDays: 1, write: () => late.promise },
        },
      );
      const unhandled = await unhandledDuring(async () => {
        const invoked = invoke();
        for (let waits = 0; waits < 4; waits++) {
          await reactions();
          mock.timers.tick(2_000);
        }
        assert.equal(await invoked, 1);
        late.reject(new Error("at last"));
      });
      assert.deepEqual(unhandled, []);
    }));

  it("a sampler that throws rejects the caller", async () => {
    const migration = migrationOf(
      async () => 1,
      async () => 1,
      {
        key: () => {
          throw new Error("no key");
        },
      },
    );
    const document = {
      mode: "shadow",
      ramp: { mode: "reverse-shadow", percent: 50 },
      sample: { secondary: 0.5, matches: 0.5 },
    } as const;
    const { invoke, traces } = wrapped(migration, document, (_, context) =>
      migration.client(context).get(),
    );
    assert.equal(await invoke(), 1);
    assert.equal(traces().counts["KeyFailures"], 1);
  });

  for (const falsy of [undefined, null, 0, "", false, Number.NaN]) {
    it(`a rejection with ${JSON.stringify(falsy) ?? "undefined"} becomes a success`, async () => {
      const fails = () => Promise.reject(falsy);
      const migration = accounts({ get: fails, put: fails }, {});
      const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
        const client = migration.client(context);
        const failure = (error: unknown) => ({ error });
        return [await client.get("a").catch(failure), await client.put("a").catch(failure)];
      });
      assert.deepEqual(await invoke(), [{ error: falsy }, { error: falsy }]);
      assert.equal(traces().counts["PrimaryErrors"], 1);
    });
  }

  it("a candidate that changes its arguments changes the caller's result", async () => {
    const v1 = async (order: any) => {
      await reactions();
      return order.lines.length;
    };
    const v2 = async (order: any) => order.lines.splice(0).length;
    const migration = accounts({ get: v1, put: v1 }, { get: v2, put: v2 });
    const { invoke } = wrapped(migration, "shadow", async (_, context) => {
      const order = { lines: ["a", "b"] };
      const client = migration.client(context);
      const answers = [await client.get(order), await client.put(order)];
      return { answers, order };
    });
    assert.deepEqual(await invoke(), { answers: [2, 2], order: { lines: ["a", "b"] } });
  });

  it("a candidate that never settles leaves no record", () =>
    withTimers(async () => {
      const migration = accounts(
        { get: async () => 1, put: async () => 1 },
        { get: never, put: never },
      );
      const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
        await migration.client(context).get("a");
        await migration.client(context).put("a");
      });
      const invoked = invoke({}, lambdaContext({ remainingMs: () => 60_000 }));
      for (let waits = 0; waits < 4; waits++) {
        await reactions();
        mock.timers.tick(2_000);
      }
      await invoked;
      assert.deepEqual(
        traces().comparisons.map(({ operation, outcome }) => `${operation}: ${outcome}`),
        ["get: timeout", "put: timeout"],
      );
      assert.equal(traces().repairs.length, 1);
    }));
});
