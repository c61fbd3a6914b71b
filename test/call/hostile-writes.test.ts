import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { defineMigration } from "../../lib/index.ts";
import { repairRecord } from "../../lib/records/repair-record.ts";
import { wrapped } from "../support/invoke.ts";
import { reactions } from "../support/settled.ts";

interface Dependency {
  put(given: unknown): unknown;
}

class Money {
  #cents = 5;
  get cents(): number {
    return this.#cents;
  }
}

/** Makes the hostile value anew. */
const HOSTILE: Record<string, () => unknown> = {
  "a cycle": () => {
    const cycle: any = {};
    return (cycle.self = cycle);
  },
  "a stream": () => Readable.from(["a"]),
  "a key": () => createSecretKey(Buffer.from("abc")),
  "a getter that throws": () => ({
    get a() {
      throw new Error("get");
    },
  }),
  "a proxy": () => new Proxy({ a: 1 }, {}),
  "a proxy without keys": () =>
    new Proxy(
      {},
      {
        ownKeys() {
          throw new Error("ownKeys");
        },
      },
    ),
  "an instance with a private field": () => new Money(),
  "a signal that has aborted": () => AbortSignal.abort("over"),
  "more values than are copied": () => Array.from({ length: 200_000 }, () => 1),
  "four billion holes": () => Object.assign([], { 4_000_000_000: 1 }),
  "twenty thousand levels": () => {
    let deep: object = {};
    for (let level = 0; level < 20_000; level++) deep = { deep };
    return deep;
  },
  "a function": () => () => 1,
  "a symbol": () => Symbol("a"),
  "a large bigint": () => 10n ** 1_000n,
  "an error": () => Object.assign(new Error("x"), { code: 1 }),
  "maps and sets": () => new Map([[{}, new Set([1])]]),
  "no prototype": () => Object.assign(Object.create(null), { a: 1 }),
  "a WeakMap": () => new WeakMap(),
  "shared memory": () => new SharedArrayBuffer(8),
  "a buffer": () => Buffer.from("abc"),
  "an invalid date": () => new Date(Number.NaN),
  "a property named __proto__": () => JSON.parse('{"__proto__":{"a":1},"constructor":1}'),
  "a URL": () => new URL("http://localhost/"),
  "a request": () => new Request("http://localhost/", { method: "POST", body: "x" }),
  "a form": () => new FormData(),
  "something frozen": () => Object.freeze({ a: Object.freeze([1]) }),
  "a toJSON that throws": () => ({
    toJSON() {
      throw new Error("toJSON");
    },
  }),
  "the arguments of a function": () =>
    function (this: void) {
      return arguments;
    }.call(undefined),
  "a generator": () =>
    (function* () {
      yield 1;
    })(),
  "a name of a megabyte": () => ({ ["x".repeat(1_000_000)]: 1 }),
};

function migrationOf(
  v1: Dependency["put"],
  v2: Dependency["put"],
  redact: readonly string[] | undefined,
) {
  return defineMigration<Dependency>({
    name: "things",
    v1: { put: v1 },
    v2: { put: v2 },
    operations: { put: { kind: "write", dual: true, idempotencyKey: () => "key", redact } },
  });
}

for (const redact of [undefined, ["$..secret"], ["$"]]) {
  describe(`a dual write, ${redact === undefined ? "nothing" : redact.join()} redacted`, () => {
    const run = (v1: Dependency["put"], v2: Dependency["put"], given: unknown) => {
      const migration = migrationOf(v1, v2, redact);
      const { invoke, traces } = wrapped(
        migration,
        { mode: "shadow", sample: { matches: 1 } },
        async (_, context) => {
          try {
            return { value: await migration.client(context).put(given) };
          } catch (error) {
            return { error };
          }
        },
      );
      return invoke().then((answer) => ({ answer, ...traces() }));
    };

    for (const [name, make] of Object.entries(HOSTILE)) {
      it(`hands on ${name} as argument, answer and error, and keeps its book`, async () => {
        const value = make();
        const throws = () => {
          throw value;
        };
        let given: unknown;
        const v1 = (argument: unknown) => {
          given = argument;
          return "done";
        };
        const argument = await run(v1, throws, value);
        assert.deepEqual(argument.answer, { value: "done" });
        assert.equal(given, value, "that very argument");
        assert.equal(argument.repairs.length, 1);
        const record = repairRecord(argument.repairs[0]!, "intended", "why");
        assert.ok(JSON.stringify(record).length < 400_000);

        const answer = await run(() => value, make, 1);
        assert.equal((answer.answer as any).value, value);
        assert.equal(answer.comparisons.length, 1);

        const error = await run(throws, make, 1);
        assert.equal((error.answer as any).error, value);
        // What goes unhandled fails the test.
        await reactions();
      });
    }
  });
}

describe("a dual write after the handler has returned, as of one that streams", () => {
  it("is done by both, and leaves nothing", async () => {
    const done: string[] = [];
    const says = (name: string) => async () => void done.push(name);
    const migration = migrationOf(says("v1"), says("v2"), undefined);
    const { invoke, traces } = wrapped(
      migration,
      "shadow",
      async (_, context) =>
        // In a function, for a promise would be waited for.
        () =>
          migration.client(context).put(1),
    );
    const later = await invoke();
    await later();
    await reactions();
    assert.deepEqual(done, ["v1", "v2"]);
    assert.deepEqual(traces().repairs, []);
  });
});
