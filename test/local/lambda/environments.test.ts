import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test, type TestContext } from "node:test";
import type { Agent } from "../../../lib/local/lambda/index.ts";
import { closeServer, listen } from "../../../lib/local/listen.ts";
import { isAlive, setUpLambda, until } from "./harness.ts";

/** A server that answers when so many requests are waiting for it. */
async function barrier(t: TestContext, parties: number) {
  const waiting: (() => void)[] = [];
  const server = createServer((_, response) => {
    waiting.push(() => response.end());
    server.emit("arrived", waiting.length);
    if (waiting.length === parties) for (const release of waiting) release();
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  t.after(() => closeServer(server));
  return { url, server };
}
const meet = `let count = 0;
exports.handler = async (url) => {
  if (typeof url === 'string') await fetch(url);
  return { pid: process.pid, count: ++count };
};`;

test("runs invocations at once in environments of their own, and uses idle ones again", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("meet", meet, { Timeout: 30 });
  const { url } = await barrier(t, 5);
  const cold = await Promise.all(Array.from({ length: 5 }, () => invoke("meet", url)));
  assert.equal(new Set(cold.map(({ result }) => result.pid)).size, 5);
  assert.ok(cold.every(({ result }) => result.count === 1));

  const second = await barrier(t, 5);
  const warm = await Promise.all(Array.from({ length: 5 }, () => invoke("meet", second.url)));
  assert.deepEqual(
    new Set(warm.map(({ result }) => result.pid)),
    new Set(cold.map(({ result }) => result.pid)),
  );
  assert.ok(warm.every(({ result }) => result.count === 2));
});

test("uses one environment for one invocation after the other", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("meet", meet);
  const results = [];
  for (let index = 0; index < 5; index++) results.push((await invoke("meet")).result);
  assert.deepEqual(
    results.map(({ count }) => count),
    [1, 2, 3, 4, 5],
  );
});

test("throttles beyond the account's concurrency, and beyond a function's own", async (t) => {
  const { define, invoke } = await setUpLambda(t, { accountConcurrency: 2 });
  await define("a", meet, { Timeout: 30 });
  await define("b", meet, { Timeout: 30 });
  await define("reserved", meet, { Timeout: 30, ReservedConcurrentExecutions: 1 });
  await define("off", meet, { ReservedConcurrentExecutions: 0 });
  const { url, server } = await barrier(t, 4);
  const running = [invoke("a", url), invoke("b", url), invoke("reserved", url)];
  for (let arrived = 0; arrived < 3;) [arrived] = await once(server, "arrived");

  const limit = { name: "TooManyRequestsException", Reason: "ConcurrentInvocationLimitExceeded" };
  const ownLimit = { ...limit, Reason: "ReservedFunctionConcurrentInvocationLimitExceeded" };
  await assert.rejects(invoke("a"), limit);
  await assert.rejects(invoke("b"), limit);
  await assert.rejects(invoke("reserved"), ownLimit);
  await assert.rejects(invoke("off"), ownLimit);
  await fetch(url);
  await Promise.all(running);
  assert.equal((await invoke("a")).result.count, 2);
});

test("gives the process what Lambda gives, and nothing of this one's environment", async (t) => {
  process.env["SEGUE_TEST_SECRET"] = "this process's own";
  t.after(() => delete process.env["SEGUE_TEST_SECRET"]);
  const { define, invoke, gateway } = await setUpLambda(t);
  await define("env", "exports.handler = async () => ({ env: process.env, cwd: process.cwd() });", {
    Environment: { Variables: { TABLE: "orders" } },
  });
  const { env, cwd } = (await invoke("env")).result;
  const { AWS_LAMBDA_RUNTIME_API, AWS_LAMBDA_LOG_STREAM_NAME, LAMBDA_TASK_ROOT, ...others } = env;
  const { _X_AMZN_TRACE_ID, ...rest } = others;
  assert.match(_X_AMZN_TRACE_ID, /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/);
  assert.match(AWS_LAMBDA_RUNTIME_API, /^127\.0\.0\.1:\d+$/);
  assert.ok(AWS_LAMBDA_LOG_STREAM_NAME);
  assert.equal(LAMBDA_TASK_ROOT, cwd);
  assert.deepEqual(rest, {
    _HANDLER: "index.handler",
    AWS_ACCESS_KEY_ID: "key of arn:aws:iam::123456789012:role/test",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_ENDPOINT_URL: gateway.endpoint,
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
    AWS_LAMBDA_FUNCTION_NAME: "env",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/env",
    AWS_REGION: "us-east-1",
    AWS_SECRET_ACCESS_KEY: "secret",
    AWS_SESSION_TOKEN: "token",
    HOME: "/home/sbx_user1051",
    LANG: "en_US.UTF-8",
    PATH: "/usr/local/bin:/usr/bin:/bin",
    TABLE: "orders",
    TZ: ":UTC",
  });
});

const sdkCode = "const names = [typeof DynamoDBClient, typeof marshall, typeof HttpRequest];";
const bundles: [what: string, files: Record<string, string>][] = [
  [
    "a module",
    {
      "index.mjs": `import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
        import { marshall } from "@aws-sdk/util-dynamodb";
        import { HttpRequest } from "@smithy/core/protocols";
        ${sdkCode} export const handler = async () => names;`,
    },
  ],
  [
    "a CommonJS bundle",
    {
      "index.js": `const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
        const { marshall } = require("@aws-sdk/util-dynamodb");
        const { HttpRequest } = require("@smithy/core/protocols");
        ${sdkCode} module.exports = { handler: async () => names };`,
    },
  ],
  [
    "a .cjs bundle that imports later",
    {
      "index.cjs": `exports.handler = async () => {
        const { DynamoDBClient } = await import("@aws-sdk/client-dynamodb");
        const { marshall } = await import("@aws-sdk/util-dynamodb");
        const { HttpRequest } = await import("@smithy/core/protocols");
        ${sdkCode} return names; };`,
    },
  ],
  [
    "a module package",
    {
      "package.json": '{ "type": "module" }',
      "index.js": `import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
        import { marshall } from "@aws-sdk/util-dynamodb";
        import { HttpRequest } from "@smithy/core/protocols";
        ${sdkCode} await Promise.resolve(); export const handler = async () => names;`,
    },
  ],
];
for (const [what, files] of bundles) {
  test(`provides the SDK to ${what}`, async (t) => {
    const { define, invoke } = await setUpLambda(t);
    await define("bundle", files, { Timeout: 30 });
    assert.deepEqual((await invoke("bundle")).result, ["function", "function", "function"]);
  });
}

test("prefers a function's own copy of the SDK, and takes a handler in a folder", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  const own = "node_modules/@aws-sdk/client-dynamodb";
  await define(
    "own",
    {
      "src/index.mjs": `import { own } from "@aws-sdk/client-dynamodb";
        export const handlers = { main: async () => own };`,
      [`${own}/package.json`]: '{ "main": "index.js" }',
      [`${own}/index.js`]: "exports.own = true;",
    },
    { Handler: "src/index.handlers.main" },
  );
  assert.equal((await invoke("own")).result, true);
});

test("starts an AppConfig agent for each environment of a function with its layer", async (t) => {
  const events: string[] = [];
  const { define, invoke, lambda } = await setUpLambda(t, {
    async startAgent(variables) {
      events.push(`start ${variables["A"]}`);
      return {
        port: 4711,
        invoked: () => events.push("invoked"),
        async close() {
          events.push("close");
        },
      };
    },
  });
  await define(
    "agent",
    "exports.handler = async () => process.env.AWS_APPCONFIG_EXTENSION_HTTP_PORT;",
    {
      Layers: ["arn:aws:lambda:us-east-1:027255383542:layer:AWS-AppConfig-Extension:128"],
      Environment: { Variables: { A: "1", AWS_APPCONFIG_EXTENSION_HTTP_PORT: "2772" } },
    },
  );
  assert.equal((await invoke("agent")).result, "4711");
  assert.equal((await invoke("agent")).result, "4711");
  await lambda.close();
  assert.deepEqual(events, ["start 1", "invoked", "invoked", "close"]);
});

test("closes while an agent still starts, and closes the agent", async (t) => {
  const starting = Promise.withResolvers<void>();
  const started = Promise.withResolvers<Agent>();
  const closed = Promise.withResolvers<void>();
  const { define, invoke, lambda } = await setUpLambda(t, {
    startAgent() {
      starting.resolve();
      return started.promise;
    },
  });
  await define("agent", "exports.handler = async () => {};", {
    Layers: ["arn:aws:lambda:us-east-1:027255383542:layer:AWS-AppConfig-Extension:128"],
  });
  const invocation = invoke("agent");
  await starting.promise;
  await lambda.close();
  assert.equal((await invocation).result.errorType, "Runtime.ExitError");
  started.resolve({ port: 1, invoked: () => {}, close: async () => closed.resolve() });
  await closed.promise;
});

test("kills every process when it closes, those with an invocation too", async (t) => {
  const { define, invoke, lambda, lines } = await setUpLambda(t);
  await define("pid", "exports.handler = async () => process.pid;");
  await define("busy", "exports.handler = () => { console.log(process.pid); for (;;); };", {
    Timeout: 60,
  });
  const idle = (await invoke("pid")).result as number;
  const running = invoke("busy");
  await until("it runs", () => lines.length === 1);
  const busy = Number(lines[0]!.line);
  assert.ok(isAlive(idle) && isAlive(busy));
  await lambda.close();
  assert.ok(!isAlive(idle) && !isAlive(busy));
  assert.equal((await running).result.errorType, "Runtime.ExitError");
});
