import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memoryRecords } from "../lib/testing.ts";
import segue, { defineMigration, withCall, type Migration } from "../lib/index.ts";
import { lambdaContext, wrapped } from "./support/invoke.ts";

interface Directory {
  ids(merchant: string): Promise<string[]>;
  add(merchant: string, id: string): Promise<void>;
}

const adapter: Directory = { ids: async () => [], add: async () => {} };
const good = {
  name: "customer-ids",
  v1: adapter,
  v2: () => adapter,
  operations: { ids: { kind: "read" }, add: { kind: "write" } },
} as const;

describe("defineMigration refuses", () => {
  const read = (operation: object) => ({
    ...good,
    operations: { ...good.operations, ids: { kind: "read", ...operation } },
  });
  const write = (operation: object) => ({
    ...good,
    operations: { ...good.operations, add: { kind: "write", ...operation } },
  });
  const bad: [string, unknown, typeof TypeError, RegExp][] = [
    ["nothing", undefined, TypeError, /^migration: got undefined, allowed is an object$/],
    [
      "an unknown option",
      { ...good, nmae: "x" },
      TypeError,
      /^migration.nmae: got "x", allowed is no such option, but name, v1/,
    ],
    [
      "no name",
      { ...good, name: undefined },
      TypeError,
      /^name: got undefined, allowed is lower-case/,
    ],
    ["an upper-case name", { ...good, name: "CustomerIds" }, TypeError, /^name: got "CustomerIds"/],
    ["a long name", { ...good, name: "x".repeat(65) }, TypeError, /^name: /],
    ["no v1", { ...good, v1: undefined }, TypeError, /^v1: got undefined, allowed is an adapter/],
    ["a text for v2", { ...good, v2: "arn:…" }, TypeError, /^v2: got "arn:…"/],
    ["no operations", { ...good, operations: undefined }, TypeError, /^operations: got undefined/],
    [
      "no operation",
      { ...good, operations: {} },
      RangeError,
      /^operations: got {}, allowed is at least one/,
    ],
    [
      "an operation that is a text",
      { ...good, operations: { ids: "read" } },
      TypeError,
      /^operations.ids: got "read"/,
    ],
    [
      "a wrong kind",
      read({ kind: "reed" }),
      TypeError,
      /^operations.ids.kind: got "reed", allowed is "read" or "write"$/,
    ],
    [
      "a slip in an option",
      read({ timeout: 1 }),
      TypeError,
      /^operations.ids.timeout: got 1, allowed is no such option/,
    ],
    [
      "a key that isn't a function",
      read({ key: "id" }),
      TypeError,
      /^operations.ids.key: got "id", allowed is a function$/,
    ],
    [
      "a fallback that is a number",
      read({ fallback: 1 }),
      TypeError,
      /^operations.ids.fallback: got 1, allowed is true or false$/,
    ],
    [
      "an order of its own",
      read({ order: "v2" }),
      TypeError,
      /^operations.ids.order: got "v2", allowed is "parallel" or "primary-first"$/,
    ],
    [
      "a time-out that is a text",
      read({ timeoutMs: "1s" }),
      TypeError,
      /^operations.ids.timeoutMs: got "1s", allowed is a number of milliseconds from 1 to 900000$/,
    ],
    ["a time-out of 0", read({ timeoutMs: 0 }), RangeError, /^operations.ids.timeoutMs: got 0/],
    ["a time-out that is no number", read({ timeoutMs: NaN }), RangeError, /timeoutMs/],
    [
      "an endless time-out",
      read({ primaryTimeoutMs: Infinity }),
      RangeError,
      /^operations.ids.primaryTimeoutMs/,
    ],
    [
      "a redaction that is a text",
      read({ redact: "$.card" }),
      TypeError,
      /^operations.ids.redact: got "\$.card"/,
    ],
    [
      "a redaction by no path",
      read({ redact: ["card"] }),
      TypeError,
      /^operations.ids.redact.*card/,
    ],
    [
      "no room for a secondary",
      read({ maxInFlight: 0 }),
      RangeError,
      /^operations.ids.maxInFlight: got 0/,
    ],
    [
      "a breaker that is a number",
      read({ breaker: 5 }),
      TypeError,
      /^operations.ids.breaker: got 5/,
    ],
    [
      "a slip in the breaker",
      read({ breaker: { failure: 5 } }),
      TypeError,
      /^operations.ids.breaker.failure: got 5/,
    ],
    [
      "a breaker that breaks at once",
      read({ breaker: { failures: 0 } }),
      RangeError,
      /^operations.ids.breaker.failures: got 0/,
    ],
    [
      "a wrong path",
      read({ compare: { ignore: ["id"] } }),
      TypeError,
      /^operations.ids.compare.ignore\[0\]: got "id"/,
    ],
    [
      "a compare rule that isn't one",
      read({ compare: { ingore: [] } }),
      TypeError,
      /^operations.ids.compare.*ingore/,
    ],
    [
      "a dual write without an idempotency key",
      write({ dual: true }),
      TypeError,
      /^operations.add.idempotencyKey: got undefined, allowed is a function/,
    ],
    [
      "a dual that is neither",
      write({ dual: "yes", idempotencyKey: String }),
      TypeError,
      /^operations.add.dual: got "yes", allowed is true or false/,
    ],
    [
      "an idempotency key of a write that isn't dual",
      write({ idempotencyKey: String }),
      TypeError,
      /^operations.add.idempotencyKey: .*no such option/,
    ],
    [
      "a reconcile that is no function",
      write({ dual: true, idempotencyKey: String, reconcile: true }),
      TypeError,
      /^operations.add.reconcile: got true, allowed is a function/,
    ],
    [
      "a time-out of a dual write out of range",
      write({ dual: true, idempotencyKey: String, timeoutMs: 0 }),
      RangeError,
      /^operations.add.timeoutMs: got 0/,
    ],
    ["a read option of a write", write({ compare: {} }), TypeError, /^operations.add.compare/],
  ];
  for (const [name, options, type, message] of bad) {
    it(name, () => {
      assert.throws(
        () => defineMigration(options as any),
        (error: any) => error instanceof type && message.test(error.message),
      );
    });
  }

  it("nothing where an option is explicitly undefined", () => {
    defineMigration<Directory>({
      ...good,
      operations: {
        ids: { kind: "read", key: undefined, compare: undefined, timeoutMs: undefined },
        add: { kind: "write", key: undefined },
      },
    });
  });
});

describe("segue", () => {
  it("refuses a store of records that can't keep a dual write", () => {
    const dual = defineMigration<Directory>({
      ...good,
      operations: {
        ids: { kind: "read" },
        add: { kind: "write", dual: true, idempotencyKey: (id: string) => id },
      },
    } as any);
    const records = { retentionDays: 1, write: async () => [] };
    assert.throws(() => segue(dual, { records }), /^TypeError: records: .* for add to be dual/);
    segue(dual, { records: memoryRecords() });
  });
});

describe("segue refuses", () => {
  const migration = defineMigration<Directory>(good);
  const bad: [string, () => unknown, RegExp][] = [
    ["no migration", () => segue([]), /^migrations: got \[\], allowed is at least one migration$/],
    [
      "what is no migration",
      () => segue({} as any),
      /^migrations: got {}, allowed is what defineMigration/,
    ],
    [
      "one name twice",
      () => segue([migration, defineMigration<Directory>(good)]),
      /each name once/,
    ],
    ["an unknown option", () => segue(migration, { reserve: 1 } as any), /^options.reserve: got 1/],
    ["a negative reserve", () => segue(migration, { reserveMs: -1 }), /^reserveMs: got -1/],
    [
      "a mode for a mode source",
      () => segue(migration, { modeSource: "old" as any }),
      /^modeSource: got "old", allowed is an object with a method read/,
    ],
    [
      "a logger that can't warn",
      () => segue(migration, { logger: { error() {} } as any }),
      /^logger: .*warn/,
    ],
  ];
  for (const [name, make, message] of bad) {
    it(name, () => {
      assert.throws(
        make,
        (error: any) =>
          (error instanceof TypeError || error instanceof RangeError) &&
          message.test(error.message),
      );
    });
  }
});

describe("client", () => {
  const migration = defineMigration<Directory>({
    ...good,
    v1: { ids: async (merchant) => [`v1 of ${merchant}`], add: async () => {} },
    v2: () => ({ ids: async (merchant) => [`v2 of ${merchant}`], add: async () => {} }),
  });

  it("says what is missing where no middleware has run", () => {
    assert.throws(() => migration.client(lambdaContext()), /customer-ids: no mode is pinned/);
    assert.throws(() => migration.client(undefined as any), /no mode is pinned/);
  });

  it("is the dependency, also when its methods are taken apart", async () => {
    const { invoke } = wrapped(migration, "old", async (event, context) => {
      const { ids } = migration.client(context);
      return ids(event.merchant);
    });
    assert.deepEqual(await invoke({ merchant: "m" }), ["v1 of m"]);
  });

  it("goes by one document in one invocation, whatever AppConfig serves meanwhile", async () => {
    let mode: "old" | "new" = "old";
    const { invoke } = wrapped(
      migration,
      () => mode,
      async (_, context) => {
        const first = await migration.client(context).ids("m");
        mode = "new";
        return [first, await migration.client(context).ids("m")];
      },
    );
    assert.deepEqual(await invoke(), [["v1 of m"], ["v1 of m"]]);
    assert.deepEqual(await invoke(), [["v2 of m"], ["v2 of m"]]);
  });

  it("keeps invocations side by side apart: each its own document and its own records", async () => {
    interface Named {
      name(merchant: string): Promise<Record<string, string>>;
    }
    // The merchant is in the path of the difference, so that no two share a signature and its cap.
    const named = defineMigration<Named>({
      name: "names",
      v1: { name: async (merchant) => ({ [merchant]: "v1" }) },
      v2: { name: async (merchant) => ({ [merchant]: "v2" }) },
      operations: { name: { kind: "read" } },
    });
    let next = 0;
    const modes = ["old", "shadow", "reverse-shadow", "new"] as const;
    const { invoke, traces } = wrapped(
      named,
      () => modes[next++ % 4]!,
      async (event, context) => {
        await new Promise((resolve) => setImmediate(resolve));
        return (await named.client(context).name(event.merchant))[event.merchant];
      },
    );
    const merchants = Array.from({ length: 64 }, (_, index) => `m${index}`);
    const answers = await Promise.all(
      merchants.map((merchant) => invoke({ merchant }, lambdaContext({ requestId: merchant }))),
    );
    merchants.forEach((_, index) => assert.equal(answers[index], index % 4 < 2 ? "v1" : "v2"));
    const { comparisons } = traces();
    assert.equal(comparisons.length, 32);
    for (const { requestId, mode, arguments: args } of comparisons) {
      assert.deepEqual(args, [requestId]);
      assert.equal(mode, modes[Number(requestId.slice(1)) % 4]);
    }
  });

  it("runs a write on the primary alone", async () => {
    for (const [mode, expected] of [
      ["old", ["v1"]],
      ["shadow", ["v1"]],
      ["reverse-shadow", ["v2"]],
      ["new", ["v2"]],
    ] as const) {
      const written: string[] = [];
      const writing = defineMigration<Directory>({
        ...good,
        v1: { ...adapter, add: async () => void written.push("v1") },
        v2: { ...adapter, add: async () => void written.push("v2") },
      });
      const { invoke, traces } = wrapped(writing, mode, (_, context) =>
        writing.client(context).add("m", "c"),
      );
      await invoke();
      assert.deepEqual(written, expected);
      assert.deepEqual(traces().comparisons, []);
    }
  });

  it("takes the ramp by key, and by request where the key can't be had", async () => {
    const keyed = (key: (merchant: string) => string) =>
      defineMigration<Directory>({
        ...good,
        v1: { ids: async () => ["v1"], add: async () => {} },
        v2: { ids: async () => ["v2"], add: async () => {} },
        operations: { ...good.operations, ids: { kind: "read", key } },
      });
    const document = { mode: "reverse-shadow", ramp: { mode: "new", percent: 50 } } as const;
    const modesOf = async (ramped: Migration<Directory>, merchant: string) => {
      const modes = new Set<string>();
      for (let request = 0; request < 20; request++) {
        const { invoke, traces } = wrapped(ramped, document, (_, context) =>
          ramped.client(context).ids(merchant),
        );
        await invoke({}, lambdaContext({ requestId: `request-${request}` }));
        modes.add(traces().counts.Comparisons === 1 ? "reverse-shadow" : "new");
        if (traces().counts.KeyFailures) modes.add("key failed");
      }
      return [...modes].toSorted((a, b) => a.localeCompare(b));
    };
    const byMerchant = keyed((merchant) => merchant);
    const modes = new Set<string>();
    for (let merchant = 0; merchant < 10; merchant++) {
      const [mode, ...others] = await modesOf(byMerchant, `m${merchant}`);
      assert.deepEqual(others, [], "one customer has one mode");
      modes.add(mode!);
    }
    assert.equal(modes.size, 2, "and not all customers the same");
    const broken = keyed(() => {
      throw new Error("no key");
    });
    assert.deepEqual(await modesOf(broken, "m"), ["key failed", "new", "reverse-shadow"]);
  });

  it("makes an adapter once, on first use, and again where making it failed", async () => {
    let made = 0;
    const lazy = defineMigration<Directory>({
      ...good,
      v1: () => {
        if (made++ === 0) throw new Error("not yet");
        return adapter;
      },
    });
    const { invoke } = wrapped(lazy, "old", (_, context) => lazy.client(context).ids("m"));
    assert.equal(made, 0);
    await assert.rejects(invoke(), /not yet/);
    await invoke();
    await invoke();
    assert.equal(made, 2);
  });

  it("keeps an adapter's `this`, and gives withCall's the call before the arguments", async () => {
    class Service implements Directory {
      readonly #prefix = "mine";
      async ids(merchant: string) {
        return [`${this.#prefix} ${merchant}`];
      }
      async add() {}
    }
    const own = defineMigration<Directory>({
      ...good,
      v1: new Service(),
      v2: withCall(() => ({
        ids: async ({ version, role, requestId }, merchant) => [version, role, requestId, merchant],
        add: async () => {},
      })),
    });
    const inMode = (mode: "old" | "new") =>
      wrapped(own, mode, (_, context) => own.client(context).ids("m")).invoke();
    assert.deepEqual(await inMode("old"), ["mine m"]);
    assert.deepEqual(await inMode("new"), ["v2", "primary", "request-1", "m"]);
  });

  it("tells both versions the same time, and each its role", async () => {
    const calls: { version: string; role: string; now: number; aborted: boolean }[] = [];
    const aware = withCall<Directory>({
      ids: async ({ version, role, now, signal }) => {
        calls.push({ version, role, now, aborted: signal.aborted });
        return [];
      },
      add: async () => {},
    });
    const both = defineMigration<Directory>({ ...good, v1: aware, v2: aware });
    const before = Date.now();
    await wrapped(both, "reverse-shadow", (_, context) => both.client(context).ids("m")).invoke();
    const [first, second] = calls;
    assert.deepEqual([first?.version, first?.role], ["v2", "primary"]);
    assert.deepEqual([second?.version, second?.role], ["v1", "secondary"]);
    assert.equal(first?.now, second?.now);
    assert.ok(first!.now >= before && first!.now <= Date.now());
    assert.equal(first?.aborted || second?.aborted, false);
  });

  it("says which version has no such method", async () => {
    const broken = defineMigration<Directory>({ ...good, v1: {} as Directory });
    const { invoke } = wrapped(broken, "old", (_, context) => broken.client(context).ids("m"));
    await assert.rejects(invoke(), /^TypeError: v1 has no method ids$/);
  });
});
