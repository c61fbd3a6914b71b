import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { test, type TestContext } from "node:test";
import { startRuntimeApi } from "../../../lib/local/lambda/runtime-api.ts";

async function setUp(t: TestContext) {
  const events: string[] = [];
  const metadata = {
    functionName: "orders",
    functionVersion: "$LATEST",
    handler: "index.handler",
    accountId: "123456789012",
  };
  const api = await startRuntimeApi(metadata, {
    onRuntimeReady: () => events.push("next"),
    onReady: () => {},
    onOutcome: ({ payload, failed }) =>
      events.push(`${failed ? "error" : "response"} ${payload.toString()}`),
    onInitError: (payload) => events.push(`init error ${payload.toString()}`),
    onExtensionError: (errorType) => events.push(errorType),
  });
  t.after(() => api.close());
  const url = `http://${api.address}/2018-06-01/runtime`;
  const post = (path: string, body = "") => fetch(url + path, { method: "POST", body });
  const next = () => fetch(`${url}/invocation/next`);
  const untilNext = async (count: number) => {
    while (events.filter((event) => event === "next").length < count) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const deliver = (requestId: string) =>
    api.deliver(
      { requestId, payload: Buffer.from('{"a":1}'), traceId: "Root=1", clientContext: "e30=" },
      { deadlineMs: 1234, functionArn: "arn:f" },
    );
  return { url, events, post, next, untilNext, deliver };
}

test("delivers an invocation to the waiting runtime, and takes its response", async (t) => {
  const { events, post, next, untilNext, deliver } = await setUp(t);
  const waiting = next();
  await untilNext(1);
  deliver("r1");
  const invocation = await waiting;
  assert.equal(invocation.status, 200);
  assert.equal(await invocation.text(), '{"a":1}');
  const names = [
    "aws-request-id",
    "deadline-ms",
    "invoked-function-arn",
    "trace-id",
    "client-context",
  ];
  assert.deepEqual(
    names.map((name) => invocation.headers.get(`lambda-runtime-${name}`)),
    ["r1", "1234", "arn:f", "Root=1", "{}"],
  );
  const accepted = await post("/invocation/r1/response", "42");
  assert.equal(accepted.status, 202);
  assert.deepEqual(await accepted.json(), { status: "OK" });
  assert.deepEqual(events, ["next", "response 42"]);
});

test("takes errors of an invocation and of init", async (t) => {
  const { events, post, next, untilNext, deliver } = await setUp(t);
  assert.equal((await post("/init/error", "{}")).status, 202);
  const waiting = next();
  await untilNext(1);
  deliver("r1");
  await waiting;
  assert.equal((await post("/invocation/r1/error", "[]")).status, 202);
  assert.deepEqual(events, ["init error {}", "next", "error []"]);
});

test("refuses what the runtime's state doesn't allow", async (t) => {
  const { events, post, next, untilNext, deliver } = await setUp(t);
  const errorType = async (response: Promise<Response>) => [
    (await response).status,
    ((await (await response).json()) as { errorType: string }).errorType,
  ];
  assert.deepEqual(await errorType(post("/invocation/r0/response")), [400, "InvalidRequestID"]);
  const waiting = next();
  await untilNext(1);
  deliver("r1");
  await waiting;
  assert.deepEqual(await errorType(post("/invocation/r0/error")), [400, "InvalidRequestID"]);
  await post("/invocation/r1/response", "1");
  assert.deepEqual(await errorType(post("/invocation/r1/error")), [403, "InvalidStateTransition"]);
  assert.deepEqual(await errorType(post("/nowhere")), [404, "NotFound"]);
  assert.deepEqual(events, ["next", "response 1"]);
});

/** Begins a streamed response. */
function streamResponse(url: string, mode = "streaming") {
  const outgoing = request(`${url}/invocation/r1/response`, {
    method: "POST",
    headers: {
      "lambda-runtime-function-response-mode": mode,
      "transfer-encoding": "chunked",
      trailer: "lambda-runtime-function-error-type, lambda-runtime-function-error-body",
    },
  });
  outgoing.on("error", () => {});
  return outgoing;
}

test("takes a streamed response, and the error in its trailers", async (t) => {
  const { url, events, next, untilNext, deliver } = await setUp(t);
  for (const [index, failed] of [false, true].entries()) {
    const waiting = next();
    await untilNext(index + 1);
    deliver("r1");
    await waiting;
    const outgoing = streamResponse(url);
    outgoing.write("one ");
    if (failed) {
      const body = Buffer.from('{"errorType":"Late"}').toString("base64");
      outgoing.addTrailers({
        "lambda-runtime-function-error-type": "Late",
        "lambda-runtime-function-error-body": body,
      });
    }
    outgoing.end("two");
    const [response] = await once(outgoing, "response");
    response.resume();
    assert.equal(response.statusCode, 202);
  }
  const outcomes = events.filter((event) => event !== "next");
  assert.deepEqual(outcomes, ["response one two", 'error {"errorType":"Late"}']);
});

test("tells of a response that breaks off when the runtime goes on", async (t) => {
  const { url, events, next, untilNext, deliver } = await setUp(t);
  const waiting = next();
  await untilNext(1);
  deliver("r1");
  await waiting;
  const outgoing = streamResponse(url);
  outgoing.write("one ");
  await once(outgoing, "socket");
  await new Promise<void>((resolve) => outgoing.write("two ", () => resolve()));
  // So that its head has been read.
  await fetch(`${url}/nowhere`);
  outgoing.destroy();
  void next().catch(() => {});
  await untilNext(2);
  assert.match(events[1]!, /^error .*Runtime\.TruncatedResponse/);
  assert.equal(events[2], "next");
});

test("lets a runtime ask for its next invocation before its response is whole", async (t) => {
  const { url, events, next, untilNext, deliver } = await setUp(t);
  const waiting = next();
  await untilNext(1);
  deliver("r1");
  await waiting;
  const outgoing = streamResponse(url);
  outgoing.write("one ");
  void next().catch(() => {});
  await fetch(`${url}/nowhere`);
  assert.deepEqual(events, ["next"]);
  outgoing.end("two");
  await untilNext(2);
  assert.deepEqual(events, ["next", "response one two", "next"]);
});

test("refuses another response mode", async (t) => {
  const { url, events, next, untilNext, deliver } = await setUp(t);
  const waiting = next();
  await untilNext(1);
  deliver("r1");
  await waiting;
  const outgoing = streamResponse(url, "buffered");
  outgoing.end("x");
  const [response] = await once(outgoing, "response");
  response.resume();
  assert.equal(response.statusCode, 400);
  assert.match(events[1]!, /^error .*Runtime\.InvalidResponseModeHeader/);
});

test("takes no error of init from a runtime that is through with it", async (t) => {
  const { events, post, next, untilNext } = await setUp(t);
  void next().catch(() => {});
  await untilNext(1);
  assert.equal((await post("/init/error", "{}")).status, 403);
  assert.deepEqual(events, ["next"]);
});
