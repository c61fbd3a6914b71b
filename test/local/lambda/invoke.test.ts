import {
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  ListFunctionsCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import assert from "node:assert/strict";
import { test } from "node:test";
import { setUpLambda } from "./harness.ts";

const arn = "arn:aws:lambda:us-east-1:123456789012:function:echo";
const echo = "exports.handler = async (event) => ({ event });";

test("answers what the handler returns", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  assert.deepEqual(await define("echo", echo), { ref: "echo", attributes: { Arn: arn } });
  const { result, StatusCode, FunctionError, ExecutedVersion } = await invoke("echo", { a: "ü" });
  assert.deepEqual(
    { result, StatusCode, FunctionError, ExecutedVersion },
    {
      result: { event: { a: "ü" } },
      StatusCode: 200,
      FunctionError: undefined,
      ExecutedVersion: "$LATEST",
    },
  );
});

test("takes a name, an ARN, a partial ARN, with $LATEST, and no payload", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("echo", echo);
  for (const name of [
    "echo",
    arn,
    "123456789012:function:echo",
    "echo:$LATEST",
    `${arn}:$LATEST`,
  ]) {
    assert.deepEqual((await invoke(name)).result, { event: {} }, name);
  }
  assert.deepEqual((await invoke("echo", 1, { Qualifier: "$LATEST" })).result, { event: 1 });
});

test("answers null for undefined", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("nothing", "exports.handler = async () => {};");
  assert.equal((await invoke("nothing", {})).result, null);
});

test("gives the handler its context", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define(
    "context",
    `exports.handler = async (event, context) => ({
      ...context,
      remaining: context.getRemainingTimeInMillis(),
    });`,
    { Timeout: 7, MemorySize: 256 },
  );
  const ClientContext = Buffer.from('{"custom":1}').toString("base64");
  const { result, $metadata } = await invoke("context", {}, { ClientContext });
  const { remaining, logStreamName, xRayTraceId, ...rest } = result;
  assert.ok(remaining > 5000 && remaining <= 7000, `${remaining}`);
  assert.match(xRayTraceId, /^Root=1-/);
  assert.match(logStreamName, /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
  assert.deepEqual(rest, {
    functionName: "context",
    functionVersion: "$LATEST",
    invokedFunctionArn: arn.replace("echo", "context"),
    memoryLimitInMB: "256",
    awsRequestId: $metadata.requestId,
    logGroupName: "/aws/lambda/context",
    clientContext: { custom: 1 },
  });
});

test("answers an error with its type, message and trace", async (t) => {
  const { define, invoke, lines } = await setUpLambda(t);
  await define(
    "errors",
    `class OrderError extends Error { name = "OrderError"; }
    exports.handler = async (event) => {
      if (event === "string") throw "just text";
      throw new OrderError("no such order");
    };`,
  );
  const { result, FunctionError, StatusCode } = await invoke("errors", {});
  assert.equal(StatusCode, 200);
  assert.equal(FunctionError, "Unhandled");
  assert.equal(result.errorType, "OrderError");
  assert.equal(result.errorMessage, "no such order");
  assert.equal(result.trace[0], "OrderError: no such order");
  assert.match(lines.at(-1)!.line, /^Invoke Error\s.*no such order/);

  const thrown = await invoke("errors", "string");
  assert.deepEqual(thrown.result, { errorType: "string", errorMessage: "just text", trace: [] });
});

test("answers errors of the API itself", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("echo", echo);
  await assert.rejects(invoke("missing"), {
    name: "ResourceNotFoundException",
    message: "Function not found: arn:aws:lambda:us-east-1:123456789012:function:missing",
  });
  await assert.rejects(invoke("echo", {}, { Qualifier: "prod" }), {
    name: "ResourceNotFoundException",
    message: /function:echo:prod$/,
  });
  await assert.rejects(invoke("echo", {}, { Payload: Buffer.from("{") }), {
    name: "InvalidRequestContentException",
  });
  await assert.rejects(invoke("echo", "x".repeat(6 * 1024 * 1024)), {
    name: "RequestTooLargeException",
  });
  assert.equal((await invoke("echo", {}, { InvocationType: "DryRun" })).StatusCode, 204);
});

test("refuses a response that is too large, and goes on", async (t) => {
  const { define, invoke } = await setUpLambda(t);
  await define("large", "exports.handler = async (length) => 'x'.repeat(length);");
  const { result, FunctionError } = await invoke("large", 6 * 1024 * 1024);
  assert.equal(FunctionError, "Unhandled");
  assert.equal(result.errorType, "Function.ResponseSizeTooLarge");
  assert.equal((await invoke("large", 3)).result, "xxx");
});

test("describes functions", async (t) => {
  const { define, client } = await setUpLambda(t);
  await define("echo", echo, {
    Environment: { Variables: { A: 1 } },
    Description: "says it again",
  });
  const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: "echo" }));
  const { FunctionArn, Timeout, MemorySize, Environment, State } = Configuration!;
  assert.deepEqual(
    { FunctionArn, Timeout, MemorySize, Environment, State },
    {
      FunctionArn: arn,
      Timeout: 3,
      MemorySize: 128,
      Environment: { Variables: { A: "1" } },
      State: "Active",
    },
  );
  const configuration = await client.send(
    new GetFunctionConfigurationCommand({ FunctionName: arn }),
  );
  assert.equal(configuration.Description, "says it again");
  const { Functions } = await client.send(new ListFunctionsCommand());
  assert.deepEqual(
    Functions!.map(({ FunctionName }) => FunctionName),
    ["echo"],
  );
});

test("changes a function's configuration, for environments started later", async (t) => {
  const { define, client, invoke } = await setUpLambda(t);
  await define("colour", "exports.handler = async () => process.env.COLOUR + process.pid;", {
    Environment: { Variables: { COLOUR: "red" } },
  });
  const update = (Variables: Record<string, string>) =>
    client.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: "colour",
        Environment: { Variables },
      }),
    );
  assert.match((await invoke("colour")).result, /^red/);
  await update({ COLOUR: "blue" });
  assert.match((await invoke("colour")).result, /^blue/);
  await assert.rejects(update({ AWS_REGION: "mars" }), { name: "InvalidParameterValueException" });
});
