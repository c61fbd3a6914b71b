import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { newInvocation } from "../../../lib/local/lambda/invocation.ts";
import { startRuntimeApi } from "../../../lib/local/lambda/runtime-api.ts";
import { until } from "./harness.ts";

const metadata = {
  functionName: "orders",
  functionVersion: "$LATEST",
  handler: "index.handler",
  accountId: "123456789012",
};

async function setUp(t: TestContext) {
  const events: string[] = [];
  const api = await startRuntimeApi(metadata, {
    onRuntimeReady: () => events.push("runtime ready"),
    onReady: () => events.push("ready"),
    onOutcome: () => events.push("outcome"),
    onInitError: () => events.push("init error"),
    onExtensionError: (errorType) => events.push(errorType),
  });
  t.after(() => api.close());
  const extensions = `http://${api.address}/2020-01-01/extension`;
  const runtime = `http://${api.address}/2018-06-01/runtime`;
  const register = (name?: string, body: unknown = { events: ["INVOKE"] }, more = {}) =>
    fetch(`${extensions}/register`, {
      method: "POST",
      headers: { ...(name && { "lambda-extension-name": name }), ...more },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const identity = (id?: string) => ({ ...(id && { "lambda-extension-identifier": id }) });
  const next = (id?: string) => fetch(`${extensions}/event/next`, { headers: identity(id) });
  const fail = (kind: string, id?: string, errorType?: string) =>
    fetch(`${extensions}/${kind}/error`, {
      method: "POST",
      headers: {
        ...identity(id),
        ...(errorType && { "lambda-extension-function-error-type": errorType }),
      },
    });
  const registered = async (name: string, body?: unknown) =>
    (await register(name, body)).headers.get("lambda-extension-identifier")!;
  const runtimeNext = () => fetch(`${runtime}/invocation/next`);
  const respond = (requestId: string) =>
    fetch(`${runtime}/invocation/${requestId}/response`, { method: "POST", body: "1" });
  const heard = (event: string, times = 1) =>
    until(`${event} comes`, () => events.filter((each) => each === event).length >= times);
  return { api, events, register, registered, next, fail, runtimeNext, respond, heard };
}

/** A refusal's status and type. */
async function refusal(answer: Response | Promise<Response>) {
  const response = await answer;
  const { errorType } = (await response.json()) as { errorType: string };
  return [response.status, errorType];
}

test("registers an extension", async (t) => {
  const { api, register } = await setUp(t);
  assert.equal(api.hasExtensions, false);
  const response = await register("hold");
  assert.equal(response.status, 200);
  assert.match(response.headers.get("lambda-extension-identifier")!, /^[\da-f-]{36}$/);
  const { accountId, ...body } = metadata;
  assert.deepEqual(await response.json(), body);
  assert.equal(api.hasExtensions, true);
  const features = { "lambda-extension-accept-feature": "accountId, other" };
  const withAccount = await register("other", { events: [] }, features);
  assert.deepEqual(await withAccount.json(), { ...body, accountId });
});

const registrations: [what: string, name: string | undefined, body: unknown, errorType: string][] =
  [
    ["without a name", undefined, { events: [] }, "Extension.InvalidExtensionName"],
    ["for SHUTDOWN", "hold", { events: ["INVOKE", "SHUTDOWN"] }, "Extension.InvalidEventType"],
    ["for an unknown event", "hold", { events: ["FREEZE"] }, "Extension.InvalidEventType"],
    ["with no JSON", "hold", "{", "InvalidRequestFormat"],
    ["with too much", "hold", " ".repeat(100_000), "InvalidRequestFormat"],
    ["with null", "hold", "null", "InvalidRequestFormat"],
    ["with events that are none", "hold", { events: "INVOKE" }, "InvalidRequestFormat"],
  ];
for (const [what, name, body, errorType] of registrations) {
  test(`refuses a registration ${what}`, async (t) => {
    const { api, register } = await setUp(t);
    assert.deepEqual(await refusal(register(name, body)), [403, errorType]);
    assert.equal(api.hasExtensions, false);
  });
}

test("refuses a name's second registration, an eleventh extension, and who comes late", async (t) => {
  const { register, runtimeNext, heard } = await setUp(t);
  for (let index = 0; index < 10; index++) {
    assert.equal((await register(`extension ${index}`)).status, 200);
  }
  assert.deepEqual(await refusal(register("extension 0")), [
    403,
    "Extension.InvalidExtensionState",
  ]);
  assert.deepEqual(await refusal(register("one more")), [403, "Extension.TooManyExtensions"]);
  void runtimeNext().catch(() => {});
  await heard("runtime ready");
  assert.deepEqual(await refusal(register("late")), [403, "Extension.RegistrationClosed"]);
});

test("refuses who doesn't say which extension it is, or is none", async (t) => {
  const { next, fail } = await setUp(t);
  for (const ask of [next, (id?: string) => fail("init", id, "A.B")]) {
    assert.deepEqual(await refusal(ask()), [403, "Extension.MissingExtensionIdentifier"]);
    assert.deepEqual(await refusal(ask("me")), [403, "Extension.InvalidExtensionIdentifier"]);
    const unknown = [403, "Extension.UnknownExtensionIdentifier"];
    assert.deepEqual(await refusal(ask(randomUUID())), unknown);
  }
});

test("is ready when the runtime and all extensions wait, at init and after an invocation", async (t) => {
  const { api, events, registered, next, runtimeNext, respond, heard } = await setUp(t);
  const id = await registered("hold");
  const onlooker = await registered("onlooker", { events: [] });
  const runtimeWaits = runtimeNext();
  await heard("runtime ready");
  const extensionWaits = next(id);
  assert.deepEqual(await refusal(next(randomUUID())), [
    403,
    "Extension.UnknownExtensionIdentifier",
  ]);
  assert.ok(!events.includes("ready"));
  void next(onlooker).catch(() => {});
  await heard("ready");

  const invocation = newInvocation(Buffer.from("{}"));
  const { requestId, traceId } = invocation;
  api.deliver(invocation, { deadlineMs: 1234, functionArn: "arn:f" });
  assert.deepEqual(await (await extensionWaits).json(), {
    eventType: "INVOKE",
    deadlineMs: 1234,
    requestId,
    invokedFunctionArn: "arn:f",
    tracing: { type: "X-Amzn-Trace-Id", value: traceId },
  });
  await runtimeWaits;
  await respond(requestId);
  void runtimeNext().catch(() => {});
  await heard("runtime ready", 2);
  assert.equal(events.filter((event) => event === "ready").length, 1);
  void next(id).catch(() => {});
  await heard("ready", 2);
});

test("waits for an extension that is faster than the runtime, too", async (t) => {
  const { events, registered, next, runtimeNext, heard } = await setUp(t);
  void next(await registered("hold")).catch(() => {});
  void runtimeNext().catch(() => {});
  await heard("ready");
  assert.deepEqual(events, ["runtime ready", "ready"]);
});

test("refuses a second wait at once", async (t) => {
  const { registered, next } = await setUp(t);
  const id = await registered("hold");
  // One of the two stays open.
  const first = await Promise.race([next(id), next(id)]);
  assert.deepEqual(await refusal(first), [403, "Extension.InvalidExtensionState"]);
});

test("takes an extension's errors, and nothing more from it", async (t) => {
  const { events, registered, next, fail } = await setUp(t);
  const id = await registered("hold");
  assert.deepEqual(await refusal(fail("init", id)), [403, "Extension.MissingHeader"]);
  assert.equal((await fail("init", id, "Hold.NoConfiguration")).status, 202);
  assert.equal((await fail("init", id, "Hold.Again")).status, 202);
  assert.deepEqual(await refusal(next(id)), [403, "Extension.InvalidExtensionState"]);
  assert.deepEqual(await refusal(fail("exit", id, "A.B")), [
    403,
    "Extension.InvalidExtensionState",
  ]);
  const other = await registered("other");
  assert.equal((await fail("exit", other, "A.B")).status, 202);
  assert.deepEqual(events, ["Extension.InitError", "Extension.InitError", "Extension.ExitError"]);
});
