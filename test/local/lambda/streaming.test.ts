import {
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import { buildSync } from "esbuild";
import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { test, type TestContext } from "node:test";
import { closeServer, listen } from "../../../lib/local/listen.ts";
import { isStopped, setUpLambda, until } from "./harness.ts";

async function setUp(t: TestContext) {
  const { client, ...lambda } = await setUpLambda(t);
  const open = async (
    FunctionName: string,
    event: unknown = {},
    more: object = {},
    caller = client,
  ) => {
    const input = { FunctionName, Payload: JSON.stringify(event), ...more };
    const output = await caller.send(new InvokeWithResponseStreamCommand(input));
    return { ...output, events: output.EventStream! };
  };
  const stream = async (FunctionName: string, event?: unknown, more?: object) => {
    const { events, ...output } = await open(FunctionName, event, more);
    const chunks: string[] = [];
    let complete;
    for await (const { PayloadChunk, InvokeComplete } of events) {
      if (PayloadChunk) chunks.push(Buffer.from(PayloadChunk.Payload!).toString());
      if (InvokeComplete) complete = InvokeComplete;
    }
    return { ...output, chunks, text: chunks.join(""), complete };
  };
  const buffered = async (FunctionName: string, event: unknown = {}) => {
    const input = { FunctionName, Payload: JSON.stringify(event) };
    const output = await client.send(new InvokeCommand(input));
    return { ...output, text: output.Payload!.transformToString() };
  };
  return { ...lambda, client, open, stream, buffered };
}

async function openGate(t: TestContext) {
  const waiting: ServerResponse[] = [];
  const server = createServer((_, response) => void waiting.push(response));
  const url = `http://127.0.0.1:${await listen(server)}`;
  t.after(() => closeServer(server));
  return {
    url,
    arrived: () => until("it waits at the gate", () => waiting.length > 0),
    release: () => waiting.splice(0).forEach((response) => response.end()),
  };
}

const steps = `exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  stream.write("one ");
  if (event.gate) await fetch(event.gate);
  if (event.do === "throw") throw new RangeError("too far");
  if (event.do === "exit") process.exit(3);
  if (event.do === "hang") await new Promise(() => setInterval(() => {}, 1000));
  stream.write(Buffer.from("two "));
  stream.write({ three: 3 });
  stream.end();
});`;

test("gives a caller the response as it is written", async (t) => {
  const { define, open } = await setUp(t);
  await define("steps", steps, { Timeout: 30 });
  const gate = await openGate(t);
  const { events, ExecutedVersion, StatusCode } = await open("steps", { gate: gate.url });
  assert.deepEqual([StatusCode, ExecutedVersion], [200, "$LATEST"]);
  const parts: string[] = [];
  for await (const { PayloadChunk, InvokeComplete } of events) {
    if (PayloadChunk) parts.push(Buffer.from(PayloadChunk.Payload!).toString());
    if (InvokeComplete) assert.deepEqual(InvokeComplete, {});
    if (parts.join("") !== "one ") continue;
    await gate.arrived();
    gate.release();
  }
  assert.equal(parts.join(""), 'one two {"three":3}');
});

test("gives who invokes without a stream the whole", async (t) => {
  const { define, buffered } = await setUp(t);
  await define("steps", steps);
  const { text, FunctionError } = await buffered("steps");
  assert.equal(FunctionError, undefined);
  assert.equal(text, 'one two {"three":3}');
});

test("freezes after a streamed response, and runs the next", async (t) => {
  const { define, stream } = await setUp(t);
  const code = `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
    setInterval(() => {}, 1);
    stream.end(String(process.pid));
  });`;
  await define("pid", code);
  const pid = Number((await stream("pid")).text);
  await until("it is frozen", () => isStopped(pid));
  for (let count = 0; count < 5; count++) assert.equal((await stream("pid")).text, String(pid));
});

const broken: [what: string, event: string, errorType: string, message: RegExp][] = [
  ["an error", "throw", "RangeError", /^too far$/],
  ["an exit", "exit", "Runtime.ExitError", /exit status 3$/],
  ["a timeout", "hang", "Sandbox.Timedout", /timed out after 1\.00 seconds$/],
];
for (const [what, event, errorType, message] of broken) {
  test(`tells of ${what} after the response has begun`, async (t) => {
    const { define, stream, buffered } = await setUp(t);
    await define("steps", steps, { Timeout: 1 });
    const gate = await openGate(t);
    const passGate = async <Output>(output: Promise<Output>) => {
      await gate.arrived();
      gate.release();
      return output;
    };
    const { text, complete } = await passGate(stream("steps", { do: event, gate: gate.url }));
    assert.equal(text, "one ");
    assert.equal(complete?.ErrorCode, errorType);
    assert.match(JSON.parse(complete.ErrorDetails!).errorMessage, message);

    const whole = await passGate(buffered("steps", { do: event, gate: gate.url }));
    assert.equal(whole.FunctionError, "Unhandled");
    assert.equal(JSON.parse(whole.text).errorType, errorType);
    assert.equal((await stream("steps")).text, 'one two {"three":3}');
  });
}

const failing: [what: string, code: string, errorType: string][] = [
  [
    "throws at once",
    "exports.handler = awslambda.streamifyResponse(async () => { throw new RangeError('no'); });",
    "RangeError",
  ],
  [
    "isn't asynchronous",
    "exports.handler = awslambda.streamifyResponse((event, stream) => { stream.write('x'); });",
    "Error",
  ],
  ["can't be loaded", "throw new RangeError('no');", "RangeError"],
];
for (const [what, code, errorType] of failing) {
  test(`answers a streaming function that ${what}`, async (t) => {
    const { define, stream, buffered } = await setUp(t);
    await define("broken", code);
    const { complete } = await stream("broken");
    assert.equal(complete?.ErrorCode, errorType);
    const whole = await buffered("broken");
    assert.equal(JSON.parse(whole.text).errorType, errorType);
  });
}

const brokenOff: [when: string, code: string][] = [
  ["before anything is written", "stream.destroy(new RangeError('no'));"],
  ["without an error", "stream.destroy();"],
  ["before its first chunk is out", "stream.write('x'); stream.destroy(new RangeError('no'));"],
  ["before its end is out", "stream.end('x'); stream.destroy(new RangeError('no'));"],
  ["by an error that is emitted", "stream.write('x'); stream.emit('error', new RangeError('no'));"],
  [
    "by a source that fails, after an HTTP response's head",
    `const response = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
     response.write("");
     await require("node:stream/promises").pipeline(async function* () { throw new RangeError("no"); }, response);`,
  ],
];
test("ends a function whose stream is broken off, long before its timeout", async (t) => {
  const { define, stream, buffered } = await setUp(t);
  for (const [index, [when, code]] of brokenOff.entries()) {
    const name = `broken-${index}`;
    // Something that the process still waits for keeps it from ending by itself.
    const handler = `async (event, stream) => { setInterval(() => {}, 1000); ${code} }`;
    const source = `exports.handler = awslambda.streamifyResponse(${handler});`;
    await define(name, source, { Timeout: 60 });
    const { complete } = await stream(name);
    assert.equal(complete?.ErrorCode, "Runtime.ExitError", when);
    assert.match(JSON.parse(complete.ErrorDetails!).errorMessage, /exit status 1$/, when);
    const whole = await buffered(name);
    assert.equal(JSON.parse(whole.text).errorType, "Runtime.ExitError", when);
  }
});

test("streams what a function that doesn't stream returns, or its error", async (t) => {
  const { define, stream } = await setUp(t);
  await define(
    "plain",
    "exports.handler = async (event) => { if (event.a) return event; throw new RangeError('no'); };",
  );
  const { chunks, complete, $metadata } = await stream("plain", { a: 1 }, { LogType: "Tail" });
  assert.deepEqual([chunks, complete], [['{"a":1}'], { LogResult: "" }]);
  assert.ok($metadata.requestId);
  const failed = await stream("plain", {}, { LogType: "Tail" });
  assert.deepEqual(failed.chunks, []);
  assert.equal(failed.complete?.ErrorCode, "RangeError");
  assert.match(Buffer.from(failed.complete.LogResult!, "base64").toString(), /Invoke Error/);
});

test("answers the API's own errors in a stream's stead", async (t) => {
  const { define, open } = await setUp(t);
  await define("off", steps, { ReservedConcurrentExecutions: 0 });
  await assert.rejects(open("missing"), { name: "ResourceNotFoundException" });
  await assert.rejects(open("off"), { name: "TooManyRequestsException" });
  const Payload = Buffer.from("{");
  await assert.rejects(open("off", {}, { Payload }), { name: "InvalidRequestContentException" });
  const { StatusCode } = await open("off", {}, { InvocationType: "DryRun" });
  assert.equal(StatusCode, 204);
});

test("streams more than a response may have that isn't streamed", async (t) => {
  const { define, stream, buffered } = await setUp(t);
  await define(
    "large",
    `exports.handler = awslambda.streamifyResponse(async (count, stream) => {
      for (let i = 0; i < count; i++) {
        if (!stream.write("x".repeat(1024 * 1024))) await new Promise((resolve) => stream.once("drain", resolve));
      }
      stream.end();
    });`,
    { Timeout: 30 },
  );
  const { text } = await stream("large", 20);
  assert.equal(text.length, 20 * 1024 * 1024);
  assert.equal((await buffered("large", 6)).text.length, 6 * 1024 * 1024);
  const { FunctionError, text: error } = await buffered("large", 7);
  assert.equal(FunctionError, "Unhandled");
  assert.equal(JSON.parse(error).errorType, "Function.ResponseSizeTooLarge");
});

test("lets a function go on whose caller has gone", async (t) => {
  const { define, open, stream, lines, gateway } = await setUp(t);
  await define(
    "long",
    `exports.handler = awslambda.streamifyResponse(async (count, stream) => {
      for (let i = 0; i < count; i++) {
        if (!stream.write("x".repeat(1024 * 1024))) await new Promise((resolve) => stream.once("drain", resolve));
      }
      console.log(process.pid);
      stream.end();
    });`,
    { Timeout: 30 },
  );
  const caller = new LambdaClient({
    endpoint: gateway.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const { events } = await open("long", 30, {}, caller);
  for await (const event of events) if (event.PayloadChunk) break;
  caller.destroy();
  await until("it has ended", () => lines.length === 1);
  const pid = Number(lines[0]!.line);
  await until("it is frozen", () => isStopped(pid));
  await stream("long", 1);
  assert.equal(Number(lines[1]!.line), pid);
});

test("runs Middy's streaming mode, with an HTTP response's head", async (t) => {
  const { define, buffered, stream } = await setUp(t);
  const { outputFiles } = buildSync({
    stdin: {
      contents: `
        import middy from "@middy/core";
        import { executionModeStreamifyResponse } from "@middy/core/StreamifyResponse";
        import { Readable } from "node:stream";
        const bodies = {
          text: () => "hello",
          empty: () => "",
          long: () => "x".repeat(100_000),
          stream: () => Readable.from(["a", "b"]),
        };
        export const handler = middy({ executionMode: executionModeStreamifyResponse })
          .handler(async ({ kind }) => ({
            statusCode: 201, headers: { "content-type": "text/plain" }, body: bodies[kind](),
          }));`,
      resolveDir: import.meta.dirname,
    },
    write: false,
    bundle: true,
    format: "esm",
    platform: "node",
  });
  await define("middy", { "index.mjs": outputFiles[0]!.text });
  const head = '{"statusCode":201,"headers":{"content-type":"text/plain"}}' + "\0".repeat(8);
  const bodies = { text: "hello", empty: "", long: "x".repeat(100_000), stream: "ab" };
  for (const [kind, body] of Object.entries(bodies)) {
    assert.equal((await stream("middy", { kind })).text, head + body);
    assert.equal((await buffered("middy", { kind })).text, head + body);
  }
});

test("refuses a content type that comes too late", async (t) => {
  const { define, buffered } = await setUp(t);
  await define(
    "late",
    `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
      stream.write("x");
      await new Promise((resolve) => setImmediate(resolve));
      stream.setContentType("text/plain");
    });`,
  );
  const { text } = await buffered("late");
  assert.equal(JSON.parse(text).errorType, "Runtime.InvalidStreamingOperation");
});
