import assert from "node:assert/strict";
import { test } from "node:test";
import { compressedClock } from "../../lib/local/clock.ts";

const DAY = 86_400_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

test("a task may be further away than a timer of Node's can be", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const clock = compressedClock();
  let runs = 0;
  clock.schedule(40 * DAY, () => runs++);
  const cancel = clock.schedule(40 * DAY, () => assert.fail("cancelled"));
  t.mock.timers.tick(LONGEST_TIMER_MS);
  cancel();
  t.mock.timers.tick(40 * DAY - LONGEST_TIMER_MS - 1);
  assert.equal(runs, 0);
  t.mock.timers.tick(1);
  assert.equal(runs, 1);
});

test("a compressed minute is a second of the wall", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const clock = compressedClock(60);
  const start = clock.now();
  let ran = false;
  clock.schedule(60_000, () => (ran = true));
  t.mock.timers.tick(999);
  assert.equal(ran, false);
  t.mock.timers.tick(1);
  assert.equal(ran, true);
  assert.equal(clock.now() - start, 60_000);
});
