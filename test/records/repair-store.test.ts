import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { StoredRepair } from "../../lib/call/repair.ts";
import { dynamodbRepairs } from "../../lib/records/dynamodb-repairs.ts";
import { memoryRepairs } from "../../lib/records/memory-repairs.ts";
import { finishRepair } from "../../lib/records/repair-book.ts";
import type { RepairStore } from "../../lib/records/repair-store.ts";
import { openRecordsTable, TABLE } from "../support/records-table.ts";
import { repairOf } from "../support/repair.ts";

const signal = AbortSignal.timeout(60_000);

async function listed(store: RepairStore, migration: string): Promise<StoredRepair[]> {
  const repairs = [];
  for await (const repair of store.list(migration)) repairs.push(repair);
  return repairs;
}

/** What every store of repairs does. */
function contract(open: () => RepairStore) {
  let store: RepairStore;
  before(() => (store = open()));

  it("gives back what it was given", async () => {
    const repair = repairOf({ migration: "whole", replay: Uint8Array.of(1, 2, 255) });
    await store.put(repair, "intended", undefined, signal);
    const [stored, ...rest] = await listed(store, "whole");
    assert.deepEqual(rest, []);
    const { replay, ...others } = stored!;
    assert.deepEqual([...replay!], [1, 2, 255]);
    const { replay: _, ...expected } = repair;
    const added = { state: "intended", why: undefined, overlapped: false, attempts: 0 };
    assert.deepEqual(others, { ...expected, ...added });
  });

  it("changes what is there, and says so where nothing is", async () => {
    const repair = repairOf({ migration: "changes" });
    assert.equal(await store.change(repair, "ambiguous", "gone", signal), false);
    assert.deepEqual(await listed(store, "changes"), []);
    await store.put(repair, "intended", undefined, signal);
    assert.equal(await store.change(repair, "ambiguous", "timed out", signal), true);
    const [{ state, why } = assert.fail()] = await listed(store, "changes");
    assert.deepEqual({ state, why }, { state: "ambiguous", why: "timed out" });
  });

  it("takes an intent that comes late, or again, for what it is", async () => {
    const repair = repairOf({ migration: "intents" });
    await store.put(repair, "intended", undefined, signal);
    await store.overlap(repair, signal);
    await store.change(repair, "ambiguous", "timed out", signal);
    await store.put(repair, "intended", undefined, signal);
    const [{ state, why, overlapped } = assert.fail()] = await listed(store, "intents");
    assert.deepEqual(
      { state, why, overlapped },
      { state: "ambiguous", why: "timed out", overlapped: true },
    );
    await store.put(repair, "secondary-failed", "down", signal);
    assert.equal((await listed(store, "intents"))[0]!.state, "secondary-failed");
  });

  it("finds the others of a subject, and nobody else's", async () => {
    const given = { migration: "subjects", subject: "s" };
    const [one, two] = [repairOf(given), repairOf(given)];
    for (const repair of [one, two, repairOf({ ...given, subject: "s2" })]) {
      await store.put(repair, "intended", undefined, signal);
    }
    await store.put(repairOf({ ...given, migration: "elsewhere" }), "intended", undefined, signal);
    const found = await store.sameSubject(one, signal);
    assert.deepEqual(
      found.map(({ id }) => id),
      [two.id],
    );
  });

  it("gives all of a subject, itself included, and nobody else's", async () => {
    const given = { migration: "of-subject", subject: "s" };
    const repairs = [repairOf(given), repairOf(given), repairOf({ ...given, subject: "s2" })];
    for (const repair of repairs) await store.put(repair, "intended", undefined, signal);
    await store.overlap(repairs[0]!, signal);
    const found = [];
    for await (const { id } of store.ofSubject(given)) found.push(id);
    assert.deepEqual(found.toSorted(), [repairs[0]!.id, repairs[1]!.id].toSorted());
  });

  it("tells of the others of a subject what one goes by, and nothing large", async () => {
    const given = { migration: "others", subject: "s" };
    const [one, two] = [repairOf(given), repairOf({ ...given, primary: "v2" })];
    for (const repair of [one, two, repairOf({ ...given, subject: "s2" })]) {
      await store.put(repair, "ambiguous", "why", signal);
    }
    await store.overlap(two, signal);
    const [other = assert.fail(), ...more] = await store.others(one, signal);
    assert.deepEqual(more, []);
    const { id, requestId, time, dueAt, endedAt } = two;
    const expected = { id, requestId, time, dueAt, endedAt, primary: "v2", state: "ambiguous" };
    assert.partialDeepStrictEqual(other, { ...expected, overlapped: true });
  });

  it("knows whether a claim still holds", async () => {
    const repair = repairOf({ migration: "holds" });
    const claim = { claim: "another's" };
    assert.equal(await store.holds(repair, claim, signal), false, "of none");
    await store.put(repair, "intended", undefined, signal);
    assert.equal(await store.holds(repair, claim, signal), false, "of one that nobody has");
    const mine = (await store.claim(repair, Date.now() + 60_000, "always", signal))!;
    assert.equal(await store.holds(repair, claim, signal), false);
    assert.equal(await store.holds(repair, mine, signal), true);
    await store.overlap(repair, signal);
    assert.equal(await store.holds(repair, mine, signal), false);
  });

  it("finds no other that is marked as overlapped already, unless a pass is at work on it", async () => {
    const given = { migration: "marked", subject: "s" };
    const [one, two] = [repairOf(given), repairOf(given)];
    for (const repair of [one, two]) await store.put(repair, "intended", undefined, signal);
    await store.overlap(two, signal);
    assert.deepEqual(await store.sameSubject(one, signal), []);
    await store.claim(two, Date.now() + 60_000, "always", signal);
    const [found = assert.fail()] = await store.sameSubject(one, signal);
    assert.equal(found.id, two.id);
    await store.overlap(found, signal);
    assert.deepEqual(await store.sameSubject(one, signal), []);
  });

  it("knows whether a write has ended since a person has looked, marked or not", async () => {
    const given = { migration: "looks", subject: "s" };
    const [one, two] = [repairOf(given), repairOf(given)];
    assert.equal(await store.look(one, signal), undefined, "nothing to look at");
    await store.put(one, "intended", undefined, signal);
    const soon = Date.now() - 1;
    for (const round of ["unmarked", "marked"]) {
      const look = (await store.look(one, signal))!;
      assert.deepEqual(await store.look(one, signal), look, "of all who look at once");
      const claim = await store.claim(one, soon, look, signal);
      await store.release(one, claim!, "in vain", signal);
      assert.ok(await store.claim(one, soon, look, signal), "it outlasts a pass");
      const [met = assert.fail(round)] = await store.sameSubject(two, signal);
      await store.overlap(met, signal);
      assert.equal(await store.claim(one, soon, look, signal), undefined, round);
      assert.deepEqual(await store.sameSubject(two, signal), [], "nobody looks any more");
    }
    const [stored = assert.fail()] = await listed(store, "looks");
    assert.equal("look" in stored, false);
  });

  it("keeps when a write's primary had settled", async () => {
    const repair = repairOf({ migration: "ends", endedAt: undefined });
    await store.put(repair, "intended", undefined, signal);
    const endedAt = repair.time + 5;
    await store.change({ ...repair, endedAt }, "secondary-failed", "down", signal);
    assert.equal((await listed(store, "ends"))[0]!.endedAt, endedAt);
  });

  it("lists those of one subject one after another", async () => {
    const subjects = ["a", "b", "c"];
    for (let round = 0; round < 3; round++) {
      for (const subject of subjects) {
        const repair = repairOf({ migration: "order", subject });
        await store.put(repair, "intended", undefined, signal);
      }
    }
    const order = (await listed(store, "order")).map(({ subject }) => subject);
    assert.equal(order.length, 9);
    const changes = order.filter((subject, index) => subject !== order[index - 1]);
    assert.equal(changes.length, 3);
  });

  it("removes one that is marked as overlapped only if told to", async () => {
    const repair = repairOf({ migration: "overlaps" });
    await store.overlap(repair, signal);
    assert.deepEqual(await listed(store, "overlaps"), [], "nothing comes of marking what is gone");
    await store.put(repair, "intended", undefined, signal);
    await store.overlap(repair, signal);
    await store.change(repair, "secondary-failed", "down", signal);
    const [stored] = await listed(store, "overlaps");
    assert.equal(stored!.overlapped, true, "a change leaves the mark");
    assert.equal(await store.remove(repair, "unless-overlapped", signal), false);
    assert.equal((await listed(store, "overlaps")).length, 1);
    assert.equal(await store.remove(repair, "always", signal), true);
    assert.deepEqual(await listed(store, "overlaps"), []);
    assert.equal(await store.remove(repair, "unless-overlapped", signal), true);
  });

  it("lets one pass claim a repair, until the claim is over, released or overlapped", async () => {
    const repair = repairOf({ migration: "claims" });
    const later = Date.now() + 60_000;
    assert.equal(await store.claim(repair, later, "always", signal), undefined, "nothing to claim");
    await store.put(repair, "intended", undefined, signal);
    const first = (await store.claim(repair, later, "always", signal))!;
    assert.equal(await store.claim(repair, later, "always", signal), undefined);
    await store.release(repair, first, "in vain", signal);
    const [{ attempts, why } = assert.fail()] = await listed(store, "claims");
    assert.deepEqual({ attempts, why }, { attempts: 1, why: "in vain" });
    const untried = (await store.claim(repair, later, "always", signal))!;
    await store.release(repair, untried, undefined, signal);
    const [still = assert.fail()] = await listed(store, "claims");
    assert.deepEqual([still.attempts, still.why], [1, "in vain"]);
    const second = (await store.claim(repair, Date.now() - 1, "always", signal))!;
    const third = (await store.claim(repair, later, "always", signal))!;
    assert.equal(await store.remove(repair, second, signal), false, "its time was over");
    await store.release(repair, second, "too late", signal);
    await store.overlap(repair, signal);
    assert.equal(await store.remove(repair, third, signal), false, "it overlapped meanwhile");
    const unless = await store.claim(repair, later, "unless-overlapped", signal);
    assert.equal(unless, undefined, "it may not be taken for one that did not");
    const fourth = (await store.claim(repair, later, "always", signal))!;
    assert.equal(await store.remove(repair, fourth, signal), true);
    assert.deepEqual(await listed(store, "claims"), []);
  });

  it("keeps at least one of two writes that overlap, in whichever order they finish", async () => {
    const given = { migration: "pairs", subject: "pair" };
    const [one, two] = [repairOf(given), repairOf(given)];
    for (const repair of [one, two]) await store.put(repair, "intended", undefined, signal);
    const finish = (repair: StoredRepair) =>
      finishRepair(store, repair, "unless-overlapped", () => false, signal);
    const gone = await Promise.all([finish(one), finish(two)]);
    assert.ok(gone.includes(false));
    assert.equal((await listed(store, "pairs")).length, gone.filter((out) => !out).length);
  });
}

describe("repairs in memory", () => contract(memoryRepairs));

describe("repairs on a table", () => {
  let table: Awaited<ReturnType<typeof openRecordsTable>>;
  before(async () => (table = await openRecordsTable()));
  after(() => table.close());
  contract(() => dynamodbRepairs(() => TABLE));

  it("stores the largest write, without the arguments that are too large to run it again", async () => {
    const store = dynamodbRepairs(() => TABLE);
    const repair = repairOf({
      migration: "large",
      arguments: ["ü".repeat(2_000_000)],
      replay: new Uint8Array(4_000_000),
    });
    await store.put(repair, "secondary-failed", "x".repeat(1_000_000), signal);
    const [stored] = await listed(store, "large");
    assert.equal(stored!.replay, undefined);
    const exactly = repairOf({
      migration: "large",
      replay: new Uint8Array(300_000),
      arguments: ["ü".repeat(2_000_000)],
    });
    await store.put(exactly, "secondary-failed", "x".repeat(1_000_000), signal);
    assert.equal((await listed(store, "large")).length, 2);
  });

  it("rejects where the function knows no table", async () => {
    const store = dynamodbRepairs(() => {
      throw new TypeError("SEGUE_THINGS is not set");
    });
    await assert.rejects(store.put(repairOf(), "intended", undefined, signal), /SEGUE_THINGS/);
  });
});
