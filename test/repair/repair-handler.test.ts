import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { defineMigration, repairHandler, withCall, type Call } from "../../lib/index.ts";
import type { DualWriteOperation, Mode, SegueOptions } from "../../lib/index.ts";
import { serialize } from "node:v8";
import type { StoredRepair } from "../../lib/call/repair.ts";
import { fixedMode, memoryMetrics, memoryRecords } from "../../lib/testing.ts";
import { lambdaContext } from "../support/invoke.ts";
import { repairOf } from "../support/repair.ts";
import { deferred, never, reactions } from "../support/settled.ts";

interface Accounts {
  put(id: string, balance: number): Promise<void>;
  balance(id: string): Promise<number | undefined>;
}

type PutOptions = Partial<DualWriteOperation<Accounts["put"], Accounts>>;

const reconcile: PutOptions["reconcile"] = async (primary, secondary, { arguments: args }) => {
  const [id] = args!;
  const balance = await primary.balance(id);
  if (balance !== undefined) await secondary.put(id, balance);
};

/** Two versions with data of their own, a store of repairs, and the pass over it. */
function bank(options: PutOptions = {}, mode: Mode = "shadow", segue: SegueOptions = {}) {
  const data = { v1: new Map<string, number>(), v2: new Map<string, number>() };
  const calls: { version: string; call: Call }[] = [];
  const version = (name: "v1" | "v2") =>
    withCall<Accounts>({
      put: async (call, id, balance) => {
        calls.push({ version: name, call });
        data[name].set(id, balance);
      },
      balance: async (_, id) => data[name].get(id),
    });
  const migration = defineMigration<Accounts>({
    name: "things",
    v1: version("v1"),
    v2: version("v2"),
    operations: {
      put: { kind: "write", dual: true, idempotencyKey: (id) => id, ...options },
      balance: { kind: "read" },
    },
  });
  const records = memoryRecords();
  const metrics = memoryMetrics();
  const logged: string[] = [];
  const log = (message: string, extra?: object) =>
    void logged.push(`${message} ${JSON.stringify(extra)}`);
  const handler = repairHandler(migration, {
    modeSource: fixedMode(mode),
    records,
    metrics,
    logger: { warn: log, error: log },
    ...segue,
  });
  return {
    data,
    calls,
    repairs: records.repairs,
    metrics,
    logged,
    async add(given: Partial<StoredRepair> = {}): Promise<StoredRepair> {
      const args = Array.isArray(given.arguments) ? given.arguments : ["a", 5];
      const repair = repairOf({ arguments: args, replay: serialize(args), ...given });
      await records.repairs.put(repair, repair.state, repair.why, AbortSignal.timeout(1_000));
      if (repair.overlapped) await records.repairs.overlap(repair, AbortSignal.timeout(1_000));
      return repair;
    },
    pass: async (context = lambdaContext()) => {
      const [report, ...others] = await handler({}, context);
      assert.deepEqual(others, []);
      return report!;
    },
  };
}

describe("the repair pass", () => {
  it("makes V2 agree with V1, whatever V1 has", async () => {
    const { data, add, pass, repairs, metrics } = bank({ reconcile });
    data.v1.set("a", 7);
    for (const state of ["intended", "ambiguous", "secondary-failed"] as const)
      await add({ state });
    await add({ arguments: ["not-in-v1", 1], subject: "other" });
    const { done, failed, pending, left, complete } = await pass();
    assert.deepEqual(
      { done, failed, pending, left, complete },
      { done: 4, failed: 0, pending: 0, left: [], complete: true },
    );
    assert.deepEqual(data.v2, new Map([["a", 7]]));
    assert.deepEqual(repairs.stored, []);
    assert.equal(metrics.counts.RepairsDone, 4);
    assert.equal(metrics.counts.RepairsPending, 0, "none is a number too, for alarms and the gate");
  });

  it("makes V1 agree with V2 where V2 had the write first", async () => {
    const { data, add, pass } = bank({ reconcile }, "reverse-shadow");
    data.v2.set("a", 7);
    await add({ primary: "v2" });
    await pass();
    assert.deepEqual(data.v1, new Map([["a", 7]]));
  });

  it("runs what failed on V2 again, with the same arguments and the same key", async () => {
    const { data, add, pass, calls, repairs } = bank();
    await add({ state: "secondary-failed", idempotencyKey: "original-key" });
    assert.equal((await pass()).done, 1);
    assert.deepEqual(data.v2, new Map([["a", 5]]));
    assert.deepEqual(
      calls.map(({ version, call }) => [version, call.role, call.idempotencyKey]),
      [["v2", "secondary", "original-key"]],
    );
    assert.deepEqual(repairs.stored, []);
  });

  it("gives each of reconcile's writes the key of its own arguments, so that none passes for another", async () => {
    const { add, pass, calls } = bank({
      idempotencyKey: (id, balance) => `${id}:${balance}`,
      // The secondary lacks more than the write in question.
      reconcile: async (_, secondary) => {
        await secondary.put("a", 5);
        await secondary.put("a", 6);
      },
    });
    await add({ idempotencyKey: "a:6" });
    await pass();
    assert.deepEqual(
      calls.map(({ call }) => call.idempotencyKey),
      ["a:5", "a:6"],
    );
  });

  it("gives reconcile's writes the key of the write in question where their own can't be had", async () => {
    const { add, pass, calls, data } = bank({
      idempotencyKey: () => {
        throw new Error("no key");
      },
      reconcile,
    });
    data.v1.set("a", 7);
    await add({ idempotencyKey: "original-key" });
    await pass();
    assert.equal(calls[0]!.call.idempotencyKey, "original-key");
  });

  it("runs several of one key again in the order of the writes", async () => {
    const { data, add, pass } = bank();
    const now = Date.now();
    await add({ state: "secondary-failed", arguments: ["a", 2], time: now - 200_000 });
    await add({ state: "secondary-failed", arguments: ["a", 3], time: now - 100_000 });
    await add({ state: "secondary-failed", arguments: ["a", 1], time: now - 300_000 });
    assert.equal((await pass()).done, 3);
    assert.equal(data.v2.get("a"), 3);
  });

  it("goes on with them in the next pass where one of them fails in this one", async () => {
    const { data, add, pass, repairs, calls } = bank();
    const now = Date.now();
    await add({ state: "secondary-failed", arguments: ["a", 1], time: now - 300_000 });
    const second = await add({
      state: "secondary-failed",
      arguments: ["a", 2],
      replay: Uint8Array.of(255, 1, 2),
      time: now - 200_000,
    });
    await add({ state: "secondary-failed", arguments: ["a", 3], time: now - 100_000 });
    const first = await pass();
    assert.deepEqual([first.done, first.failed, first.pending], [1, 1, 2]);
    const [stored] = repairs.stored;
    await repairs.put(
      { ...stored!, replay: serialize(["a", 2]) },
      second.state,
      undefined,
      AbortSignal.timeout(1_000),
    );
    assert.equal((await pass()).done, 2);
    assert.equal(data.v2.get("a"), 3);
    assert.equal(calls.length, 3);
  });

  it("runs nothing again after what another write has done since it was listed", async () => {
    const { data, add, pass, repairs } = bank();
    const earlier = await add({ state: "secondary-failed", arguments: ["a", 1] });
    const { claim } = repairs;
    const overlapped: typeof claim = async (repair, ...given) => {
      // The other write has ended, and marks what it has met.
      data.v2.set("a", 2);
      await repairs.overlap(repair, AbortSignal.timeout(1_000));
      return claim(repair, ...given);
    };
    mock.method(repairs, "claim", overlapped);
    const { done, left } = await pass();
    assert.equal(done, 0);
    assert.match(left[0]!.why, /came in between/);
    assert.equal(data.v2.get("a"), 2);
    assert.deepEqual(
      repairs.stored.map(({ id }) => id),
      [earlier.id],
    );
  });

  it("keeps a reconcile that was given up from writing what it read long ago", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const thawed = deferred();
      const late = deferred();
      const { data, add, pass } = bank({
        reconcile: async (_, secondary) => {
          await thawed.promise;
          late.resolve(secondary.put("a", 1).catch((error: unknown) => error));
        },
      });
      await add();
      const passing = pass();
      await reactions();
      mock.timers.tick(20_000);
      await passing;
      data.v2.set("a", 2);
      thawed.resolve(undefined);
      assert.match(String(await late.promise), /no answer in 20000 ms/);
      assert.equal(data.v2.get("a"), 2);
    } finally {
      mock.timers.reset();
    }
  });

  it("keeps a reconcile that was frozen until its claim was over from writing at all", async () => {
    mock.timers.enable({ apis: ["Date"], now: Date.now() });
    try {
      const { data, add, pass } = bank({
        reconcile: async (primary, secondary) => {
          const read = await primary.balance("a");
          mock.timers.tick(60_000);
          await secondary.put("a", read!);
        },
      });
      data.v1.set("a", 1);
      await add();
      const { failed, left } = await pass();
      assert.equal(failed, 1);
      assert.match(left[0]!.why, /time of this repair is over/);
      assert.deepEqual(data.v2, new Map());
    } finally {
      mock.timers.reset();
    }
  });

  it("reconciles the newest of one key first, so that an older one brings back nothing", async () => {
    const { data, add, pass } = bank({ reconcile }, "reverse-shadow");
    data.v1.set("a", 1);
    data.v2.set("a", 2);
    const now = Date.now();
    await add({ primary: "v1", mode: "shadow", time: now - 300_000 });
    await add({ primary: "v2", mode: "reverse-shadow", time: now - 200_000 });
    assert.equal((await pass()).done, 2);
    assert.deepEqual([data.v1.get("a"), data.v2.get("a")], [2, 2]);
  });

  it("marks what comes after one that was run again, unless that will be run again too", async () => {
    const { add, pass, repairs } = bank();
    const now = Date.now();
    const at = (ago: number) => ({ time: now - ago, endedAt: now - ago + 50 });
    await add({ state: "secondary-failed", ...at(300_000) });
    // Frozen when the secondary had it: thawed, it would take its record out, and nobody would know.
    const frozen = await add({ ...at(200_000), endedAt: undefined });
    const failed = await add({ state: "secondary-failed", ...at(100_000) });
    assert.equal((await pass()).done, 1);
    assert.deepEqual(
      repairs.stored.map(({ id, overlapped }) => [id, overlapped]),
      [
        [frozen.id, true],
        [failed.id, false],
      ],
    );
  });

  it("leaves to a person what it can't decide, names it, and counts it", async () => {
    const { add, pass, repairs, metrics, logged, data } = bank();
    await add({ state: "ambiguous", why: "ETIMEDOUT", idempotencyKey: "k" });
    const { done, pending, left } = await pass();
    assert.deepEqual({ done, pending }, { done: 0, pending: 1 });
    assert.equal(left[0]!.idempotencyKey, "k");
    assert.match(left[0]!.why, /ETIMEDOUT.*no reconcile/);
    assert.match(logged[0]!, /repair left/);
    assert.equal(metrics.counts.RepairsPending, 1);
    assert.equal(repairs.stored.length, 1);
    assert.deepEqual(data.v2, new Map());
  });

  it("leaves alone what is still under way", async () => {
    const { add, pass, repairs, data } = bank({ reconcile });
    data.v1.set("a", 7);
    await add({ dueAt: Date.now() + 60_000 });
    const { done, pending } = await pass();
    assert.deepEqual({ done, pending }, { done: 0, pending: 0 });
    assert.equal(repairs.stored.length, 1);
    assert.deepEqual(data.v2, new Map());
  });

  it("lets go of what it could not look into, and tries again", async () => {
    const { add, pass, repairs } = bank();
    await add({ state: "secondary-failed" });
    const others = mock.method(repairs, "others", async () => {
      throw new Error("throttled");
    });
    const { failed, left } = await pass();
    assert.deepEqual([failed, left[0]!.why], [1, "Error: throttled"]);
    others.mock.restore();
    assert.equal((await pass()).done, 1);
  });

  it("keeps what it tried in vain, with the reason, and tries again", async () => {
    let down = true;
    const { add, pass, repairs } = bank({
      reconcile: async () => {
        if (down) throw new Error("V2 is down");
      },
    });
    await add();
    const first = await pass();
    assert.deepEqual([first.failed, first.pending], [1, 1]);
    assert.match(first.left[0]!.why, /V2 is down/);
    assert.deepEqual(
      [repairs.stored[0]!.attempts, repairs.stored[0]!.why],
      [1, "Error: V2 is down"],
    );
    down = false;
    assert.equal((await pass()).done, 1);
  });

  it("gives up a repair that hangs, and goes on", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      const { add, pass } = bank({ reconcile: () => never() });
      await add();
      const passing = pass();
      await reactions();
      mock.timers.tick(20_000);
      assert.match((await passing).left[0]!.why, /no answer in 20000 ms/);
    } finally {
      mock.timers.reset();
    }
  });

  it("does not take out what another write came in between of", async () => {
    const reached = deferred();
    const go = deferred();
    const { add, pass, repairs } = bank({
      reconcile: async () => {
        reached.resolve(undefined);
        await go.promise;
      },
    });
    const repair = await add();
    const passing = pass();
    await reached.promise;
    await repairs.overlap(repair, AbortSignal.timeout(1_000));
    go.resolve(undefined);
    assert.match((await passing).left[0]!.why, /came in between/);
    assert.equal(repairs.stored.length, 1);
  });

  describe("loses no write that a caller saw succeed, when the versions have changed places", () => {
    /** In shadow V2 failed, and in reverse-shadow V1, with a newer value for the same account. */
    async function swapped(options: Parameters<typeof bank>[0]) {
      const made = bank(options, "reverse-shadow");
      const now = Date.now();
      made.data.v1.set("a", 1);
      made.data.v2.set("a", 4);
      const state = "secondary-failed";
      const ends = { endedAt: now - 199_000, dueAt: now - 1 };
      const old = await made.add({ state, time: now - 200_000, ...ends, arguments: ["a", 1] });
      const newer = { state, time: now - 100_000, endedAt: now - 99_000, primary: "v2" } as const;
      return {
        ...made,
        old,
        addNewer: (given: Partial<StoredRepair> = {}) =>
          made.add({ ...newer, arguments: ["a", 4], ...given }),
      };
    }

    it("by running again what is newer, and leaving to a person what is older", async () => {
      const { data, pass, old, addNewer, repairs } = await swapped({});
      await addNewer();
      for (const done of [1, 0]) assert.equal((await pass()).done, done);
      assert.deepEqual([data.v1, data.v2], [new Map([["a", 4]]), new Map([["a", 4]])]);
      assert.deepEqual(
        repairs.stored.map(({ id, overlapped }) => [id, overlapped]),
        [[old.id, true]],
      );
    });

    it("by reconciling what is newer first, however long that takes", async () => {
      let broken = true;
      const crossing: unknown[] = [];
      const { data, pass, addNewer, repairs } = await swapped({
        reconcile: async (primary, secondary, write) => {
          crossing.push([write.primary, write.crossing]);
          if (broken && write.primary === "v2") throw new Error("V1 is down");
          await reconcile(primary, secondary, write);
        },
      });
      await addNewer();
      assert.equal((await pass()).done, 0);
      assert.equal(data.v2.get("a"), 4);
      assert.deepEqual(crossing.splice(0), [["v2", ["key-1"]]]);
      broken = false;
      assert.equal((await pass()).done, 2);
      assert.deepEqual([data.v1, data.v2], [new Map([["a", 4]]), new Map([["a", 4]])]);
      assert.deepEqual(repairs.stored, []);
      assert.deepEqual(crossing, [
        ["v2", ["key-1"]],
        ["v1", []],
      ]);
    });

    it("by telling of those too whose key is not known", async () => {
      const crossing: unknown[] = [];
      const { pass, add, addNewer } = await swapped({
        reconcile: async (_primary, _secondary, write) => {
          if (write.primary === "v2") crossing.push(...write.crossing);
        },
      });
      await add({ idempotencyKey: undefined, time: Date.now() - 300_000 });
      await addNewer();
      await pass();
      assert.deepEqual(crossing, ["key-1", undefined]);
    });

    it("by looking once more when it has its claim, since it may have listed what there is long ago", async () => {
      for (const options of [{}, { reconcile }]) {
        const { data, pass, addNewer, repairs } = await swapped(options);
        const claim = repairs.claim.bind(repairs);
        const late = mock.method(repairs, "claim", async (...given: Parameters<typeof claim>) => {
          late.mock.restore();
          await addNewer();
          return claim(...given);
        });
        const { done, failed, left } = await pass();
        assert.deepEqual([done, failed, left.length], [0, 0, 1]);
        assert.match(left[0]!.why, /which v2 had first, is to be repaired first/);
        assert.equal(data.v2.get("a"), 4);
        assert.equal(repairs.stored[0]!.attempts, 0);
        assert.equal(
          (await pass()).done,
          "reconcile" in options ? 2 : 1,
          "nobody holds it any more",
        );
      }
    });

    it("by leaving what a newer one, which is done by then, came in between of", async () => {
      const { data, pass, old, repairs } = await swapped({});
      const others = repairs.others.bind(repairs);
      mock.method(repairs, "others", async (...given: Parameters<typeof others>) => {
        // A write that is done marks what it meets, and goes.
        await repairs.overlap(old, AbortSignal.timeout(1_000));
        return others(...given);
      });
      assert.match((await pass()).left[0]!.why, /came in between/);
      assert.equal(data.v2.get("a"), 4);
    });

    it("by waiting while what is newer may be under way", async () => {
      const { data, pass, addNewer } = await swapped({ reconcile });
      await addNewer({ state: "intended", endedAt: undefined, dueAt: Date.now() + 60_000 });
      assert.match((await pass()).left[0]!.why, /which v2 had first, may be under way/);
      assert.equal(data.v2.get("a"), 4);
    });
  });

  it("marks a write that is under way, so that it is looked into again", async () => {
    const { add, pass, repairs } = bank({ reconcile });
    await add();
    const running = await add({ dueAt: Date.now() + 60_000 });
    assert.equal((await pass()).done, 1);
    assert.deepEqual(
      repairs.stored.map(({ id, overlapped }) => [id, overlapped]),
      [[running.id, true]],
    );
  });

  it("works on each repair once when two passes run at once", async () => {
    const go = deferred();
    let runs = 0;
    const { add, pass } = bank({
      reconcile: async () => {
        runs++;
        await go.promise;
      },
    });
    await add();
    const both = [pass(), pass()];
    await reactions();
    go.resolve(undefined);
    const reports = await Promise.all(both);
    assert.equal(runs, 1);
    assert.equal(reports[0]!.done + reports[1]!.done, 1);
  });

  it("stops when the function's time is nearly over, and says that it did not see all", async () => {
    const { add, pass, repairs } = bank({ reconcile });
    for (let number = 0; number < 30; number++) await add({ subject: `s${number}` });
    let left = 10_000;
    const report = await pass(lambdaContext({ remainingMs: () => (left -= 500) }));
    assert.equal(report.complete, false);
    assert.ok(report.done > 0 && repairs.stored.length > 0);
    assert.ok(report.pending > 0);
    assert.match(report.left[0]!.why, /no time/);
  });

  it("stops in the middle of one key's many repairs too, and counts all of them", async () => {
    let now = 0;
    const slow = async () => void (now += 1_000);
    const { add, pass, metrics, repairs } = bank({ reconcile: slow });
    for (let number = 0; number < 30; number++) await add();
    const report = await pass(lambdaContext({ remainingMs: () => 10_000 - now }));
    assert.deepEqual([report.done, report.pending, report.complete], [10, 20, false]);
    assert.equal(metrics.counts.RepairsPending, 20);
    assert.equal(repairs.stored.length, 20);
  });

  it("gives no number of pending repairs where it saw none and did not see all", async () => {
    const { add, pass, metrics } = bank({ reconcile });
    for (let number = 0; number < 30; number++) await add({ dueAt: Date.now() + 60_000 });
    let asked = 0;
    await add({ subject: "z" });
    const report = await pass(lambdaContext({ remainingMs: () => (asked++ < 2 ? 10_000 : 400) }));
    assert.equal(report.complete, false);
    assert.equal(metrics.counts.RepairsPending, report.pending || undefined);
  });

  it("fails in its time where the store hangs, so that the schedule shows it", async () => {
    const records = memoryRecords();
    const list: any = () => ({ [Symbol.asyncIterator]: () => ({ next: never }) });
    const { pass } = bank({}, "shadow", {
      records: { ...records, repairs: { ...records.repairs, list } },
    });
    await assert.rejects(pass(lambdaContext({ remainingMs: () => 550 })), /no answer in/);
  });

  it("has all the time there is where its context has no end", async () => {
    const { add, pass } = bank({ reconcile });
    await add();
    assert.equal((await pass({} as any)).done, 1);
  });

  for (const [what, publish] of [
    ["throws", () => assert.fail("no metrics")],
    ["rejects", () => Promise.reject(new Error("no metrics"))],
  ] as const) {
    it(`reports what it did though the metrics sink ${what}`, async () => {
      const { add, pass, logged } = bank({ reconcile }, "shadow", { metrics: { publish } });
      await add();
      assert.equal((await pass()).done, 1);
      assert.match(logged.join(), /no metrics/);
    });
  }

  it("fails in its time where the mode source hangs", async () => {
    const { pass } = bank({}, "shadow", { modeSource: { read: never } });
    await assert.rejects(pass(lambdaContext({ remainingMs: () => 600 })), /no answer in 100 ms/);
  });

  it("does nothing where the mode is a guess", async () => {
    const { add, pass, data, repairs } = bank({ reconcile }, "shadow", {
      modeSource: {
        read: async () => ({
          document: { mode: "old" },
          version: "default",
          counts: ["ModeDefaulted"],
        }),
      },
    });
    data.v1.set("a", 7);
    await add();
    await assert.rejects(pass(), /the mode can't be read/);
    assert.equal(repairs.stored.length, 1);
    assert.deepEqual(data.v2, new Map());
  });

  it("says nothing of an error's message where there is something to redact", async () => {
    const { add, pass } = bank({
      redact: ["$..card"],
      reconcile: () => Promise.reject(new Error("card 4111")),
    });
    await add();
    assert.doesNotMatch(JSON.stringify(await pass()), /4111/);
  });

  it("leaves a repair of an operation that there is no more", async () => {
    const { add, pass } = bank({ reconcile });
    await add({ operation: "gone" });
    assert.match((await pass()).left[0]!.why, /no dual write gone/);
  });

  it("goes on where a record is spoilt, and names it", async () => {
    const { add, pass } = bank();
    const spoilt = { state: "secondary-failed", subject: "a" } as const;
    await add({ ...spoilt, time: Number.NaN, dueAt: Number.NaN, replay: Uint8Array.of(7) });
    await add({ ...spoilt, subject: "b", replay: serialize(5) });
    await add({ ...spoilt, subject: "c", state: "finished" as any, bucket: undefined as any });
    await add({ state: "secondary-failed", subject: "d" });
    const { done, failed, pending, left } = await pass();
    assert.deepEqual([done, failed, pending], [1, 2, 3]);
    assert.ok(left.some(({ time }) => time === "unknown"));
  });

  it("refuses migrations without a dual write", () => {
    const migration = defineMigration<{ get(): Promise<void> }>({
      name: "reads",
      v1: { get: async () => {} },
      v2: { get: async () => {} },
      operations: { get: { kind: "read" } },
    });
    assert.throws(() => repairHandler(migration), RangeError);
  });
});
