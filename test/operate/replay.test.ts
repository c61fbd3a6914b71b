import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  defineMigration,
  operatorHandler,
  type DualWriteOperation,
  type ModeDocument,
  type ReadOperation,
  type SegueOptions,
} from "../../lib/index.ts";
import type { RecordVerdict } from "../../lib/operate/verdict.ts";
import { comparisonId } from "../../lib/records/keys.ts";
import { comparisonRecord, type ComparisonRecord } from "../../lib/records/record.ts";
import { fixedMode, memoryMetrics, memoryRecords } from "../../lib/testing.ts";
import { comparisonOf } from "../support/comparison.ts";
import { lambdaContext, wrapped } from "../support/invoke.ts";
import { never, reactions } from "../support/settled.ts";

interface Things {
  get(...args: any[]): Promise<unknown>;
  add(...args: any[]): Promise<unknown>;
  put(...args: any[]): Promise<unknown>;
}

type Version = { [Name in keyof Things]?: (...args: any[]) => unknown };

interface Setup {
  readonly v1?: Version;
  readonly v2?: Version;
  readonly get?: Omit<ReadOperation, "kind">;
  readonly put?: Partial<DualWriteOperation>;
  /** The mode in force when the operator comes. */
  readonly mode?: Parameters<typeof fixedMode>[0];
  readonly segue?: SegueOptions;
}

/** A migration whose versions a test exchanges, calls of it by handlers, and its operator function. */
function things({ v1 = {}, v2 = {}, get = {}, put = {}, mode = "shadow", segue = {} }: Setup = {}) {
  const calls: string[] = [];
  const versions = { v1, v2 };
  const version = (name: "v1" | "v2"): Things => {
    const method =
      (operation: keyof Things) =>
      async (...args: any[]) => {
        calls.push(`${name}.${operation}(${args.length})`);
        return versions[name][operation]?.(...args);
      };
    return { get: method("get"), add: method("add"), put: method("put") };
  };
  const define = (rules: Setup["get"] = get) =>
    defineMigration<Things>({
      name: "things",
      v1: version("v1"),
      v2: version("v2"),
      operations: {
        get: { kind: "read", ...rules },
        add: { kind: "write" },
        put: { kind: "write", dual: true, idempotencyKey: (id) => `key-${id}`, ...put },
      },
    });
  const records = memoryRecords();
  const metrics = memoryMetrics();
  const logged: string[] = [];
  const log = (message: string) => void logged.push(message);
  const options = {
    modeSource: fixedMode(mode),
    records,
    metrics,
    logger: { warn: log, error: log },
    ...segue,
  };
  return {
    calls,
    versions,
    records,
    metrics,
    logged,
    /** Has a handler call an operation, and forgets that the versions were called. */
    async called(
      operation: keyof Things,
      args: readonly unknown[],
      then: ModeDocument["mode"] = "shadow",
    ) {
      const migration = define();
      const { invoke } = wrapped(
        migration,
        then,
        async (_, context) => {
          const client = migration.client(context);
          await client[operation](...args).catch(() => {});
        },
        { records },
      );
      const requestId = `request-${records.comparisons.length}`;
      await invoke({}, lambdaContext({ requestId }));
      calls.length = 0;
    },
    /** What the operator function says about all records that there are, or about those given. */
    async operate(
      request: { action?: "replay" | "judge"; writes?: boolean; rules?: Setup["get"] } = {},
      at = records.comparisons.map((one) => ({
        id: comparisonId(one),
        time: new Date(one.time).toISOString(),
      })),
      context = lambdaContext(),
    ): Promise<readonly RecordVerdict[]> {
      const { rules, ...given } = request;
      const handler = operatorHandler(define(rules), options);
      const event = { action: "replay", migration: "things", records: at, ...given };
      const answer = await handler(JSON.parse(JSON.stringify(event)), context);
      assert.ok("verdicts" in answer);
      return answer.verdicts;
    },
  };
}

const verdicts = (told: readonly RecordVerdict[]) => told.map(({ verdict }) => verdict);

/** Why the only one is undecided. */
function why([one, ...others]: readonly RecordVerdict[]): string {
  assert.deepEqual(others, []);
  assert.equal(one!.verdict, "undecided");
  return (one as any).why;
}

describe("replay", () => {
  it("tells which calls agree now, which differ as before and which otherwise", async () => {
    const setup = things({
      v1: { get: (id) => ({ id, price: 1 }) },
      v2: { get: (id) => ({ id, price: 2 }) },
    });
    for (const id of ["a", "b", "c"]) await setup.called("get", [id]);
    setup.versions.v2.get = (id) =>
      id === "a" ? { id, price: 1 } : id === "b" ? { id, price: 3 } : { id: "x", price: 1 };
    assert.deepEqual(await setup.operate(), [
      { id: "request-0#get#0", verdict: "agrees" },
      { id: "request-1#get#0", verdict: "differs-as-before" },
      {
        id: "request-2#get#0",
        verdict: "differs-otherwise",
        outcome: "mismatch",
        signature: "$.id value",
        differences: [{ path: "$.id", kind: "value", v1: '"c"', v2: '"x"' }],
      },
    ]);
    assert.equal(setup.calls.length, 6);
  });

  it("stores nothing, counts nothing, and lets no breaker decide", async () => {
    const fail = () => Promise.reject(new Error("down"));
    const setup = things({ v1: { get: () => 1 }, v2: { get: fail }, get: { breaker: false } });
    for (let call = 0; call < 25; call++) await setup.called("get", [call]);
    const told = await setup.operate({ rules: { breaker: { failures: 1 } } });
    assert.deepEqual(new Set(verdicts(told)), new Set(["differs-as-before"]));
    assert.equal(told.length, 25);
    assert.equal(setup.records.comparisons.length, 25);
    assert.deepEqual(setup.metrics.counts, {});
    assert.deepEqual(setup.logged, []);
  });

  it("calls the version first that was the primary, and with what it was called with", async () => {
    const given = [new Date(0), new Map([["a", 1n]]), { at: [undefined, NaN] }];
    const setup = things({ v1: { get: () => 1 }, v2: { get: () => 2 } });
    await setup.called("get", given, "reverse-shadow");
    const seen: unknown[][] = [];
    setup.versions.v1.get = setup.versions.v2.get = (...args) => void seen.push(args);
    assert.deepEqual(verdicts(await setup.operate()), ["agrees"]);
    assert.deepEqual(setup.calls, ["v2.get(3)", "v1.get(3)"]);
    assert.deepEqual(seen, [given, given]);
  });

  it("calls nothing with other arguments than the caller's, and writes none", async () => {
    const given: unknown[] = [
      new (class Money {
        cents = 5;
      })(),
      new URL("https://example.com"),
      new Uint8Array([1]).buffer,
      AbortSignal.any([]),
      Array(1),
      { [Symbol.for("a")]: 1 },
      Object.assign(new Map(), { a: 1 }),
    ];
    for (const argument of given) {
      for (const operation of ["get", "put"] as const) {
        const setup = things({
          v1: { get: () => 1, put: () => 1 },
          v2: { get: () => 2, put: () => 2 },
        });
        await setup.called(operation, ["a", { argument }]);
        assert.match(why(await setup.operate({ writes: true })), /can't be made again/);
        assert.deepEqual(setup.calls, []);
      }
    }
  });

  it("tells that both fail alike, that one fails, and that V2 hangs", async () => {
    const setup = things({ v1: { get: () => 1 }, v2: { get: () => 2 }, get: { timeoutMs: 20 } });
    for (const id of ["same", "one", "hangs"]) await setup.called("get", [id]);
    const no = () => Promise.reject(new RangeError("no"));
    setup.versions.v1.get = (id) => (id === "same" ? no() : 1);
    setup.versions.v2.get = (id) => (id === "hangs" ? never() : no());
    const told = await setup.operate();
    assert.deepEqual(
      told.map((one) => (one.verdict === "differs-otherwise" ? one.signature : one.verdict)),
      ["agrees", "secondary-error RangeError", "timeout"],
    );
  });

  it("lets nothing out that is redacted: no argument, no answer, no error's message", async () => {
    const setup = things({
      v1: { get: () => ({ a: 1, token: "secret-1" }) },
      v2: { get: () => ({ a: 2, token: "secret-2" }) },
      get: { redact: ["$.token"] },
    });
    await setup.called("get", ["x"]);
    setup.versions.v2.get = () => ({ a: 1, token: "secret-3", note: "of secret-3" });
    const told = JSON.stringify(await setup.operate());
    assert.match(told, /\[redacted\]/);
    assert.doesNotMatch(told, /secret/);
    setup.versions.v2.get = () => Promise.reject(new Error("secret-1 is wrong"));
    assert.doesNotMatch(JSON.stringify(await setup.operate()), /secret/);
  });

  it("never calls a write, unless it is dual and asked for", async () => {
    const setup = things({ v1: { put: () => 1 }, v2: { put: () => 2 } });
    await setup.called("put", ["a"]);
    assert.match(why(await setup.operate()), /with --writes alone/);
    assert.deepEqual(setup.calls, []);
    const [put] = setup.records.comparisons;
    // As where the operation was another one when it was recorded.
    const add = comparisonRecord({ ...put!, operation: "add" }, 1);
    const read = async () => add;
    const other = things({ segue: { records: { ...memoryRecords(), read } } });
    const at = [{ id: "x", time: add.time }];
    assert.match(why(await other.operate({ writes: true }, at)), /never made again/);
    assert.deepEqual(other.calls, []);
  });

  it("makes dual writes again where it is asked to, in their order and entered in the book", async () => {
    const keys: string[] = [];
    const put: Setup["put"] = { idempotencyKey: (id) => (keys.push(`key-${id}`), `key-${id}`) };
    const setup = things({ v1: { put: () => 1 }, v2: { put: () => 2 }, put });
    await setup.called("put", ["a"]);
    await setup.called("put", ["b"]);
    keys.length = 0;
    setup.versions.v2.put = () => 1;
    assert.deepEqual(verdicts(await setup.operate({ writes: true })), ["agrees", "agrees"]);
    assert.deepEqual(setup.calls, ["v1.put(1)", "v2.put(1)", "v1.put(1)", "v2.put(1)"]);
    assert.deepEqual([...new Set(keys)], ["key-a", "key-b"]);
    assert.deepEqual(setup.logged, ["writes are made again"]);
    assert.deepEqual(setup.records.repairs.stored, []);
    setup.versions.v2.put = () => Promise.reject(new Error("down"));
    await setup.operate({ writes: true });
    const states = setup.records.repairs.stored.map(({ state }) => state);
    assert.deepEqual(states, ["secondary-failed", "secondary-failed"]);
  });

  const guess: SegueOptions["modeSource"] = {
    read: async () => ({ document: { mode: "shadow" }, version: "x", counts: ["ModeDefaulted"] }),
  };
  const refused: [what: string, setup: Setup, why: RegExp][] = [
    ["in old", { mode: "old" }, /in the mode old/],
    ["in new", { mode: "new" }, /in the mode new/],
    [
      "in a ramp to new",
      { mode: { mode: "reverse-shadow", ramp: { mode: "new", percent: 1 } } },
      /in the mode new/,
    ],
    ["while the mode is a guess", { segue: { modeSource: guess } }, /can't be read/],
    [
      "without its key",
      { put: { idempotencyKey: () => undefined as unknown as string } },
      /no idempotency key/,
    ],
  ];
  for (const [what, given, reason] of refused) {
    it(`makes no write again ${what}`, async () => {
      const setup = things({ v1: { put: () => 1 }, v2: { put: () => 2 } });
      await setup.called("put", ["a"]);
      const { records } = setup;
      const other = things({ ...given, segue: { records, ...given.segue } });
      const [put] = records.comparisons;
      const at = [{ id: comparisonId(put!), time: new Date(put!.time).toISOString() }];
      assert.match(why(await other.operate({ writes: true }, at)), reason);
      assert.deepEqual(other.calls, []);
    });
  }

  it("tells what is gone", async () => {
    const setup = things({ v1: { get: () => 1 }, v2: { get: () => 2 } });
    await setup.called("get", ["a"]);
    const [none] = await setup.operate({}, [{ id: "none", time: new Date().toISOString() }]);
    assert.deepEqual(none, { id: "none", verdict: "gone", why: "there is no record any more" });
    const record = comparisonRecord(comparisonOf({ operation: "removed" }), 1);
    const records = { ...memoryRecords(), read: async () => record };
    const [other] = await things({ segue: { records } }).operate({}, [
      { id: "x", time: record.time },
    ]);
    assert.equal(other!.verdict, "gone");
  });

  it("fails where records can't be read, and not before all that it began has ended", async () => {
    let reads = 0;
    const record = comparisonRecord(comparisonOf({ migration: "things" }), 1);
    const read = async () => {
      if (++reads > 5) throw new Error("no table");
      return record;
    };
    const setup = things({ segue: { records: { ...memoryRecords(), read } } });
    let ended = 0;
    setup.versions.v1.get = setup.versions.v2.get = async () => {
      await reactions();
      ended++;
    };
    const at = Array.from({ length: 20 }, () => ({ id: record.sk, time: record.time }));
    await assert.rejects(setup.operate({}, at), /no table/);
    assert.equal(ended, setup.calls.length);
  });

  it("takes no longer than there is time, and answers on what it got to", async () => {
    const setup = things({ v1: { get: () => 1 }, v2: { get: () => 2 } });
    for (let call = 0; call < 20; call++) await setup.called("get", [call]);
    setup.versions.v1.get = (call) => (call < 12 ? 2 : never());
    const endsAt = performance.now() + 1_200;
    const remainingMs = () => endsAt - performance.now();
    const told = await setup.operate({}, undefined, lambdaContext({ remainingMs }));
    assert.ok(performance.now() < endsAt, "within its time");
    assert.deepEqual(
      told.map(({ id }) => id),
      Array.from({ length: 12 }, (_, at) => `request-${at}#get#0`),
    );
    const none = await setup.operate({}, undefined, lambdaContext({ remainingMs: () => 400 }));
    assert.deepEqual(none, []);
  });
});

describe("judging again", () => {
  it("goes by the rules of today, and calls nothing", async () => {
    const setup = things({
      v1: { get: () => ({ etag: "a", price: 1 }) },
      v2: { get: () => ({ etag: "b", price: 1.001 }) },
    });
    await setup.called("get", ["x"]);
    const judged = (rules: Setup["get"]) => setup.operate({ action: "judge", rules });
    assert.deepEqual(verdicts(await judged({})), ["differs-as-before"]);
    const [otherwise] = await judged({ compare: { ignore: ["$.etag"] } });
    assert.equal((otherwise as any).signature, "$.price value");
    const compare = { ignore: ["$.etag"], tolerance: [{ path: "$.price", absolute: 0.01 }] };
    assert.deepEqual(verdicts(await judged({ compare: compare as any })), ["agrees"]);
    assert.deepEqual(setup.calls, []);
  });

  it("redacts by the paths of today too", async () => {
    const setup = things({
      v1: { get: () => ({ a: 1, token: "secret-1" }) },
      v2: { get: () => ({ a: 2, token: "secret-2" }) },
    });
    await setup.called("get", ["x"]);
    const rules = { redact: ["$.token"], compare: { ignore: ["$.a"] } };
    const told = await setup.operate({ action: "judge", rules });
    assert.deepEqual(verdicts(told), ["differs-otherwise"]);
    assert.doesNotMatch(JSON.stringify(told), /secret/);
  });

  it("never takes for an agreement what was redacted", async () => {
    const setup = things({
      v1: { get: () => ({ token: "secret-1" }) },
      v2: { get: () => ({ token: "secret-2" }) },
      get: { redact: ["$.token"] },
    });
    await setup.called("get", ["x"]);
    assert.match(why(await setup.operate({ action: "judge" })), /redacted/);
  });

  it("tells that a secondary failed as it did, whatever the answer was", async () => {
    const setup = things({
      v1: { get: () => "x".repeat(100_000) },
      v2: { get: () => Promise.reject(new RangeError("no")) },
    });
    await setup.called("get", ["x"]);
    assert.deepEqual(verdicts(await setup.operate({ action: "judge" })), ["differs-as-before"]);
  });

  it("doesn't take two errors for one whose classes it doesn't know", async () => {
    class Missing extends Error {}
    class Refused extends Error {}
    const setup = things({
      v1: { get: () => Promise.reject(new Missing("a")) },
      v2: { get: () => Promise.reject(new Refused("a")) },
    });
    await setup.called("get", ["x"]);
    assert.match(why(await setup.operate({ action: "judge" })), /classes are not recorded/);
  });

  it("never takes for an agreement what differed in what has no record", async () => {
    class Money {
      cents = 5;
    }
    const answers: [v1: object, v2: object][] = [
      [{ one: new Money() }, { one: { cents: 5 } }],
      [{ one: new URL("https://a.example") }, { one: new URL("https://b.example") }],
      // Beside a difference that the rules of today ignore.
      [
        { one: new Money(), etag: "a" },
        { one: { cents: 5 }, etag: "b" },
      ],
      [Array(1), [undefined]],
      [{ [Symbol.for("a")]: 1 }, { [Symbol.for("a")]: 2 }],
      [Object.assign([1], { total: 1 }), [1]],
    ];
    for (const [v1, v2] of answers) {
      const setup = things({ v1: { get: () => v1 }, v2: { get: () => v2 } });
      await setup.called("get", ["x"]);
      const rules = { compare: { ignore: ["$.etag"] } };
      const told = await setup.operate({ action: "judge", rules });
      assert.match(why(told), /can't be seen in its record/);
    }
    const long = "x".repeat(1_000);
    const setup = things({ v1: { get: () => `${long}1` }, v2: { get: () => `${long}2` } });
    await setup.called("get", ["x"]);
    const rules = { compare: { ignore: ["$"] } };
    assert.deepEqual(verdicts(await setup.operate({ action: "judge", rules })), ["agrees"]);
  });

  it("gives up on a rule that never answers", async (t) => {
    const setup = things({ v1: { get: () => 1 }, v2: { get: () => 2 } });
    await setup.called("get", ["x"]);
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const told = setup.operate({ action: "judge", rules: { compare: { equal: never } } });
    await reactions();
    t.mock.timers.tick(5_000);
    assert.match(why(await told), /in its time/);
  });
});

describe("records that are not as they should be", () => {
  const good = comparisonRecord(comparisonOf({ migration: "things" }), 1);
  const cases: [
    what: string,
    record: object,
    replay: RegExp | undefined,
    judge: RegExp | undefined,
  ][] = [
    ["redacted arguments", { arguments: '["[redacted]"]' }, /arguments are redacted/, undefined],
    ["arguments that were cut", { cut: ["arguments"], arguments: '["a' }, /were cut/, undefined],
    ["arguments with a function", { arguments: '[{"$function":true}]' }, /a function/, undefined],
    ["arguments that were no copy", { arguments: '{"notCopied":"x"}' }, /not be copied/, undefined],
    ["half a text", { arguments: "[[[" }, /not whole/, undefined],
    ["levels without end", { arguments: "[".repeat(200_000) }, /./, undefined],
    ["arguments that are no text", { arguments: 5 }, /can't be read/, undefined],
    ["no arguments", { arguments: undefined }, /can't be read/, undefined],
    ["an answer that was cut", { cut: ["v2.answer"] }, undefined, /answer of v2 was cut/],
    ["no answer", { v2: { status: "answered" } }, undefined, /not whole/],
    ["no second run", { v2: undefined }, undefined, /not recorded/],
    ["a status of its own", { v2: { status: "odd" } }, undefined, /./],
    ["no time", { time: "soon" }, undefined, /can't be read/],
    ["no primary", { primary: "v3" }, /can't be read/, undefined],
  ];
  for (const [what, given, replay, judge] of cases) {
    it(what, async () => {
      const record = { ...good, ...given } as ComparisonRecord;
      const records = { ...memoryRecords(), read: async () => record };
      const at = [{ id: good.sk, time: good.time }];
      for (const [action, reason] of [
        ["replay", replay],
        ["judge", judge],
      ] as const) {
        if (reason === undefined) continue;
        const setup = things({ segue: { records } });
        assert.match(why(await setup.operate({ action }, at)), reason, action);
        assert.deepEqual(setup.calls, []);
      }
    });
  }
});

describe("what the operator function is asked", () => {
  const migration = defineMigration<{ get(): Promise<void> }>({
    name: "things",
    v1: { get: async () => {} },
    v2: { get: async () => {} },
    operations: { get: { kind: "read" } },
  });
  const handler = operatorHandler(migration, { records: memoryRecords() });
  const at = { id: "a", time: "2026-01-01T00:00:00Z" };
  const cases: [what: string, event: unknown, error: RegExp][] = [
    ["nothing", undefined, /^event: got undefined, allowed is an object/],
    ["another action", { action: "run", migration: "things" }, /^action: got "run"/],
    ["no migration", { action: "replay", records: [] }, /^migration: got undefined/],
    ["another's migration", { action: "replay", migration: "theirs", records: [] }, /is things$/],
    ["no records", { action: "judge", migration: "things" }, /^records: .* an array$/],
    [
      "too many records",
      { action: "judge", migration: "things", records: Array.from({ length: 101 }, () => at) },
      /at most 100/,
    ],
    [
      "a time that is none",
      { action: "judge", migration: "things", records: [{ id: "a", time: "soon" }] },
      /^records.time: got "soon"/,
    ],
    [
      "values",
      { action: "replay", migration: "things", records: [{ arguments: ["a"] }] },
      /^records.id: got undefined/,
    ],
    [
      "writes that are no yes or no",
      { action: "replay", migration: "things", records: [at], writes: "yes" },
      /^writes: got "yes"/,
    ],
    ["no repair", { action: "run-repair", migration: "things" }, /^repair: got undefined/],
    [
      "a dismissal without a reason",
      {
        action: "dismiss-repair",
        migration: "things",
        repair: { id: "a", subject: "s", look: "l" },
        reason: " ",
      },
      /^reason: got " "/,
    ],
    [
      "a repair where there are no dual writes",
      { action: "look-at-repair", migration: "things", repair: { id: "a", subject: "s" } },
      /one with a dual write$/,
    ],
    [
      "a repair that nobody has looked at",
      { action: "run-repair", migration: "things", repair: { id: "a", subject: "s" } },
      /^repair.look: got undefined/,
    ],
  ];
  for (const [what, event, message] of cases) {
    it(`is refused with ${what}`, async () => {
      await assert.rejects(handler(event, lambdaContext()), { message });
    });
  }

  it("needs a store that can be read", () => {
    const records = { retentionDays: 1, write: async () => [] };
    assert.throws(() => operatorHandler(migration, { records }), /^TypeError: records: /);
  });
});
