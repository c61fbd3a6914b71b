import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { serialize } from "node:v8";
import type { StoredRepair } from "../../lib/call/repair.ts";
import {
  defineMigration,
  operatorHandler,
  withCall,
  type Call,
  type DualWriteOperation,
  type Mode,
  type SegueOptions,
} from "../../lib/index.ts";
import { finishRepair } from "../../lib/records/repair-book.ts";
import { fixedMode, memoryMetrics, memoryRecords } from "../../lib/testing.ts";
import { lambdaContext } from "../support/invoke.ts";
import { repairOf } from "../support/repair.ts";

interface Accounts {
  put(id: string, balance: number): Promise<void>;
}

const signal = AbortSignal.timeout(60_000);

/** Two versions, a store of repairs, and the operator function that settles one of them. */
function bank(
  options: Partial<DualWriteOperation> = {},
  mode: Mode = "shadow",
  segue: SegueOptions = {},
) {
  const calls: { version: string; call: Call; args: unknown[] }[] = [];
  let failure: Error | undefined;
  const version = (name: string) =>
    withCall<Accounts>({
      put: async (call, ...args) => {
        calls.push({ version: name, call, args });
        if (failure !== undefined) throw failure;
      },
    });
  const migration = defineMigration<Accounts>({
    name: "things",
    v1: version("v1"),
    v2: version("v2"),
    operations: {
      put: { kind: "write", dual: true, idempotencyKey: (id) => id, ...(options as object) },
    },
  });
  const records = memoryRecords();
  const { repairs } = records;
  const logged: { message: string; extra: any }[] = [];
  const log = (message: string, extra?: object) => void logged.push({ message, extra });
  const handler = operatorHandler(migration, {
    modeSource: fixedMode(mode),
    records,
    metrics: memoryMetrics(),
    logger: { warn: log, error: log },
    ...segue,
  });
  const ask = (
    action: string,
    { id, subject }: StoredRepair,
    look = "none",
    more: object = {},
    context = lambdaContext(),
  ) => handler({ action, migration: "things", repair: { id, subject, look }, ...more }, context);
  const lookAt = async (repair: StoredRepair): Promise<string> => {
    const answer: any = await ask("look-at-repair", repair);
    assert.equal(answer.outcome, "seen");
    return answer.look;
  };
  return {
    calls,
    repairs,
    logged,
    fails: (error: Error) => void (failure = error),
    async add(given: Partial<StoredRepair> = {}): Promise<StoredRepair> {
      const repair = repairOf({ replay: serialize(["a", 5]), ...given });
      await repairs.put(repair, repair.state, repair.why, signal);
      if (repair.overlapped) await repairs.overlap(repair, signal);
      return repair;
    },
    async run(repair: StoredRepair, look?: string) {
      return ask("run-repair", repair, look ?? (await lookAt(repair)));
    },
    async dismiss(repair: StoredRepair, look?: string, reason = "mended by hand") {
      return ask("dismiss-repair", repair, look ?? (await lookAt(repair)), { reason });
    },
    ask,
    lookAt,
    ids: () => repairs.stored.map(({ id }) => id),
  };
}

describe("a repair that a person wants made", () => {
  for (const given of [{}, { state: "ambiguous" }, { overlapped: true }] as const) {
    it(`runs on the secondary under its key: ${JSON.stringify(given)}`, async () => {
      const { add, run, calls, ids } = bank();
      const repair = await add(given);
      assert.deepEqual(await run(repair), { outcome: "done" });
      assert.deepEqual(
        calls.map(({ version, call, args }) => [version, call.role, call.idempotencyKey, args]),
        [["v2", "secondary", "key-1", ["a", 5]]],
      );
      assert.deepEqual(ids(), []);
    });
  }

  it("is reconciled where that can be", async () => {
    const states: string[] = [];
    const { add, run } = bank({ reconcile: (_, __, { state }) => void states.push(state) });
    assert.deepEqual(await run(await add()), { outcome: "done" });
    assert.deepEqual(states, ["intended"]);
  });

  const left: [what: string, setup: Parameters<typeof bank>, Partial<StoredRepair>, RegExp][] = [
    ["under way", [], { dueAt: Date.now() + 60_000 }, /under way until \d{4}-/],
    ["of a mode that is left", [{}, "new"], {}, /so it is no measure/],
    ["with nothing to run", [], { replay: undefined }, /could not be kept/],
    ["of an operation that is gone", [], { operation: "get" }, /no dual write get/],
    [
      "while the mode is a guess",
      [
        {},
        "shadow",
        {
          modeSource: {
            read: async () => ({
              document: { mode: "shadow" },
              version: "x",
              counts: ["ModeDefaulted"],
            }),
          },
        },
      ],
      {},
      /mode can't be read/,
    ],
  ];
  for (const [what, setup, given, why] of left) {
    it(`is left ${what}`, async () => {
      const { add, run, calls, ids } = bank(...setup);
      const repair = await add(given);
      const answer: any = await run(repair);
      assert.equal(answer.outcome, "left");
      assert.match(answer.why, why);
      assert.deepEqual([calls, ids()], [[], [repair.id]]);
    });
  }

  it("is left to another look where a write of its key has come since the person's", async () => {
    for (const settle of ["run", "dismiss"] as const) {
      for (const overlapped of [false, true]) {
        const { calls, repairs, ids, ...made } = bank();
        const shown = await made.add({ overlapped });
        const look = await made.lookAt(shown);
        const write = repairOf();
        const finished = await finishRepair(
          repairs,
          write,
          "unless-overlapped",
          () => false,
          signal,
        );
        assert.equal(finished, true);
        const answer: any = await made[settle](shown, look);
        assert.deepEqual([answer.outcome, calls, ids()], ["left", [], [shown.id]]);
        assert.match(answer.why, /another write of the same key came in between/);
        assert.deepEqual(await made[settle](shown), { outcome: "done" });
      }
    }
  });

  it("is reconciled whatever has come since, for that is read now", async () => {
    const { add, lookAt, run, repairs } = bank({ reconcile: () => {} });
    const repair = await add();
    const look = await lookAt(repair);
    await repairs.overlap(repair, signal);
    assert.deepEqual(await run(repair, look), { outcome: "done" });
  });

  it("is seen alike by all who look before a write of its key ends, and otherwise after", async () => {
    const { add, lookAt, repairs } = bank();
    const repair = await add();
    const look = await lookAt(repair);
    assert.equal(await lookAt(repair), look);
    await repairs.overlap(repair, signal);
    assert.notEqual(await lookAt(repair), look);
  });

  it("is left where a write of its key ends while it is being looked into", async () => {
    for (const settle of ["run", "dismiss"] as const) {
      const records = memoryRecords();
      const { repairs } = records;
      const ofSubject: typeof repairs.ofSubject = async function* (of) {
        for await (const repair of repairs.ofSubject(of)) {
          await repairs.overlap(repair, signal);
          yield repair;
        }
      };
      const { calls, ...made } = bank({}, "shadow", {
        records: { ...records, repairs: { ...repairs, ofSubject } },
      });
      const repair = repairOf({ replay: serialize(["a", 5]) });
      await repairs.put(repair, repair.state, repair.why, signal);
      const answer: any = await made[settle](repair);
      assert.deepEqual([answer.outcome, calls], ["left", []]);
      assert.equal(repairs.stored.length, 1);
    }
  });

  it("is not begun where there is no time for it", async () => {
    const { add, ask, lookAt, calls, repairs } = bank();
    const repair = await add();
    const context = lambdaContext({ remainingMs: () => 500 });
    const answer: any = await ask("run-repair", repair, await lookAt(repair), {}, context);
    assert.deepEqual(answer, { outcome: "left", why: "there was no time for it" });
    assert.deepEqual([calls, repairs.stored[0]!.attempts], [[], 0]);
  });

  it("leaves to a person, too, what was under way beside it, and no other", async () => {
    for (const settle of ["run", "dismiss"] as const) {
      const made = bank();
      const now = Date.now();
      const repair = await made.add({ time: now - 300_000, overlapped: true });
      const beside = await made.add({ time: now - 299_990, state: "secondary-failed" });
      const since = await made.add({ time: now - 100_000, state: "secondary-failed" });
      assert.deepEqual(await made[settle](repair), { outcome: "done" });
      const marked = made.repairs.stored.map(({ id, overlapped }) => [id, overlapped]);
      assert.deepEqual(marked, [
        [beside.id, true],
        [since.id, false],
      ]);
    }
  });

  it("is left while a pass is at work on it, or an earlier one waits", async () => {
    const { add, run, repairs, calls } = bank();
    const taken = await add();
    await repairs.claim(taken, Date.now() + 60_000, "always", signal);
    assert.match(((await run(taken)) as any).why, /another pass is at work/);
    const [, second] = [
      await add({ subject: "s", time: Date.now() - 300_000 }),
      await add({ subject: "s" }),
    ];
    assert.match(((await run(second)) as any).why, /comes first/);
    assert.deepEqual(calls, []);
  });

  it("stays where it fails, and tells why unless that may quote what is redacted", async () => {
    for (const [redact, why] of [
      [undefined, "Error: no such account a"],
      [["$[0]"], "the repair failed"],
    ] as const) {
      const { add, run, fails, repairs } = bank(redact && { redact });
      fails(new Error("no such account a"));
      assert.deepEqual(await run(await add()), { outcome: "failed", why });
      assert.equal(repairs.stored[0]!.attempts, 1);
    }
  });

  it("is gone where there is none, in another subject's too", async () => {
    const { add, ask, lookAt, run, dismiss, ids } = bank();
    const repair = await add();
    const look = await lookAt(repair);
    for (const other of [repairOf(), { ...repair, subject: "another" }]) {
      assert.equal(((await ask("look-at-repair", other)) as any).outcome, "gone");
      assert.equal(((await run(other, look)) as any).outcome, "gone");
      assert.equal(((await dismiss(other, look)) as any).outcome, "gone");
    }
    assert.deepEqual(ids(), [repair.id]);
  });
});

describe("a repair that a person has settled by hand", () => {
  it("goes, and the log says why", async () => {
    const { add, dismiss, calls, ids, logged } = bank();
    const { id } = await add();
    const repair = await add({ subject: "another" });
    assert.deepEqual(await dismiss(repair, undefined, "paid back"), { outcome: "done" });
    assert.deepEqual([calls, ids()], [[], [id]]);
    assert.deepEqual(logged, [
      {
        message: "repair dismissed",
        extra: {
          migration: "things",
          id: repair.id,
          operation: "put",
          idempotencyKey: "key-1",
          reason: "paid back",
        },
      },
    ]);
  });

  it("has no pass bring back what came before it, and leaves alone what came after", async () => {
    const { add, dismiss, repairs } = bank();
    const now = Date.now();
    const before = await add({ time: now - 300_000 });
    const settled = await add({ time: now - 200_000 });
    const since = await add({ time: now - 100_000 });
    await dismiss(settled);
    const marked = repairs.stored.map(({ id, overlapped }) => [id, overlapped]);
    assert.deepEqual(marked, [
      [before.id, true],
      [since.id, false],
    ]);
  });

  it("stays where something else was asked, whatever else the request has in it", async () => {
    const { add, ask, ids } = bank();
    const repair = await add();
    for (const action of ["judge", "replay"]) {
      assert.deepEqual(await ask(action, repair, "none", { records: [] }), { verdicts: [] });
    }
    assert.deepEqual(ids(), [repair.id]);
  });

  it("stays while its write, or a pass, is at work on it", async () => {
    const { add, dismiss, repairs, ids, logged } = bank();
    const underWay = await add({ dueAt: Date.now() + 60_000 });
    const taken = await add();
    await repairs.claim(taken, Date.now() + 60_000, "always", signal);
    assert.match(((await dismiss(underWay)) as any).why, /under way until/);
    assert.match(((await dismiss(taken)) as any).why, /another pass is at work/);
    assert.deepEqual([ids(), logged], [[underWay.id, taken.id], []]);
  });
});
