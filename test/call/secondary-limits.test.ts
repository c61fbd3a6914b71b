import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import type { Mode } from "../../lib/index.ts";
import { migrationOf, wrapped } from "../support/invoke.ts";
import { deferred, reactions } from "../support/settled.ts";

describe("the breaker", () => {
  let now = 0;
  beforeEach(() => {
    now = 1_000;
    mock.method(performance, "now", () => now);
  });
  afterEach(() => mock.restoreAll());

  const BREAKER = { failures: 3, probeAfterMs: 500 };

  /** An operation whose versions answer or fail as the test says, one invocation a call. */
  function operation(mode: Mode, breaker: false | typeof BREAKER = BREAKER) {
    const failing = { v1: false, v2: false };
    const called = { v1: 0, v2: 0 };
    const version = (name: "v1" | "v2") => async () => {
      called[name]++;
      if (failing[name]) throw new TypeError(`${name} is down`);
      return 1;
    };
    const migration = migrationOf(version("v1"), version("v2"), { breaker });
    const { invoke, traces } = wrapped(migration, mode, (_, context) =>
      migration.client(context).get(),
    );
    return { failing, called, call: () => invoke(), traces };
  }

  it("leaves a secondary alone that failed so often in a row, and counts each call", async () => {
    const { failing, called, call, traces } = operation("shadow");
    failing.v2 = true;
    for (let calls = 0; calls < 10; calls++) assert.equal(await call(), 1);
    assert.deepEqual(called, { v1: 10, v2: 3 });
    assert.equal(traces().counts.SkippedByBreaker, 7);
    assert.equal(traces().counts.Comparisons, 3);
  });

  it("lets one through after its time, and stays open if that fails", async () => {
    const { failing, called, call } = operation("shadow");
    failing.v2 = true;
    for (let calls = 0; calls < 5; calls++) await call();
    now += 499;
    await call();
    assert.equal(called.v2, 3);
    now += 1;
    await call();
    await call();
    assert.equal(called.v2, 4, "one probe");
    now += 500;
    failing.v2 = false;
    await call();
    await call();
    await call();
    assert.equal(called.v2, 7, "the probe and all after it");
  });

  it("lets no second one through while the first is under way", async () => {
    const probe = deferred();
    let fail = true;
    let called = 0;
    const migration = migrationOf(
      async () => 1,
      () => (called++, fail ? Promise.reject(new TypeError()) : probe.promise),
      { breaker: BREAKER },
    );
    const { invoke } = wrapped(migration, "shadow", (_, context) =>
      migration.client(context).get(),
    );
    for (let calls = 0; calls < 4; calls++) await invoke();
    now += 500;
    fail = false;
    const probing = invoke();
    await reactions();
    await invoke();
    assert.equal(called, 4);
    probe.resolve(1);
    await probing;
    await invoke();
    assert.equal(called, 5);
  });

  it("counts failures in a row only", async () => {
    const { failing, called, call } = operation("shadow");
    for (let calls = 0; calls < 12; calls++) {
      failing.v2 = calls % 3 !== 0;
      await call();
    }
    assert.equal(called.v2, 12);
  });

  it("takes an error that both versions give for an answer", async () => {
    const { failing, called, call } = operation("shadow");
    failing.v1 = failing.v2 = true;
    for (let calls = 0; calls < 10; calls++) await call().catch(() => {});
    assert.equal(called.v2, 10);
  });

  it("never keeps a fallback from stepping in", async () => {
    const { failing, called, call, traces } = operation("reverse-shadow");
    failing.v1 = true;
    for (let calls = 0; calls < 5; calls++) await call();
    assert.equal(called.v1, 3);
    failing.v1 = false;
    failing.v2 = true;
    assert.equal(await call(), 1);
    assert.equal(traces().counts.Fallbacks, 1);
  });

  it("can be turned off", async () => {
    const { failing, called, call } = operation("shadow", false);
    failing.v2 = true;
    for (let calls = 0; calls < 30; calls++) await call();
    assert.equal(called.v2, 30);
  });
});

describe("the cap", () => {
  it("bounds the secondaries in flight, and counts the calls that go without", async () => {
    const answer = deferred();
    let inFlight = 0;
    let most = 0;
    const migration = migrationOf(
      async () => 1,
      async () => {
        most = Math.max(most, ++inFlight);
        await answer.promise;
        inFlight--;
        return 1;
      },
      { maxInFlight: 5 },
    );
    const { invoke, traces } = wrapped(migration, "shadow", async (_, context) => {
      const client = migration.client(context);
      await Promise.all(Array.from({ length: 20 }, () => client.get()));
      answer.resolve(undefined);
    });
    await invoke();
    await invoke();
    assert.equal(most, 5);
    const { counts } = traces();
    assert.equal(counts.Comparisons, 10);
    assert.equal(counts.SkippedByCap, 30);
  });

  it("bounds those that start when their primaries have answered, too, but no fallback", async () => {
    for (const [mode, fails, expected] of [
      ["shadow", false, 5],
      ["reverse-shadow", false, 5],
      ["reverse-shadow", true, 20],
    ] as const) {
      const answers = deferred();
      const primary = deferred();
      let started = 0;
      const first = () => primary.promise;
      const second = () => (started++, answers.promise);
      const [v1, v2] = mode === "shadow" ? [first, second] : [second, first];
      const migration = migrationOf(v1, v2, { order: "primary-first", maxInFlight: 5 });
      const { invoke, traces } = wrapped(migration, mode, async (_, context) => {
        const client = migration.client(context);
        const reads = Array.from({ length: 20 }, () => client.get());
        await reactions();
        if (fails) primary.reject(new Error("down"));
        else primary.resolve(1);
        for (let turn = 0; turn < 3; turn++) await reactions();
        answers.resolve(1);
        await Promise.all(reads);
      });
      await invoke();
      assert.equal(started, expected, `${mode}, ${fails}`);
      assert.equal(traces().counts.SkippedByCap ?? 0, 20 - expected);
      // Each has freed its place: one after the other, all of them start.
      started = 0;
      await invoke();
      assert.equal(started, 20);
    }
  });
});
