import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { Hold, REACH_MS, SAFETY_MS } from "../../lib/lambda/hold.ts";

const TIMEOUT_MS = 30_000;

/** An invocation's event, and whether the platform has been told that it may end. */
function hear(hold: Hold, requestId: string, timeoutMs = TIMEOUT_MS) {
  const heard = { isReleased: false };
  void hold
    .released({ requestId, deadlineMs: Date.now() + timeoutMs })
    .then(() => (heard.isReleased = true));
  return heard;
}

/** Everything that is due by now has happened. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(ms: number): Promise<void> {
  await turns();
  // `performance.now` isn't among what is mocked.
  now += ms;
  mock.timers.tick(ms);
  await turns();
}

let now = 0;
const hurry = () => {};

describe("what holds the environment", () => {
  beforeEach(() => {
    now = 0;
    mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
    mock.method(performance, "now", () => now);
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  for (const order of ["before", "after"] as const) {
    it(`holds until the work is done, where the event comes ${order} the handler starts`, async () => {
      const hold = new Hold();
      let heard = order === "before" ? hear(hold, "a") : undefined;
      await turns();
      const work = hold.begin("a", hurry)!;
      heard ??= hear(hold, "a");
      await pass(10_000);
      assert.equal(work.isHeld, true);
      assert.equal(heard.isReleased, false);
      work.end();
      await turns();
      assert.equal(heard.isReleased, true);
      assert.equal(work.isHeld, false);
    });
  }

  it("lets go at once where the event comes when all is done", async () => {
    const hold = new Hold();
    hold.begin("a", hurry)!.end();
    const heard = hear(hold, "a");
    await turns();
    assert.equal(heard.isReleased, true);
  });

  it("waits REACH_MS for an invocation that never gets here, and has nothing left of it then", async () => {
    const hold = new Hold();
    const first = hear(hold, "a");
    await pass(REACH_MS - 1);
    assert.equal(first.isReleased, false);
    await pass(1);
    assert.equal(first.isReleased, true);

    const second = hear(hold, "b");
    const work = hold.begin("b", hurry)!;
    assert.equal(work.isHeld, true);
    work.end();
    await turns();
    assert.equal(second.isReleased, true);
  });

  it("doesn't hold for who gets here later than that", async () => {
    const hold = new Hold();
    hear(hold, "a");
    await pass(REACH_MS);
    assert.equal(hold.begin("a", hurry), undefined);
  });

  it("takes an invocation that is due together with the timer", async () => {
    const hold = new Hold();
    const heard = hear(hold, "a");
    await turns();
    mock.timers.tick(REACH_MS);
    const work = hold.begin("a", hurry);
    await turns();
    assert.equal(work?.isHeld, true);
    assert.equal(heard.isReleased, false);
  });

  it("lets go SAFETY_MS before the deadline, whatever hangs", async () => {
    const hold = new Hold();
    const work = hold.begin("a", hurry)!;
    const heard = hear(hold, "a");
    await pass(TIMEOUT_MS - SAFETY_MS - 1);
    assert.equal(heard.isReleased, false);
    await pass(1);
    assert.equal(heard.isReleased, true);
    assert.equal(work.isHeld, false);
  });

  it("lets go at once where the deadline has passed, or is none", async () => {
    for (const timeoutMs of [0, -60_000, Number.NaN]) {
      const hold = new Hold();
      hold.begin("a", hurry);
      const heard = hear(hold, "a", timeoutMs);
      await pass(1);
      assert.equal(heard.isReleased, true, String(timeoutMs));
    }
  });

  it("holds for no longer than Lambda would, where a clock has jumped", async () => {
    const hold = new Hold();
    hold.begin("a", hurry);
    const heard = hear(hold, "a", 2 ** 40);
    await pass(900_000 - SAFETY_MS - 1);
    assert.equal(heard.isReleased, false);
    await pass(1);
    assert.equal(heard.isReleased, true);
  });

  it("what was let go at its deadline keeps no later invocation", async () => {
    const hold = new Hold();
    const hung = hold.begin("a", hurry)!;
    hear(hold, "a", SAFETY_MS);
    await pass(1);
    const work = hold.begin("b", hurry)!;
    const heard = hear(hold, "b");
    work.end();
    await turns();
    assert.equal(heard.isReleased, true);
    hung.end();
  });

  it("holds for all that an invocation has begun, of which one may end before the next begins", async () => {
    const hold = new Hold();
    hold.begin("a", hurry)!.end();
    // Such as a handler that another one calls, with a context of its own making.
    const [second, third] = [hold.begin("a", hurry)!, hold.begin("made-up", hurry)!];
    const heard = hear(hold, "a");
    await turns();
    assert.equal(heard.isReleased, false);
    second.end();
    await turns();
    assert.equal(heard.isReleased, false);
    third.end();
    await turns();
    assert.equal(heard.isReleased, true);
  });

  it("counts an end once", async () => {
    const hold = new Hold();
    const [one, other] = [hold.begin("a", hurry)!, hold.begin("a", hurry)!];
    one.end();
    one.end();
    const heard = hear(hold, "a");
    await turns();
    assert.equal(heard.isReleased, false);
    other.end();
    await turns();
    assert.equal(heard.isReleased, true);
  });

  it("a request id that comes again: held if its event is first, else left to the response", async () => {
    const hold = new Hold();
    hold.begin("a", hurry)!.end();
    hear(hold, "a");
    await turns();
    assert.equal(hold.begin("a", hurry), undefined, "it looks like one that is late");

    const again = hear(hold, "a");
    await turns();
    const work = hold.begin("a", hurry)!;
    assert.equal(work.isHeld, true);
    work.end();
    await turns();
    assert.equal(again.isReleased, true);
  });

  it("holds nothing any more when it has given up", () => {
    const hold = new Hold();
    const work = hold.begin("a", hurry)!;
    hold.giveUp();
    assert.equal(work.isHeld, false);
    assert.equal(hold.begin("b", hurry), undefined);
  });

  it("waits for nobody when it has given up, but for what has begun before", async () => {
    const hold = new Hold();
    const work = hold.begin("a", hurry)!;
    hold.giveUp();
    const first = hear(hold, "a");
    await turns();
    assert.equal(first.isReleased, false);
    work.end();
    await turns();
    assert.equal(first.isReleased, true);
    const second = hear(hold, "b");
    await turns();
    assert.equal(second.isReleased, true);
  });

  it("hurries all that is unfinished, that of an earlier invocation too, and waits for it", async () => {
    const hold = new Hold();
    const hurried: [string, number][] = [];
    const hung = hold.begin("a", (leftMs) => hurried.push(["a", leftMs]))!;
    hear(hold, "a", SAFETY_MS);
    await pass(1);
    const work = hold.begin("b", (leftMs) => hurried.push(["b", leftMs]))!;
    hold.begin("b", () => assert.fail("it is done"))!.end();
    let flushed = false;
    const flushing = hold.flush(300).then(() => (flushed = true));
    assert.deepEqual(hurried, [
      ["a", 300],
      ["b", 300],
    ]);
    work.end();
    await turns();
    assert.equal(flushed, false);
    hung.end();
    await flushing;
  });

  it("has nothing to hurry where nothing is under way", async () => {
    await new Hold().flush(300);
  });
});
