// What can happen to an invocation whose response doesn't wait, each on the local cloud's Lambda, which
// freezes as Lambda does.
import { InvokeWithResponseStreamCommand } from "@aws-sdk/client-lambda";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compressedClock } from "../../lib/local/clock.ts";
import { isStopped, until } from "../local/lambda/harness.ts";
import { interpose, openV2, setUpEarly } from "./early.ts";

/** Calls both versions, and answers with the process's id. */
const CALL = `async (url, context) => {
  await migration.client(context).get(url);
  return process.pid;
}`;

/** Milliseconds that no invocation comes near if it is only held for as long as it must be. */
const FAR_FROM_TIMEOUT_MS = 5_000;

describe("an invocation that never reaches the middleware", () => {
  for (const [what, source] of [
    [
      "an earlier middleware answers a warm-up",
      `export const handler = middy()
        .before(({ event }) => (event === "warm-up" ? process.pid : undefined))
        .use(early()).handler(${CALL});`,
    ],
    [
      "an earlier middleware throws",
      `export const handler = middy()
        .before(({ event }) => { if (event === "warm-up") throw new Error("no"); })
        .onError((request) => { if (request.event === "warm-up") request.response = process.pid; })
        .use(early()).handler(${CALL});`,
    ],
    [
      "the handler isn't Middy's then",
      `const wrapped = middy().use(early()).handler(${CALL});
      export const handler = async (event, context) =>
        event === "warm-up" ? process.pid : wrapped(event, context, {});`,
    ],
  ] as const) {
    test(`${what}: the next one needn't wait, and is held as ever`, async (t) => {
      const { invoke, v2, stored } = await setUpEarly(t, source);
      for (let count = 0; count < 3; count++) {
        const startedAt = Date.now();
        const { result: pid } = await invoke("warm-up");
        await until("it is frozen", () => isStopped(pid));
        const next = await invoke(v2.url);
        assert.equal(next.result, pid);
        await v2.asked();
        assert.ok(Date.now() - startedAt < FAR_FROM_TIMEOUT_MS);
        v2.answer();
        await until("it is frozen again", () => isStopped(pid));
        assert.deepEqual(stored(next.$metadata.requestId), ["match"]);
      }
    });
  }
});

test("an earlier middleware that takes longer than is waited for: the response waits instead", async (t) => {
  const { invoke, v2, stored, sumOf } = await setUpEarly(
    t,
    `export const handler = middy()
      .before(() => new Promise((resolve) => setTimeout(resolve, 300)))
      .use(early()).handler(${CALL});`,
  );
  const invoking = invoke(v2.url);
  await v2.asked();
  v2.answer();
  const { result: pid, $metadata } = await invoking;
  assert.deepEqual(stored($metadata.requestId), ["match"]);
  await until("it is frozen", () => isStopped(pid));
  await until("DrainedInline is counted", () => sumOf("DrainedInline") === 1);
  assert.deepEqual([sumOf("DrainedInline"), sumOf("DrainedEarly")], [1, 0]);
});

describe("a handler that fails", () => {
  for (const [what, handler, message] of [
    ["at once", `() => { throw new Error("at once"); }`, /at once/],
    [
      "after it has called",
      `async (url, context) => {
        await migration.client(context).get(url);
        throw new Error("after the call");
      }`,
      /after the call/,
    ],
    [
      "while it calls",
      `(url, context) => {
        void migration.client(context).get(url);
        throw new Error("while it calls");
      }`,
      /while it calls/,
    ],
  ] as const) {
    test(`${what}: its error is out at once, its comparison is stored`, async (t) => {
      const { invoke, v2, stored } = await setUpEarly(
        t,
        `export const handler = middy()
          .onError((request) => { request.error.message += " of " + process.pid; })
          .use(early()).handler(${handler});`,
      );
      const { result, FunctionError, $metadata } = await invoke(v2.url);
      assert.equal(FunctionError, "Unhandled");
      assert.match(result.errorMessage, message);
      const pid = Number(result.errorMessage.split(" ").at(-1));
      if (what !== "at once") {
        await v2.asked();
        v2.answer();
      }
      await until("it is frozen", () => isStopped(pid));
      assert.deepEqual(stored($metadata.requestId), what === "at once" ? [] : ["match"]);
    });
  }
});

test("Middy's timeoutEarlyInMillis: the response is out by then, V2 has what is left", async (t) => {
  const { invoke, v2, stored, sumOf } = await setUpEarly(
    t,
    `export const handler = middy({
        timeoutEarlyInMillis: 2_000,
        timeoutEarlyResponse: () => process.pid,
      }).use(early()).handler(async (url, context) => {
        await migration.client(context).get(url);
        await new Promise(() => {});
      });`,
    { Timeout: 3 },
  );
  const { result: pid, $metadata } = await invoke(v2.url);
  await v2.asked();
  assert.ok(!isStopped(pid), "it is held");
  // V2 never answers: it is let go at the deadline less the reserve.
  await until("it is frozen", () => isStopped(pid));
  assert.deepEqual(stored($metadata.requestId), ["timeout"]);
  await until("DrainedEarly is counted", () => sumOf("DrainedEarly") === 1);
  assert.equal((await invoke("")).result, pid, "it lives on");
});

test("a handler that never settles, and nobody watches its time: Lambda does, and all is stored", async (t) => {
  const { invoke, v2, stored } = await setUpEarly(
    t,
    `export const handler = middy({ timeoutEarlyInMillis: 0 }).use(early()).handler(
      async (url, context) => {
        await migration.client(context).get(url);
        if (url) await new Promise(() => setInterval(() => {}, 1_000));
      });`,
    { Timeout: 1 },
  );
  const invoking = invoke(v2.url);
  await v2.asked();
  v2.answer();
  const { result, $metadata } = await invoking;
  assert.equal(result.errorType, "Sandbox.Timedout");
  await until("it is stored", () => stored($metadata.requestId).length > 0);
  assert.deepEqual(stored($metadata.requestId), ["match"]);
  const next = await invoke("");
  assert.equal(next.FunctionError, undefined);
});

test("a secondary that hangs to the deadline: let go in time, and no invocation times out", async (t) => {
  const { invoke, v2, stored, sumOf, lines } = await setUpEarly(
    t,
    `export const handler = middy().use(early({ reserveMs: 0 })).handler(${CALL});`,
    { Timeout: 1 },
  );
  const pids = new Set<number>();
  for (let count = 1; count <= 3; count++) {
    const { result: pid, $metadata } = await invoke(v2.url);
    pids.add(pid);
    await until("it is frozen", () => isStopped(pid));
    assert.deepEqual(stored($metadata.requestId), ["timeout"]);
    await until("RecordsStored is counted", () => sumOf("RecordsStored") === count);
  }
  assert.equal(pids.size, 1, "the environment is never reset");
  assert.ok(!lines.some(({ line }) => line.includes("timed out")));
});

test("a hung V2 costs bounded holds, until the breaker ends them", async (t) => {
  const { invoke, v2, stored, sumOf } = await setUpEarly(
    t,
    `const broken = migrationOf({ timeoutMs: 200, breaker: { failures: 2, probeAfterMs: 60_000 } });
    export const handler = middy().use(early({}, broken)).handler(async (url, context) => {
      await broken.client(context).get(url);
      return process.pid;
    });`,
  );
  for (let count = 0; count < 5; count++) {
    const { result: pid } = await invoke(v2.url);
    await until("it is frozen", () => isStopped(pid));
  }
  assert.deepEqual(stored(), ["timeout", "timeout"]);
  await until("DrainedEarly is counted", () => sumOf("DrainedEarly") === 2);
  await until("SkippedByBreaker is counted", () => sumOf("SkippedByBreaker") === 3);
  assert.deepEqual([sumOf("DrainedEarly"), sumOf("SkippedByBreaker")], [2, 3]);
});

test("two invocations in a row, the first still draining: another environment takes the second", async (t) => {
  const { invoke, v2, stored } = await setUpEarly(
    t,
    `export const handler = middy().use(early()).handler(${CALL});`,
  );
  const first = await invoke(v2.url);
  await v2.asked();
  const second = await invoke(v2.url);
  assert.notEqual(second.result, first.result);
  await v2.asked(2);
  v2.answer();
  await until("both are frozen", () => [first, second].every(({ result }) => isStopped(result)));
  assert.deepEqual(stored(first.$metadata.requestId), ["match"]);
  assert.deepEqual(stored(second.$metadata.requestId), ["match"]);
});

test("two invocations in a row, and one environment allowed: the second waits for the first's drain", async (t) => {
  const { invoke, v2, stored } = await setUpEarly(
    t,
    `export const handler = middy().use(early()).handler(${CALL});`,
    { ReservedConcurrentExecutions: 1 },
  );
  const first = await invoke(v2.url);
  await v2.asked();
  const invoking = invoke("");
  v2.answer();
  const second = await invoking;
  assert.equal(second.result, first.result);
  assert.deepEqual(stored(first.$metadata.requestId), ["match"]);
  await until("it is frozen", () => isStopped(second.result));
  assert.deepEqual(stored(second.$metadata.requestId), ["match"]);
});

describe("SIGTERM at shutdown", () => {
  // The function keeps within Lambda's half a second of its own accord, as far as the machine lets it.
  const patient = { shutdownSeconds: 5 };
  test("V2 under way: what is known is stored and counted before the process ends", async (t) => {
    const { lambda, invoke, v2, stored, sumOf } = await setUpEarly(
      t,
      `export const handler = middy().use(early()).handler(${CALL});`,
      {},
      patient,
    );
    const { $metadata } = await invoke(v2.url);
    await v2.asked();
    assert.deepEqual(stored(), []);
    await lambda.close();
    assert.deepEqual(stored($metadata.requestId), ["timeout"]);
    await until("RecordsStored is counted", () => sumOf("RecordsStored") === 1);
  });

  test("a store that takes too long: the records are printed", async (t) => {
    const { lambda, invoke, v2, printed, sumOf } = await setUpEarly(
      t,
      `const slow = { ...records, write: () => new Promise(() => {}) };
      export const handler = middy().use(early({ records: slow })).handler(${CALL});`,
      {},
      patient,
    );
    const { $metadata } = await invoke(v2.url);
    await v2.asked();
    await lambda.close();
    const diverted = printed().filter((line) => line.includes("record diverted"));
    assert.equal(diverted.length, 1);
    assert.ok(diverted[0]!.includes($metadata.requestId!));
    await until("RecordsDiverted is counted", () => sumOf("RecordsDiverted") === 1);
  });

  test("a frozen process with nothing left ends at once", async (t) => {
    const { lambda, invoke } = await setUpEarly(
      t,
      `export const handler = middy().use(early()).handler(${CALL});`,
      {},
      patient,
    );
    const { result: pid } = await invoke("");
    await until("it is frozen", () => isStopped(pid));
    await lambda.retire("early");
    assert.ok(!isStopped(pid));
  });
});

describe("a streaming handler", () => {
  const streamed = (body: string) => `
    import { Readable } from "node:stream";
    import { executionModeStreamifyResponse } from "@middy/core/StreamifyResponse";
    export const handler = middy({ executionMode: executionModeStreamifyResponse })
      .use(early()).handler(async ({ url, gate, fails }, context) => {
        const { get } = migration.client(context);
        const parts = async function* () {
          yield String(process.pid);
          await fetch(gate);
          await get(url);
          if (fails) throw new RangeError("in mid-stream");
          yield " and more";
        };
        return ${body};
      });`;
  const bodies = {
    "of a stream": "Readable.from(parts())",
    "of a web stream": "ReadableStream.from(parts())",
    "of an HTTP response's stream": "{ statusCode: 200, body: Readable.from(parts()) }",
    "of an HTTP response's web stream": "{ statusCode: 200, body: ReadableStream.from(parts()) }",
  };
  for (const [what, body] of Object.entries(bodies)) {
    for (const fails of [false, true]) {
      test(`${what} that ends ${fails ? "badly" : "well"}: ${fails ? "the process ends" : "what it calls is compared, and held for"}`, async (t) => {
        const { client, v2, stored, sumOf } = await setUpEarly(t, streamed(body));
        const gate = await openV2(t);
        const { EventStream } = await client.send(
          new InvokeWithResponseStreamCommand({
            FunctionName: "early",
            Payload: JSON.stringify({ url: v2.url, gate: gate.url, fails }),
          }),
        );
        let text = "";
        let errorCode;
        for await (const { PayloadChunk, InvokeComplete } of EventStream!) {
          if (PayloadChunk) text += Buffer.from(PayloadChunk.Payload!).toString();
          if (InvokeComplete) errorCode = InvokeComplete.ErrorCode;
          if (!/\d$/.test(text) || InvokeComplete) continue;
          await gate.asked();
          gate.answer();
        }
        // An HTTP response's head and eight zeros come first.
        const parts = /(\d+)( and more)?$/.exec(text);
        assert.ok(parts, text);
        const pid = Number(parts[1]);
        // Lambda's runtime client ends the process at such an error, with this middleware or without it.
        assert.equal(errorCode, fails ? "Runtime.ExitError" : undefined);
        if (fails) return;
        await v2.asked();
        assert.ok(!isStopped(pid), "it is held");
        v2.answer();
        await until("it is frozen", () => isStopped(pid));
        assert.deepEqual(stored(), ["match"]);
        await until("DrainedEarly is counted", () => sumOf("DrainedEarly") === 1);
      });
    }
  }

  test("of a text: held as any other", async (t) => {
    const { invoke, v2, stored } = await setUpEarly(
      t,
      `import { executionModeStreamifyResponse } from "@middy/core/StreamifyResponse";
      export const handler = middy({ executionMode: executionModeStreamifyResponse })
        .use(early()).handler(async (url, context) => {
          await migration.client(context).get(url);
          return String(process.pid);
        });`,
    );
    const { result: pid } = await invoke(v2.url);
    await v2.asked();
    v2.answer();
    await until("it is frozen", () => isStopped(pid));
    assert.deepEqual(stored(), ["match"]);
  });
});

describe("a middleware that comes later", () => {
  for (const [what, later, answer] of [
    ["answers early", `.before(() => process.pid)`, "pid"],
    ["answers early after the handler", `.after(() => process.pid)`, "pid"],
    [
      "answers errors",
      `.before(() => { throw new Error("no"); }).onError(() => process.pid)`,
      "pid",
    ],
    [
      "throws at an error",
      `.before(() => { throw new Error("no"); })
       .onError(() => { throw new Error(String(process.pid)); })`,
      "error",
    ],
  ] as const) {
    test(`${what}, so that our hooks are skipped: let go, and nothing is lost`, async (t) => {
      const { invoke, v2, stored, sumOf } = await setUpEarly(
        t,
        `export const handler = middy().use(early())
          // Calls before it is the handler's turn, such as an authorizer.
          .before(async ({ event, context }) => void (await migration.client(context).get(event)))
          ${later}
          .handler(() => "the handler's");`,
      );
      for (let count = 1; count <= 2; count++) {
        const { result, $metadata } = await invoke(v2.url);
        const pid = Number(answer === "pid" ? result : result.errorMessage);
        await v2.asked();
        v2.answer();
        await until("it is frozen", () => isStopped(pid));
        assert.deepEqual(stored($metadata.requestId), ["match"]);
        await until("DrainedEarly is counted", () => sumOf("DrainedEarly") === count);
      }
    });
  }
});

describe("two of this middleware", () => {
  test("in one handler: both are held for, and one extension does", async (t) => {
    const { invoke, v2, stored, printed, sumOf } = await setUpEarly(
      t,
      `const other = migrationOf({}, "others");
      export const handler = middy().use(early()).use(early({}, other)).handler(
        async (url, context) => {
          await Promise.all([
            migration.client(context).get(url),
            other.client(context).get(url),
          ]);
          return process.pid;
        });`,
    );
    const { result: pid } = await invoke(v2.url);
    await v2.asked(2);
    v2.answer();
    await until("it is frozen", () => isStopped(pid));
    assert.deepEqual(stored(), ["match", "match"]);
    await until("DrainedEarly is counted", () => sumOf("DrainedEarly") === 2);
    assert.ok(!printed().some((line) => line.includes("responses wait")));
  });

  test("in a handler and in another that it calls, with a context of its own making", async (t) => {
    const { invoke, v2, stored } = await setUpEarly(
      t,
      `const inner = middy().use(early()).handler(${CALL});
      export const handler = middy().use(early()).handler(async (url, context) => {
        await inner(url, {}, {});
        await inner(url, {}, {});
        return migration.client(context).get(url).then(() => process.pid);
      });`,
    );
    const { result: pid } = await invoke(v2.url);
    await v2.asked(3);
    v2.answer();
    await until("it is frozen", () => isStopped(pid));
    assert.deepEqual(stored(), ["match", "match", "match"]);
  });
});

describe("where there can be no extension, the response waits, and one line says so", () => {
  const waits = async (
    { invoke, v2, stored, printed, sumOf }: Awaited<ReturnType<typeof setUpEarly>>,
    why: RegExp,
  ) => {
    for (let count = 1; count <= 2; count++) {
      const invoking = invoke(v2.url);
      await v2.asked();
      v2.answer();
      const { result: pid, $metadata } = await invoking;
      assert.deepEqual(stored($metadata.requestId), ["match"], "it is stored by now");
      await until("it is frozen", () => isStopped(pid));
    }
    await until("DrainedInline is counted", () => sumOf("DrainedInline") === 2);
    assert.deepEqual([sumOf("DrainedInline"), sumOf("DrainedEarly")], [2, 0]);
    const said = printed().filter((line) => line.includes("responses wait for the secondary"));
    assert.equal(said.length, 1);
    assert.match(said[0]!, why);
  };

  test("made in the first invocation, when init is over", async (t) => {
    const function_ = await setUpEarly(
      t,
      `let wrapped;
      export const handler = (event, context) => {
        wrapped ??= middy().use(early()).handler(${CALL});
        return wrapped(event, context, {});
      };`,
    );
    await waits(function_, /HTTP 403/);
  });

  test("a platform without extensions", async (t) => {
    const proxy = await interpose(t, (_, outgoing) => {
      outgoing.writeHead(404).end();
      return "answered";
    });
    const function_ = await setUpEarly(
      t,
      `process.env.AWS_LAMBDA_RUNTIME_API = "${proxy}/" + process.env.AWS_LAMBDA_RUNTIME_API;
      early({}, migrationOf({}, "others"));
      export const handler = middy().use(early()).handler(${CALL});`,
    );
    await waits(function_, /HTTP 404/);
  });
});

test("records that fail the invocation: its response waits for them", async (t) => {
  const { invoke, v2 } = await setUpEarly(
    t,
    `const strict = memoryRecords({ throwOnDisagreement: true });
    export const handler = middy().use(early({ records: strict })).handler(${CALL});`,
  );
  const invoking = invoke(v2.url);
  await v2.asked();
  v2.answer("something else");
  const { result } = await invoking;
  assert.equal(result.errorType, "DisagreementError");
});

test("a request id that comes again in the same environment: nothing is lost", async (t) => {
  const { lambda, v2, stored, sumOf } = await setUpEarly(
    t,
    `let count = 0;
    export const handler = middy().use(early()).handler(async (url, context) => {
      await migration.client(context).get(url);
      if (++count < 3) throw new Error("again");
    });`,
    {},
    // The first retry is a minute later.
    { clock: compressedClock(1_000) },
  );
  // Asynchronous: it is retried twice.
  lambda.submit("early", v2.url);
  for (let count = 1; count <= 3; count++) {
    await v2.asked();
    v2.answer();
    await until("it is counted", () => sumOf("RecordsStored") === count);
  }
  assert.deepEqual(stored(), ["match", "match", "match"]);
  // The operation's counts and the migration's are a line each, and are not read at once.
  await until("each is drained", () => sumOf("DrainedEarly") + sumOf("DrainedInline") === 3);
});

test("a dual write: the secondary's write and its book-keeping are done in the hold", async (t) => {
  const { invoke, v2, stored, printed, sumOf } = await setUpEarly(
    t,
    `const writes = defineMigration({
      name: "payments",
      v1: { add: async () => "added" },
      v2: { add: async (url) => ((await (await fetch(url)).text()), "added") },
      operations: { add: { kind: "write", dual: true, idempotencyKey: (url) => url } },
    });
    const change = (name) => (...args) => {
      console.log("book: " + name);
      return records.repairs[name](...args);
    };
    const repairs = { ...records.repairs, put: change("put"), remove: change("remove") };
    export const handler = middy().use(early({ records: { ...records, repairs } }, writes)).handler(
      async (url, context) => {
        await writes.client(context).add(url);
        return process.pid;
      });`,
  );
  const books = () => printed().filter((line) => line.startsWith("book: "));
  const { result: pid } = await invoke(v2.url);
  await v2.asked();
  assert.deepEqual(books(), ["book: put"]);
  v2.answer();
  await until("it is frozen", () => isStopped(pid));
  assert.deepEqual(books(), ["book: put", "book: remove"]);
  assert.deepEqual(stored(), ["match"]);
  await until("DrainedEarly is counted", () => sumOf("DrainedEarly") === 1);
  assert.deepEqual([sumOf("DrainedEarly"), sumOf("RepairsLeft")], [1, 0]);
});

test("a durable handler is refused", async (t) => {
  const { invoke, stored } = await setUpEarly(
    t,
    `export const handler = middy()
      .before((request) => { request.context = { lambdaContext: request.context }; })
      .use(early()).handler(() => "never");`,
  );
  const { result } = await invoke("");
  assert.equal(result.errorType, "TypeError");
  assert.match(result.errorMessage, /durable function's context/);
  assert.deepEqual(stored(), []);
});
