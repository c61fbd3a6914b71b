import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { defineMigration, withCall, type Call, type Mode } from "../../lib/index.ts";
import type { DualWriteOperation, SegueOptions } from "../../lib/index.ts";
import { memoryRepairs } from "../../lib/records/memory-repairs.ts";
import type { RepairStore } from "../../lib/records/repair-store.ts";
import { lambdaContext, wrapped } from "../support/invoke.ts";
import { deferred, never, reactions } from "../support/settled.ts";

interface Dependency {
  put(...args: any[]): Promise<any>;
  get(...args: any[]): Promise<any>;
}

type Put = (...args: any[]) => any;
type PutOptions = Partial<DualWriteOperation<Put, Dependency>>;
interface Version {
  put: Put;
  get?: Put;
}

const noGet = async () => "nothing";

function migrationOf(v1: Version, v2: Version, options: PutOptions = {}) {
  return defineMigration<Dependency>({
    name: "things",
    v1: { get: noGet, ...v1 },
    v2: { get: noGet, ...v2 },
    operations: {
      put: { kind: "write", dual: true, idempotencyKey: (id) => String(id), ...options },
      get: { kind: "read" },
    },
  });
}

/** Runs one write in a handler of its own, and tells what the caller got and what was left. */
async function writeOnce(
  mode: Mode,
  v1: Put,
  v2: Put,
  options: PutOptions = {},
  { args = ["a"], segue }: { args?: unknown[]; segue?: SegueOptions } = {},
) {
  const migration = migrationOf({ put: v1 }, { put: v2 }, options);
  const { invoke, traces } = wrapped(
    migration,
    { mode, sample: { matches: 1 } },
    async (_, context) => {
      try {
        return { value: await migration.client(context).put(...args) };
      } catch (error) {
        return { error };
      }
    },
    segue,
  );
  const answer = await invoke();
  return { answer, ...traces() };
}

const answers = (value: unknown) => async () => value;
const fails = (error: unknown) => () => Promise.reject(error);
const throws = (error: unknown) => () => {
  throw error;
};

describe("who writes, who answers, and what is left", () => {
  const down = new Error("down");
  const broken = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
  const untouched = () => assert.fail("must not be called");
  const table: [Mode, v1: Put, v2: Put, answer: object, outcome?: string, left?: string][] = [
    ["old", answers(1), untouched, { value: 1 }],
    ["old", fails(broken), untouched, { error: broken }],
    ["new", untouched, answers(2), { value: 2 }],
    ["shadow", answers(1), answers(1), { value: 1 }, "match"],
    ["shadow", answers(1), answers(2), { value: 1 }, "mismatch"],
    ["shadow", answers(1), fails(down), { value: 1 }, "secondary-error", "secondary-failed"],
    ["shadow", answers(1), throws(null), { value: 1 }, "secondary-error", "secondary-failed"],
    ["shadow", fails(down), untouched, { error: down }],
    ["shadow", throws(0), untouched, { error: 0 }],
    ["shadow", fails(undefined), untouched, { error: undefined }],
    ["shadow", fails(broken), untouched, { error: broken }, undefined, "ambiguous"],
    ["reverse-shadow", answers(1), answers(2), { value: 2 }, "mismatch"],
    [
      "reverse-shadow",
      fails(down),
      answers(2),
      { value: 2 },
      "secondary-error",
      "secondary-failed",
    ],
    ["reverse-shadow", untouched, fails(down), { error: down }],
    ["reverse-shadow", untouched, fails(broken), { error: broken }, undefined, "ambiguous"],
  ];
  table.forEach(([mode, v1, v2, expected, outcome, left], row) => {
    it(`${row}: ${mode}: ${outcome ?? "no comparison"}, ${left ?? "nothing left"}`, async () => {
      const { answer, comparisons, repairs, counts } = await writeOnce(mode, v1, v2);
      assert.deepEqual(answer, expected);
      assert.equal(comparisons[0]?.outcome, outcome);
      assert.equal(counts["Comparisons"], outcome === undefined ? undefined : 1);
      assert.equal(repairs[0]?.state, left);
      assert.equal(counts["RepairsLeft"], left === undefined ? undefined : 1);
    });
  });

  it("hands on that very value and that very error", async () => {
    const value = { deep: {} };
    const answered = await writeOnce("shadow", answers(value), answers({ deep: {} }));
    assert.equal((answered.answer as any).value, value);
    const error = new Error("that one");
    const failed = await writeOnce("shadow", fails(error), answers(1));
    assert.equal((failed.answer as any).error, error);
  });

  it("stores the intent first, then runs V1, then V2, then takes it out", async () => {
    const order: string[] = [];
    const repairs = memoryRepairs();
    const spied = new Proxy(repairs, {
      get(store: any, name) {
        if (typeof store[name] !== "function") return store[name];
        return async (...args: unknown[]) => {
          order.push(String(name));
          return store[name](...args);
        };
      },
    }) as RepairStore;
    const records = { retentionDays: 1, repairs: spied, write: async () => [] };
    const says = (name: string) => async () => void order.push(name);
    await writeOnce("shadow", says("v1"), says("v2"), {}, { segue: { records } });
    assert.deepEqual(order, ["put", "v1", "v2", "sameSubject", "remove"]);
    order.length = 0;
    await writeOnce("reverse-shadow", says("v1"), says("v2"), {}, { segue: { records } });
    assert.deepEqual(order, ["put", "v2", "v1", "sameSubject", "remove"]);
  });

  it("gives both versions the same key and time, and the key also to one that runs alone", async () => {
    const calls: Call[] = [];
    const put = (call: Call) => (calls.push(call), Promise.resolve());
    for (const mode of ["old", "shadow", "reverse-shadow", "new"] as const) {
      calls.length = 0;
      const aware = () => withCall<Dependency>({ put, get: noGet as any });
      const migration = defineMigration<Dependency>({
        name: "things",
        v1: aware(),
        v2: aware(),
        operations: {
          put: { kind: "write", dual: true, idempotencyKey: (payment) => payment.id },
          get: { kind: "read" },
        },
      });
      const { invoke } = wrapped(migration, mode, (_, context) =>
        migration.client(context).put({ id: "p-1" }),
      );
      await invoke();
      assert.deepEqual(
        calls.map(({ idempotencyKey }) => idempotencyKey),
        mode === "old" || mode === "new" ? ["p-1"] : ["p-1", "p-1"],
      );
      if (calls.length === 2) {
        assert.equal(calls[0]!.now, calls[1]!.now);
        assert.deepEqual([calls[0]!.role, calls[1]!.role], ["primary", "secondary"]);
      }
    }
  });

  it("keeps arguments and answers apart: nobody sees what another does to its own", async () => {
    const seen: unknown[] = [];
    const spoil = (answer: unknown) => async (given: any) => {
      seen.push(structuredClone(given));
      given.amount = "spoiled";
      return answer;
    };
    const payment = { id: "p", amount: 5 };
    const result = { ok: true };
    const migration = migrationOf({ put: spoil(result) }, { put: spoil({ ok: true }) });
    const { invoke, traces } = wrapped(
      migration,
      { mode: "shadow", sample: { matches: 1 } },
      async (_, context) => {
        const writing = migration.client(context).put(payment);
        payment.amount = 6;
        const answer = await writing;
        answer.ok = "spoiled";
      },
    );
    await invoke();
    assert.deepEqual(seen, [
      { id: "p", amount: 5 },
      { id: "p", amount: 5 },
    ]);
    const [comparison] = traces().comparisons;
    assert.equal(comparison!.outcome, "match");
    assert.deepEqual(comparison!.arguments, [{ id: "p", amount: 5 }]);
  });

  it("lets the primary fill in what the caller gave it, as adapters do that set an id", async () => {
    const sets = (id: number) => async (document: any) => void (document.id = id);
    const migration = migrationOf({ put: sets(1) }, { put: sets(2) });
    const { invoke } = wrapped(migration, "shadow", async (_, context) => {
      const document: any = { amount: 5 };
      await migration.client(context).put(document);
      assert.deepEqual(document, { amount: 5, id: 1 });
    });
    await invoke();
  });

  it("hands on the very arguments though they can't be read again and again", async () => {
    let reads = 0;
    const once = {
      get amount() {
        // Once for each of the two copies.
        if (++reads > 2) throw new Error("read again");
        return 5;
      },
    };
    const v1 = async (given: unknown) => given === once;
    const key = { idempotencyKey: () => "a" };
    const { answer, repairs } = await writeOnce("shadow", v1, answers(true), key, { args: [once] });
    assert.deepEqual(answer, { value: true });
    assert.deepEqual(repairs, []);
  });

  it("hands on what is no plain data as it is, and leaves what can't be copied to a person", async () => {
    class Money {
      #cents = 5;
      get cents() {
        return this.#cents;
      }
    }
    const money = new Money();
    const instance = await writeOnce(
      "shadow",
      async (given) => given.cents,
      answers(5),
      {},
      { args: [money] },
    );
    assert.deepEqual(instance.answer, { value: 5 });
    const callback = () => {};
    const v2 = mock.fn();
    const { repairs, counts } = await writeOnce(
      "shadow",
      answers(1),
      v2,
      {},
      { args: ["a", callback] },
    );
    assert.equal(v2.mock.callCount(), 0);
    assert.equal(counts["SkippedForArguments"], 1);
    assert.equal(repairs[0]!.state, "secondary-failed");
    assert.equal(repairs[0]!.replay, undefined);
  });

  for (const [what, idempotencyKey] of [
    ["throws", throws(new Error("no key"))],
    ["gives no text", () => 5],
    ["is async", async () => Promise.reject(new Error("async"))],
  ] as [string, any][]) {
    it(`leaves a write whose idempotencyKey ${what} to a person`, async () => {
      const v2 = mock.fn();
      const { answer, repairs, counts } = await writeOnce("shadow", answers(1), v2, {
        idempotencyKey,
      });
      assert.deepEqual(answer, { value: 1 });
      assert.equal(v2.mock.callCount(), 0);
      assert.equal(counts["KeyFailures"], 1);
      assert.equal(repairs[0]!.state, "secondary-failed");
    });
  }

  it("asks isAmbiguous, and takes one that throws for a yes", async () => {
    const left = async (isAmbiguous: () => any) =>
      (await writeOnce("shadow", fails(down), untouched, { isAmbiguous })).repairs[0]?.state;
    assert.equal(await left(() => true), "ambiguous");
    assert.equal(await left(() => false), undefined);
    assert.equal(await left(throws(new Error("hostile"))), "ambiguous");
  });

  it("takes an isAmbiguous that is async by mistake for a yes, whatever it rejects with", async () => {
    const isAmbiguous: any = async () => Promise.reject(new Error("async"));
    // What goes unhandled fails the test.
    const { repairs } = await writeOnce("shadow", fails(down), untouched, { isAmbiguous });
    await reactions();
    assert.equal(repairs[0]?.state, "ambiguous");
  });
});

describe("a secondary that is slow", () => {
  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.UTC(2026, 0, 1) });
    const start = Date.now();
    mock.method(performance, "now", () => Date.now() - start);
  });
  afterEach(() => mock.reset());

  it("keeps no caller waiting, and is given up after timeoutMs", async () => {
    let signal: AbortSignal | undefined;
    const v2 = withCall<Dependency>({
      put: (call: Call) => ((signal = call.signal), never()),
      get: noGet as any,
    });
    const migration = defineMigration<Dependency>({
      name: "things",
      v1: { put: async () => "done", get: noGet },
      v2,
      operations: {
        put: { kind: "write", dual: true, idempotencyKey: String, timeoutMs: 300 },
        get: { kind: "read" },
      },
    });
    const answered = deferred();
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      answered.resolve(await migration.client(context).put("a"));
    });
    const invoked = invoke();
    assert.equal(await answered.promise, "done", "no timer has run");
    await reactions();
    mock.timers.tick(299);
    await reactions();
    assert.equal(signal!.aborted, false);
    mock.timers.tick(1);
    await invoked;
    assert.equal(signal!.aborted, true);
    assert.equal(traces().comparisons[0]!.outcome, "timeout");
    assert.equal(traces().repairs[0]!.state, "secondary-failed");
  });

  it("never goes past the invocation's time, and is left in time to say so", async () => {
    const start = Date.now();
    const migration = migrationOf({ put: answers(1) }, { put: never }, { timeoutMs: 60_000 });
    const { invoke, traces } = wrapped(migration, "shadow", (_, context) =>
      migration.client(context).put("a"),
    );
    const remainingMs = () => 1_000 - (Date.now() - start);
    const invoked = invoke({}, lambdaContext({ remainingMs }));
    await reactions();
    mock.timers.tick(500);
    await invoked;
    assert.equal(traces().repairs[0]!.state, "secondary-failed");
  });

  it("does not run at all when the invocation's time is over, and that is left for repair", async () => {
    const v2 = mock.fn();
    let left = 600;
    const v1 = async () => void (left = 400);
    const migration = migrationOf({ put: v1 }, { put: v2 });
    const { invoke, traces } = wrapped(migration, "shadow", (_, context) =>
      migration.client(context).put("a"),
    );
    await invoke({}, lambdaContext({ remainingMs: () => left }));
    assert.equal(v2.mock.callCount(), 0);
    assert.equal(traces().counts["SkippedForTime"], 1);
    assert.equal(traces().repairs[0]!.state, "secondary-failed");
  });

  it("is waited for though the handler did not wait for the write", async () => {
    const v1 = deferred();
    const v2 = deferred();
    const migration = migrationOf({ put: () => v1.promise }, { put: () => v2.promise });
    const { invoke, traces } = wrapped(
      migration,
      { mode: "shadow", sample: { matches: 1 } },
      async (_, context) => {
        void migration.client(context).put("a");
      },
    );
    const invoked = invoke();
    await reactions();
    mock.timers.tick(1_900);
    v1.resolve(1);
    await reactions();
    // Its time begins when it does.
    mock.timers.tick(1_900);
    v2.resolve(1);
    await invoked;
    assert.equal(traces().comparisons[0]!.outcome, "match");
    assert.deepEqual(traces().repairs, []);
  });

  it("leaves the intent of a write whose primary did not settle while the invocation lasted", async () => {
    const migration = migrationOf({ put: never }, { put: answers(1) });
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      void migration.client(context).put("a");
    });
    const invoked = invoke();
    await reactions();
    mock.timers.tick(2_000);
    await invoked;
    assert.equal(traces().repairs[0]!.state, "intended");
    assert.equal(traces().counts["RepairsLeft"], 1);
  });

  it("lets go of the caller's signal when the primary hangs", async () => {
    const { signal } = new AbortController();
    const migration = migrationOf({ put: never }, { put: answers(1) });
    const { invoke } = wrapped(migration, "shadow", async (_, context) => {
      void migration.client(context).put("a", { signal });
      assert.equal(getEventListeners(signal, "abort").length, 1);
    });
    const invoked = invoke();
    await reactions();
    mock.timers.tick(2_000);
    await invoked;
    assert.deepEqual(getEventListeners(signal, "abort"), []);
  });

  it("sets no timer that Node.js can't keep, where a context has all the time in the world", async () => {
    const first = deferred();
    const v2 = mock.fn(() => first.promise);
    const migration = migrationOf({ put: answers(1) }, { put: v2 }, { key: () => "account" });
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      await migration.client(context).put("a");
      await migration.client(context).put("b");
    });
    const setTimer = mock.method(globalThis, "setTimeout");
    const invoked = invoke({}, lambdaContext({ remainingMs: () => 2 ** 40 }));
    await reactions();
    mock.timers.tick(1_999);
    first.resolve(1);
    await invoked;
    assert.deepEqual(traces().repairs, []);
    const longest = Math.max(...setTimer.mock.calls.map((call) => Number(call.arguments[1])));
    assert.ok(longest < 2 ** 31, `${longest} ms`);
  });

  it("a comparison that hangs keeps no write and no fallback waiting", async () => {
    const v1 = mock.fn(answers(1));
    const migration = migrationOf(
      { put: v1, get: answers("from v1") },
      { put: answers(1), get: fails(new Error("down")) },
      { key: () => "account", compare: { equal: never } },
    );
    const { invoke, traces } = wrapped(migration, "reverse-shadow", async (_, context) => {
      const client = migration.client(context);
      await client.put("a");
      await client.put("b");
      assert.equal(await client.get("a"), "from v1");
    });
    const invoked = invoke();
    for (let turn = 0; turn < 5; turn++) await reactions();
    assert.equal(v1.mock.callCount(), 2);
    mock.timers.tick(2_000);
    await invoked;
    assert.deepEqual(traces().repairs, []);
  });

  it("gives back its place when the comparison hangs", async () => {
    const migration = migrationOf(
      { put: answers(1) },
      { put: answers(1) },
      { maxInFlight: 1, compare: { equal: never } },
    );
    const { invoke, traces } = wrapped(migration, "shadow", (_, context) =>
      migration.client(context).put("a"),
    );
    for (let number = 0; number < 2; number++) {
      const invoked = invoke();
      await reactions();
      mock.timers.tick(2_000);
      await invoked;
    }
    assert.equal(traces().counts["SkippedByCap"], undefined);
    assert.equal(traces().counts["NotCompared"], 2);
    assert.deepEqual(traces().repairs, []);
  });

  it("sets the time from which the write may be repaired beyond the invocation's end", async () => {
    const { repairs } = await writeOnce("shadow", answers(1), fails(new Error("down")));
    const { time, dueAt } = repairs[0]!;
    assert.equal(dueAt - time, 30_000 - 500 + 60_000);
  });
});

describe("an environment that is frozen in the middle of a write", () => {
  const HOUR_MS = 3_600_000;
  beforeEach(() => mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 0, 1) }));
  afterEach(() => mock.timers.reset());

  for (const frozenIn of ["the primary", "the secondary"]) {
    it(`in ${frozenIn}: leaves a record, though a pass has taken the first one out`, async () => {
      const thawed = deferred();
      const reached = deferred();
      const hangs = async () => {
        reached.resolve(undefined);
        await thawed.promise;
      };
      const repairs = memoryRepairs();
      const records = { retentionDays: 1, repairs, write: async () => [] };
      const migration = migrationOf(
        { put: frozenIn === "the primary" ? hangs : answers(1) },
        { put: frozenIn === "the secondary" ? hangs : answers(1) },
      );
      const start = Date.now();
      const { invoke } = wrapped(
        migration,
        "shadow",
        (_, context) => migration.client(context).put("a"),
        { records },
      );
      const invoked = invoke({}, lambdaContext({ remainingMs: () => start + 30_000 - Date.now() }));
      await reached.promise;
      mock.timers.setTime(start + HOUR_MS);
      await repairs.remove(repairs.stored[0]!, "always", AbortSignal.timeout(1_000));
      thawed.resolve(undefined);
      await invoked;
      await reactions();
      const [left, ...others] = repairs.stored;
      assert.deepEqual(others, []);
      assert.deepEqual([left!.state, left!.overlapped], ["secondary-failed", true]);
    });
  }

  it("keeps a pass that is at work on it from taking it out", async () => {
    const thawed = deferred();
    const reached = deferred();
    const repairs = memoryRepairs();
    const records = { retentionDays: 1, repairs, write: async () => [] };
    const v1 = async () => {
      reached.resolve(undefined);
      await thawed.promise;
    };
    const migration = migrationOf({ put: v1 }, { put: answers(1) });
    const { invoke } = wrapped(
      migration,
      "shadow",
      (_, context) => migration.client(context).put("a"),
      { records },
    );
    const invoked = invoke();
    await reached.promise;
    mock.timers.setTime(Date.now() + HOUR_MS);
    const signal = AbortSignal.timeout(1_000);
    const [repair] = repairs.stored;
    const claim = await repairs.claim(repair!, Date.now() + 60_000, "always", signal);
    thawed.resolve(undefined);
    await invoked;
    assert.equal(await repairs.remove(repair!, claim!, signal), false);
    assert.equal(repairs.stored.length, 1);
  });
});

describe("the order of writes", () => {
  it("is the primary's on the secondary too, within an invocation", async () => {
    const order: string[] = [];
    const first = deferred();
    const v2 = async (id: string) => {
      order.push(`${id} begins`);
      if (id === "a") await first.promise;
      order.push(`${id} ends`);
    };
    const migration = migrationOf({ put: answers(1) }, { put: v2 }, { key: () => "account" });
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      await migration.client(context).put("a");
      await migration.client(context).put("b");
      await reactions();
      assert.deepEqual(order, ["a begins"]);
      first.resolve(undefined);
    });
    await invoke();
    assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
    assert.deepEqual(traces().repairs, [], "their order is no question");
  });

  it("is no question though a write ends while the intent of the next one is being stored", async () => {
    const second = deferred();
    const storing = deferred();
    const store = memoryRepairs();
    const repairs: RepairStore = {
      ...store,
      async put(repair, ...given) {
        await store.put(repair, ...given);
        if ((repair.arguments as unknown[])[0] !== "b") return;
        storing.resolve(undefined);
        await second.promise;
      },
    };
    const v2 = async (id: string) => {
      if (id === "a") await storing.promise;
    };
    const migration = migrationOf({ put: answers(1) }, { put: v2 }, { key: () => "account" });
    const { invoke } = wrapped(
      migration,
      "shadow",
      async (_, context) => {
        await migration.client(context).put("a");
        const writing = migration.client(context).put("b");
        await storing.promise;
        await reactions();
        second.resolve(undefined);
        await writing;
      },
      { records: { retentionDays: 1, repairs, write: async () => [] } },
    );
    await invoke();
    assert.deepEqual(store.stored, []);
  });

  it("is nobody's between writes of different keys", async () => {
    const first = deferred();
    const began: string[] = [];
    const v2 = async (id: string) => {
      began.push(id);
      if (id === "a") await first.promise;
    };
    const migration = migrationOf({ put: answers(1) }, { put: v2 });
    const { invoke } = wrapped(migration, "shadow", async (_, context) => {
      await migration.client(context).put("a");
      await migration.client(context).put("b");
      await reactions();
      assert.deepEqual(began, ["a", "b"]);
      first.resolve(undefined);
    });
    await invoke();
  });

  for (const mode of ["shadow", "reverse-shadow"] as const) {
    it(`holds for a read after a write: the secondary has it by then (${mode})`, async () => {
      const slow = deferred();
      const stores = { v1: new Map<string, number>(), v2: new Map<string, number>() };
      const version = (store: Map<string, number>, until?: Promise<unknown>) => ({
        put: async (id: string) => {
          await until;
          store.set(id, 1);
        },
        get: async (id: string) => store.get(id),
      });
      const secondary = mode === "shadow" ? "v2" : "v1";
      const migration = migrationOf(
        version(stores.v1, secondary === "v1" ? slow.promise : undefined),
        version(stores.v2, secondary === "v2" ? slow.promise : undefined),
      );
      const { invoke, traces } = wrapped(
        migration,
        { mode, sample: { matches: 1 } },
        async (_, context) => {
          const client = migration.client(context);
          await client.put("a");
          assert.equal(await client.get("a"), 1, "the caller waits for nothing");
          slow.resolve(undefined);
        },
      );
      await invoke();
      assert.deepEqual(
        traces().comparisons.map(({ operation, outcome }) => `${operation}: ${outcome}`),
        ["put: match", "get: match"],
      );
    });
  }

  it("holds for a fallback, which would else not find what was written", async () => {
    const slow = deferred();
    const v1 = new Set<string>();
    const migration = migrationOf(
      {
        put: async (id: string) => {
          await slow.promise;
          v1.add(id);
        },
        get: async (id: string) => v1.has(id),
      },
      { put: answers(undefined), get: fails(new Error("down")) },
    );
    const { invoke } = wrapped(migration, "reverse-shadow", async (_, context) => {
      const client = migration.client(context);
      await client.put("a");
      const reading = client.get("a");
      await reactions();
      slow.resolve(undefined);
      assert.equal(await reading, true);
    });
    await invoke();
  });

  it("is a question between two that overlap, and at least one stays for repair", async () => {
    const repairs = memoryRepairs();
    const records = { retentionDays: 1, repairs, write: async () => [] };
    const release = deferred();
    let began = 0;
    const both = async () => {
      if (++began === 2) release.resolve(undefined);
      await release.promise;
    };
    const migration = migrationOf({ put: both }, { put: answers(1) }, { key: () => "account" });
    const invokes = ["request-1", "request-2"].map((requestId) =>
      wrapped(migration, "shadow", (_, context) => migration.client(context).put(requestId), {
        records,
      }).invoke({}, lambdaContext({ requestId })),
    );
    await Promise.all(invokes);
    assert.ok(repairs.stored.length >= 1);
    for (const { overlapped, state, endedAt, why } of repairs.stored) {
      assert.equal(overlapped, true);
      // Its primary has it: nobody has to ask whether it was killed.
      assert.equal(state, "secondary-failed");
      assert.ok(endedAt !== undefined);
      assert.match(why!, /another write of the same key/);
    }
  });

  it("counts as left even if the invocation's time is over before it can say that", async () => {
    const repairs = memoryRepairs();
    const asked = deferred();
    mock.method(repairs, "remove", async () => false);
    mock.method(repairs, "change", () => {
      asked.resolve(undefined);
      return never();
    });
    const records = { retentionDays: 1, repairs, write: async () => [] };
    const migration = migrationOf({ put: answers(1) }, { put: answers(1) });
    const start = Date.now();
    mock.timers.enable({ apis: ["setTimeout", "Date"], now: start });
    mock.method(performance, "now", () => Date.now() - start);
    try {
      const { invoke, traces } = wrapped(
        migration,
        "shadow",
        (_, context) => migration.client(context).put("a"),
        { records },
      );
      const remainingMs = () => start + 650 - Date.now();
      const invoked = invoke({}, lambdaContext({ remainingMs }));
      await asked.promise;
      await reactions();
      for (let ms = 0; ms < 650; ms += 50) {
        mock.timers.tick(50);
        await reactions();
      }
      await invoked;
      assert.equal(traces().counts["RepairsLeft"], 1);
    } finally {
      mock.reset();
    }
  });

  it("stays out where its record is gone before it can say that it overlapped", async () => {
    const repairs = memoryRepairs();
    const { remove } = repairs;
    mock.method(repairs, "remove", async (...given: Parameters<typeof remove>) => {
      await remove(given[0], "always", given[2]);
      return false;
    });
    const records = { retentionDays: 1, repairs, write: async () => [] };
    await writeOnce("shadow", answers(1), answers(1), {}, { segue: { records } });
    assert.deepEqual(repairs.stored, []);
  });

  it("is a question between two at once in one invocation too", async () => {
    const release = deferred();
    let began = 0;
    const both = async () => {
      if (++began === 2) release.resolve(undefined);
      await release.promise;
    };
    const migration = migrationOf({ put: both }, { put: answers(1) }, { key: () => "account" });
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      const client = migration.client(context);
      await Promise.all([client.put("a"), client.put("b")]);
    });
    await invoke();
    assert.ok(traces().repairs.length >= 1);
  });
});

describe("a store of repairs that fails", () => {
  const broken = (name: keyof RepairStore, act: () => any): RepairStore => ({
    ...memoryRepairs(),
    [name]: act,
  });
  const down = () => Promise.reject(new Error("throttled"));

  async function writeWith(repairs: RepairStore, v2: Put = answers(1)) {
    const records = { retentionDays: 1, repairs, write: async () => [] };
    return writeOnce("shadow", answers(1), v2, {}, { segue: { records } });
  }

  it("does not keep the write from being done by both, and prints the intent", async () => {
    const v2 = mock.fn(answers(1));
    const { answer, counts, logged } = await writeWith(broken("put", down), v2);
    assert.deepEqual(answer, { value: 1 });
    assert.equal(v2.mock.callCount(), 1);
    assert.equal(counts["RepairsDiverted"], 1);
    assert.match(logged[0]!, /repair record diverted.*throttled.*"idempotencyKey":"a"/);
  });

  it("prints why a write stays, if that can't be stored", async () => {
    const { counts, logged } = await writeWith(broken("change", down), fails(new Error("V2 down")));
    assert.deepEqual([counts["RepairsLeft"], counts["RepairsDiverted"]], [1, 1]);
    assert.match(logged[0]!, /secondary-failed.*V2 down/);
  });

  for (const name of ["sameSubject", "remove"] as const) {
    it(`leaves a record too many when ${name} fails`, async () => {
      const { answer, counts, logged } = await writeWith(broken(name, down));
      assert.deepEqual(answer, { value: 1 });
      assert.equal(counts["RepairsLeft"], 1);
      assert.match(logged[0]!, /repair record stays/);
    });
  }

  it("holds the caller for a second at the most when it hangs", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const writing = writeWith({ ...memoryRepairs(), put: never, sameSubject: never });
      await reactions();
      mock.timers.tick(1_000);
      await reactions();
      mock.timers.tick(1_000);
      const { answer, counts } = await writing;
      assert.deepEqual(answer, { value: 1 });
      assert.deepEqual([counts["RepairsDiverted"], counts["RepairsLeft"]], [1, 1]);
    } finally {
      mock.timers.reset();
    }
  });
});

describe("redaction of a dual write", () => {
  const card = "4111111111111111";
  const redact = ["$..card"];

  it("takes the secret out of the record, the log and the reason", async () => {
    const quoting = fails(new Error(`card ${card} declined by V2, token tok-99887`));
    const v1 = answers({ card: "tok-99887" });
    const args = [{ id: "p", card }];
    const key = { idempotencyKey: (payment: any) => payment.id, redact };
    const { repairs, comparisons } = await writeOnce("shadow", v1, quoting, key, { args });
    assert.equal(repairs.length, 1);
    assert.doesNotMatch(JSON.stringify([repairs, comparisons]), /4111|tok-99887/);
    assert.equal(repairs[0]!.replay, undefined, "arguments that hold it can't be run again");
    assert.match(repairs[0]!.why!, /declined by V2/);
  });

  it("takes out a key that is the secret itself", async () => {
    const key = { idempotencyKey: (payment: any) => payment.card, redact };
    const args = [{ card }];
    const { repairs } = await writeOnce("shadow", answers(1), fails(new Error("no")), key, {
      args,
    });
    assert.doesNotMatch(JSON.stringify(repairs), /4111/);
    assert.equal(
      repairs[0]!.idempotencyKey,
      undefined,
      "what is left of it is no key of this write",
    );
  });

  it("keeps arguments without it whole", async () => {
    const { repairs } = await writeOnce("shadow", answers(1), fails(new Error("no")), { redact });
    assert.ok(repairs[0]!.replay !== undefined);
  });
});

describe("the breaker and the cap", () => {
  it("leave a secondary alone, and what it misses for repair", async () => {
    const v2 = mock.fn(fails(new Error("down")));
    const migration = migrationOf({ put: answers(1) }, { put: v2 }, { breaker: { failures: 2 } });
    const { invoke, traces } = wrapped(migration, "shadow", (_, context) =>
      migration.client(context).put("a"),
    );
    for (let number = 0; number < 5; number++) await invoke();
    assert.equal(v2.mock.callCount(), 2);
    assert.equal(traces().counts["SkippedByBreaker"], 3);
    assert.equal(traces().repairs.length, 5);
  });
});
