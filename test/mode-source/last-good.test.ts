import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import {
  FIRST_READ_TIMEOUT_MS,
  LastGood,
  READ_TIMEOUT_MS,
  RETRY_AFTER_MS,
  type ServedDocument,
} from "../../lib/mode-source/last-good.ts";
import { never, reactions } from "../support/settled.ts";

const MAX_AGE_MS = 10_000;

/** A source whose reader answers what the test says next. */
function source() {
  const logged: string[] = [];
  let reads = 0;
  let next: () => Promise<ServedDocument> = never;
  const log = (message: string, extra?: object) =>
    void logged.push(`${message} ${JSON.stringify(extra)}`);
  const lastGood = new LastGood({
    migration: "things",
    defaultMode: "shadow",
    logger: { warn: log, error: log },
    reader: {
      maxAgeMs: MAX_AGE_MS,
      read: () => (reads++, next()),
    },
  });
  return {
    logged,
    reads: () => reads,
    serve: (text: string, version?: string) => void (next = async () => ({ text, version })),
    fail: (message: string) => void (next = () => Promise.reject(new Error(message))),
    hang: () => void (next = never),
    async read(budgetMs = 10_000) {
      const { document, version, counts } = await lastGood.read(budgetMs);
      return [document.mode, version, ...counts];
    },
  };
}

describe("LastGood", () => {
  // The wall clock stands in for both: the source takes whichever has gone further.
  beforeEach(() => mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1_000_000 }));
  afterEach(() => mock.timers.reset());

  it("serves what was read until it is too old, then reads again", async () => {
    const { serve, read, reads } = source();
    serve('{"mode":"old"}', "7");
    assert.deepEqual(await read(), ["old", "7"]);
    serve('{"mode":"new"}', "8");
    mock.timers.tick(MAX_AGE_MS - 1);
    assert.deepEqual(await read(), ["old", "7"]);
    assert.equal(reads(), 1);
    mock.timers.tick(1);
    assert.deepEqual(await read(), ["new", "8"]);
  });

  it("names a document whose version isn't told by its content", async () => {
    const { serve, read } = source();
    serve('{"mode":"old"}');
    assert.match((await read())[1]!, /^sha256:[0-9a-f]{12}$/);
  });

  it("keeps the last good document through an outage of an hour, and counts each failed read", async () => {
    const { serve, fail, read, reads, logged } = source();
    serve('{"mode":"new"}', "3");
    await read();
    fail("AppConfig is down");
    let failures = 0;
    for (let second = 0; second < 3_600; second++) {
      mock.timers.tick(1_000);
      const [mode, version, ...counts] = await read();
      assert.deepEqual([mode, version], ["new", "3"]);
      failures += counts.length;
    }
    assert.equal(failures, reads() - 1);
    assert.ok(failures <= 3_600_000 / RETRY_AFTER_MS, "an outage is not asked again every time");
    assert.equal(logged.length, 1, "and is logged once");
    serve('{"mode":"reverse-shadow"}', "4");
    mock.timers.tick(RETRY_AFTER_MS);
    assert.deepEqual(await read(), ["reverse-shadow", "4"]);
  });

  it("refuses what is no mode document, counts it, and keeps the last good one", async () => {
    const { serve, read, logged } = source();
    serve('{"mode":"shadow"}', "1");
    await read();
    for (const text of ["", "not json", '{"mode":"newest"}', '{"mode":"old","extra":1}']) {
      serve(text, "2");
      mock.timers.tick(MAX_AGE_MS);
      assert.deepEqual(await read(), ["shadow", "1", "ModeDocumentsRefused"]);
      assert.deepEqual(await read(), ["shadow", "1"], "counted once a read");
    }
    assert.match(logged.join("\n"), /newest/);
  });

  it("goes by the default with nothing ever read, and counts every invocation that does", async () => {
    const { fail, read } = source();
    fail("down");
    assert.deepEqual(await read(), ["shadow", "default", "ModeReadFailures", "ModeDefaulted"]);
    assert.deepEqual(await read(), ["shadow", "default", "ModeDefaulted"]);
  });

  it("holds an invocation for a hung read no longer than its time-out", async () => {
    const { hang, serve, read } = source();
    const heldFor = async (ms: number, reading: Promise<unknown>) => {
      let held = true;
      void reading.then(() => (held = false));
      await reactions();
      mock.timers.tick(ms - 1);
      await reactions();
      assert.equal(held, true);
      mock.timers.tick(1);
    };
    hang();
    const first = read();
    await heldFor(FIRST_READ_TIMEOUT_MS, first);
    assert.deepEqual(await first, ["shadow", "default", "ModeReadFailures", "ModeDefaulted"]);

    mock.timers.tick(RETRY_AFTER_MS);
    const hurried = read(100);
    await heldFor(100, hurried);
    assert.deepEqual(await hurried, ["shadow", "default", "ModeReadFailures", "ModeDefaulted"]);

    mock.timers.tick(RETRY_AFTER_MS);
    serve('{"mode":"new"}', "1");
    await read();
    hang();
    mock.timers.tick(MAX_AGE_MS);
    const later = read();
    await heldFor(READ_TIMEOUT_MS, later);
    assert.deepEqual(await later, ["new", "1", "ModeReadFailures"]);
  });

  it("shares one read among invocations side by side, and counts its failure once", async () => {
    const { fail, read, reads } = source();
    fail("down");
    const all = await Promise.all([read(), read(), read()]);
    assert.equal(reads(), 1);
    assert.equal(all.flat().filter((entry) => entry === "ModeReadFailures").length, 1);
  });

  it("reads again at once when the wall clock was set back", async () => {
    const { serve, read } = source();
    serve('{"mode":"old"}', "1");
    await read();
    mock.timers.setTime(500_000);
    serve('{"mode":"shadow"}', "2");
    assert.deepEqual(await read(), ["shadow", "2"]);
  });
});
