import assert from "node:assert/strict";
import { afterEach, describe, it, mock } from "node:test";
import middy from "@middy/core";
import segue, { type ModeSource, type RecordStore } from "../lib/index.ts";
import { DisagreementError, fixedMode, memoryMetrics, memoryRecords } from "../lib/testing.ts";
import { lambdaContext, migrationOf, wrapped } from "./support/invoke.ts";
import { never } from "./support/settled.ts";

const agreeing = () =>
  migrationOf(
    async () => 1,
    async () => 1,
  );
const disagreeing = () =>
  migrationOf(
    async () => 1,
    async () => 2,
  );

describe("segue as a middleware", () => {
  afterEach(() => mock.restoreAll());

  it("drains and stores also where the handler fails, and leaves its error as it is", async () => {
    const migration = disagreeing();
    const error = new Error("the handler's own");
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      await migration.client(context).get();
      throw error;
    });
    await assert.rejects(invoke(), (thrown) => thrown === error);
    assert.equal(traces().comparisons.length, 1);
    assert.equal(traces().counts.RecordsStored, 1);
  });

  it("drains once where a later hook fails after it", async () => {
    const migration = disagreeing();
    const records = memoryRecords();
    let published = 0;
    const handler = middy()
      .use({ after: () => Promise.reject(new Error("after")) })
      .use(
        segue(migration, {
          modeSource: fixedMode("shadow"),
          records,
          metrics: { publish: () => void published++ },
        }),
      )
      .handler(async (_, context) => migration.client(context).get());
    await assert.rejects(handler({}, lambdaContext() as any, {} as any), /after/);
    assert.equal(records.comparisons.length, 1);
    assert.equal(published, 1);
  });

  it("hands on a response of undefined, null and 0", async () => {
    for (const response of [undefined, null, 0]) {
      const { invoke } = wrapped(agreeing(), "shadow", async () => response);
      assert.equal(await invoke(), response);
    }
  });

  it("serves several migrations side by side, each with its own mode and records", async () => {
    const one = disagreeing();
    const other = Object.assign(disagreeing(), { name: "others" });
    const { invoke, traces } = wrapped([one, other], "shadow", async (_, context) => [
      await one.client(context).get(),
      await other.client(context).get(),
    ]);
    await invoke();
    assert.deepEqual(
      traces()
        .comparisons.map(({ migration }) => migration)
        .toSorted(),
      ["others", "things"],
    );
  });

  it("lives with a context that has nothing that Lambda's has", async () => {
    const migration = disagreeing();
    const { invoke, traces } = wrapped(migration, "shadow", (_, context) =>
      migration.client(context).get(),
    );
    assert.equal(await invoke({}, {} as any), 1);
    assert.match(traces().comparisons[0]!.requestId, /^[0-9a-f-]{36}$/);
  });

  it("numbers the calls of an invocation, so that a retried one writes over its records", async () => {
    const migration = disagreeing();
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      const client = migration.client(context);
      await Promise.all([client.get("a"), client.get("b"), client.get("c")]);
    });
    await invoke();
    assert.deepEqual(
      traces().comparisons.map(({ sequence, arguments: args }) => [sequence, args]),
      [
        [0, ["a"]],
        [1, ["b"]],
        [2, ["c"]],
      ],
    );
  });
});

describe("what fails beside a request never fails it", () => {
  const broken = () => {
    throw new Error("broken");
  };
  const options: Record<string, object> = {
    "a mode source that throws": { modeSource: { read: broken } satisfies ModeSource },
    "a mode source that rejects": {
      modeSource: { read: async () => broken() } satisfies ModeSource,
    },
    "a record store that throws": {
      records: { write: broken, retentionDays: 1 } satisfies RecordStore,
    },
    "a record store that rejects with nothing": {
      records: { write: () => Promise.reject(undefined), retentionDays: 1 } satisfies RecordStore,
    },
    "metrics that throw": { metrics: { publish: broken } },
  };
  for (const [name, option] of Object.entries(options)) {
    it(name, async () => {
      const migration = disagreeing();
      const { invoke, traces } = wrapped(
        migration,
        "shadow",
        (_, context) => migration.client(context).get(),
        option,
      );
      assert.equal(await invoke(), 1);
      assert.ok(traces().logged.length > 0, "it is logged");
    });
  }

  it("a record store that hangs: bounded, and its records are diverted", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const migration = disagreeing();
      let signal: AbortSignal | undefined;
      const reached = Promise.withResolvers<void>();
      const records: RecordStore = {
        retentionDays: 1,
        write(_, given) {
          signal = given;
          reached.resolve();
          return new Promise(() => {});
        },
      };
      const { invoke, traces } = wrapped(
        migration,
        "shadow",
        (_, context) => migration.client(context).get(),
        { records },
      );
      const invoking = invoke({}, lambdaContext({ remainingMs: () => 1_250 }));
      await reached.promise;
      mock.timers.tick(1_000);
      assert.equal(signal?.aborted, true);
      mock.timers.tick(50);
      assert.equal(await invoking, 1);
      assert.equal(traces().counts.RecordsDiverted, 1);
      assert.match(
        traces().logged[0]!,
        /record diverted .*not written in time.*"signature":"\$ value"/,
      );
    } finally {
      mock.timers.reset();
    }
  });

  it("a record store that tells after its time what it did store: only the rest is diverted", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const migration = disagreeing();
      const reached = Promise.withResolvers<void>();
      const records: RecordStore = {
        retentionDays: 1,
        write: (comparisons, signal) =>
          new Promise((resolve) => {
            signal.addEventListener("abort", () =>
              resolve([{ comparison: comparisons[0]!, why: "late" }]),
            );
            reached.resolve();
          }),
      };
      const { invoke, traces } = wrapped(
        migration,
        "shadow",
        (_, context) => {
          const client = migration.client(context);
          return Promise.all([client.get("a"), client.get("b")]);
        },
        { records },
      );
      const invoking = invoke();
      await reached.promise;
      mock.timers.tick(2_000);
      await invoking;
      assert.equal(traces().counts.RecordsDiverted, 1);
      assert.equal(traces().counts.RecordsStored, 1);
    } finally {
      mock.timers.reset();
    }
  });

  it("a record store that gives no list: all is diverted", async () => {
    const migration = disagreeing();
    const { invoke, traces } = wrapped(
      migration,
      "shadow",
      (_, context) => migration.client(context).get(),
      { records: { retentionDays: 1, write: (async () => {}) as any } },
    );
    await invoke();
    assert.equal(traces().counts.RecordsDiverted, 1);
  });

  it("a logger that throws", async () => {
    const migration = disagreeing();
    const logger = { warn: broken, error: broken };
    const records = { write: broken, retentionDays: 1 };
    const { invoke } = wrapped(
      migration,
      "shadow",
      (_, context) => migration.client(context).get(),
      { logger, records, metrics: { publish: broken } },
    );
    assert.equal(await invoke(), 1);
  });

  it("a mode source that breaks in new keeps the invocation in new", async () => {
    const migration = migrationOf(
      () => assert.fail("called"),
      async () => "v2",
    );
    let breaks = false;
    const fixed = fixedMode("new");
    const modeSource: ModeSource = {
      read: (...args) => (breaks ? broken() : fixed.read(...args)),
    };
    const { invoke, traces } = wrapped(
      migration,
      "new",
      (_, context) => migration.client(context).get(),
      { modeSource },
    );
    assert.equal(await invoke(), "v2");
    breaks = true;
    assert.equal(await invoke(), "v2");
    assert.equal(traces().counts.ModeReadFailures, 1);
  });

  it("metrics that reject later, or hang", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      for (const publish of [
        () => Promise.reject(new Error("sink")),
        () => new Promise<void>(() => {}),
      ]) {
        const migration = disagreeing();
        const { invoke, traces } = wrapped(
          migration,
          "shadow",
          (_, context) => migration.client(context).get(),
          { metrics: { publish } },
        );
        const invoking = invoke();
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
        mock.timers.tick(1_000);
        assert.equal(await invoking, 1);
        assert.match(traces().logged[0]!, /metrics could not be published/);
      }
    } finally {
      mock.timers.reset();
    }
  });

  it("a mode source that hangs: for half of the invocation's time, and then as one that breaks", async () => {
    const migration = migrationOf(
      async () => "v1",
      async () => "v2",
    );
    const { invoke, traces } = wrapped(
      migration,
      "new",
      (_, context) => migration.client(context).get(),
      { modeSource: { read: never } },
    );
    assert.equal(await invoke({}, lambdaContext({ remainingMs: () => 100 })), "v1");
    assert.equal(traces().counts["ModeReadFailures"], 1);
  });

  it("a mode source that takes all the time it is given has its answer taken", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const migration = migrationOf(
        async () => "v1",
        async () => "v2",
      );
      const reading = { document: { mode: "new" }, version: "1", counts: [] } as const;
      const modeSource: ModeSource = {
        read: (_, budgetMs) => new Promise((resolve) => setTimeout(resolve, budgetMs, reading)),
      };
      const { invoke } = wrapped(
        migration,
        "old",
        (_, context) => migration.client(context).get(),
        { modeSource },
      );
      const invoked = invoke({}, lambdaContext({ remainingMs: () => 100 }));
      mock.timers.tick(50);
      assert.equal(await invoked, "v2");
    } finally {
      mock.timers.reset();
    }
  });

  it("a mode source whose mode nobody knows: the last good document stays", async () => {
    const migration = migrationOf(
      async () => "v1",
      async () => "v2",
    );
    const readings: any[] = [
      { mode: "new" },
      { mode: "newest" },
      { mode: "old", percent: 1 },
      null,
    ];
    const { invoke, traces } = wrapped(
      migration,
      "old",
      (_, context) => migration.client(context).get(),
      {
        modeSource: {
          read: async () => ({ document: readings.shift(), version: "1", counts: [] }),
        },
      },
    );
    for (let number = 0; number < 4; number++) assert.equal(await invoke(), "v2");
    assert.equal(traces().counts["ModeReadFailures"], 3);
  });

  it("a mode source that breaks leaves the dependency as it was, and is counted", async () => {
    const migration = migrationOf(
      async () => "v1",
      () => assert.fail("called"),
    );
    const { invoke, traces } = wrapped(
      migration,
      "new",
      (_, context) => migration.client(context).get(),
      { modeSource: { read: broken } },
    );
    assert.equal(await invoke(), "v1");
    assert.equal(traces().counts.ModeReadFailures, 1);
    assert.equal(traces().counts.ModeDefaulted, 1);
  });
});

describe("what becomes of each comparison", () => {
  afterEach(() => mock.restoreAll());

  it("stored, sampled out, over the cap, diverted: all of them are counted as one of these", async () => {
    const fates = ["RecordsStored", "RecordsDiverted", "RecordsCapped", "RecordsSampledOut"];
    let request = 0;
    let refuse = false;
    const migration = migrationOf(
      async () => 1,
      async () => (request % 3 === 0 ? 1 : request % 2 ? 2 : Promise.reject(new Error())),
    );
    const records: RecordStore = {
      retentionDays: 1,
      write: async (comparisons) =>
        refuse ? comparisons.map((comparison) => ({ comparison, why: "refused" })) : [],
    };
    const { invoke, traces } = wrapped(
      migration,
      { mode: "shadow", sample: { matches: 0.25 } },
      (_, context) => migration.client(context).get(),
      { records },
    );
    for (; request < 120; request++) {
      refuse = request >= 10;
      await invoke({}, lambdaContext({ requestId: `r${request}` }));
    }
    const { counts } = traces();
    assert.equal(counts.Comparisons, 120);
    assert.equal(
      fates.reduce((sum, fate) => sum + (counts[fate] ?? 0), 0),
      120,
    );
    for (const fate of fates) assert.ok(counts[fate]! > 0, fate);
  });

  it("stores at most ten of a signature in a minute, and the next minute ten more", async () => {
    mock.timers.enable({ apis: ["Date"], now: 0 });
    try {
      const migration = disagreeing();
      const { invoke, traces } = wrapped(migration, "shadow", (_, context) =>
        migration.client(context).get(),
      );
      for (let request = 0; request < 15; request++) await invoke();
      assert.equal(traces().comparisons.length, 10);
      assert.equal(traces().counts.RecordsCapped, 5);
      mock.timers.tick(60_000);
      await invoke();
      assert.equal(traces().comparisons.length, 11);
    } finally {
      mock.timers.reset();
    }
  });
});

describe("a user's own test", () => {
  it("sees every comparison, matches included, and every count", async () => {
    const records = memoryRecords();
    const metrics = memoryMetrics();
    const migration = agreeing();
    const { invoke } = wrapped(
      migration,
      "shadow",
      (_, context) => migration.client(context).get(),
      { records, metrics },
    );
    for (let request = 0; request < 20; request++) await invoke();
    assert.equal(records.comparisons.length, 20);
    assert.ok(records.comparisons.every(({ outcome }) => outcome === "match"));
    assert.equal(metrics.counts.Matches, 20);
    assert.equal(metrics.counts.RecordsStored, 20);
  });

  it("fails on a disagreement where it asks for that", async () => {
    const records = memoryRecords({ throwOnDisagreement: true });
    const run = (migration: ReturnType<typeof agreeing>) =>
      wrapped(migration, "shadow", (_, context) => migration.client(context).get(), {
        records,
      }).invoke();
    assert.equal(await run(agreeing()), 1);
    await assert.rejects(run(disagreeing()), (error) => {
      assert.ok(error instanceof DisagreementError);
      assert.match(error.message, /get: mismatch \(\$ value\)/);
      return true;
    });
  });
});
