/**
 * The process of an execution environment: a small runtime client, which loads the handler and runs
 * invocations one after the other until it is killed. It differs from Lambda's in that `console`
 * prints lines as they are, without time, request id and level in front.
 */
import { runtimeClient } from "./runtime/client.ts";
import { invocationContext } from "./runtime/context.ts";
import { errorBody } from "./runtime/errors.ts";
import { loadHandler, type Handler } from "./runtime/handler.ts";
import { ResponseStream } from "./runtime/response-stream.ts";
import { isStreaming, provideStreaming } from "./runtime/streaming.ts";
import { TELEMETRY_VARIABLE } from "./telemetry.ts";

const { env } = process;
const api = runtimeClient(env["AWS_LAMBDA_RUNTIME_API"]!);

// This client prints to the standard streams.
delete env[TELEMETRY_VARIABLE];
provideStreaming();
try {
  await serve(await load());
} catch {
  // The Runtime API is gone, and with it the local cloud.
  process.exit(1);
}

async function load(): Promise<Handler> {
  try {
    return await loadHandler(env["LAMBDA_TASK_ROOT"]!, env["_HANDLER"]!);
  } catch (error) {
    const reported = errorBody(error);
    console.error("Init Error", JSON.stringify(reported));
    await api.postInitError(reported);
    return process.exit(1);
  }
}

async function serve(handler: Handler): Promise<never> {
  const run = isStreaming(handler) ? runStreaming : runBuffered;
  for (;;) {
    const { headers, body } = await api.next();
    env["_X_AMZN_TRACE_ID"] = String(headers["lambda-runtime-trace-id"]);
    const requestId = String(headers["lambda-runtime-aws-request-id"]);
    await run(requestId, handler, [JSON.parse(body), invocationContext(headers, env)]);
  }
}

type Arguments = readonly [event: unknown, context: unknown];

async function runBuffered(
  requestId: string,
  handler: Handler,
  [event, context]: Arguments,
): Promise<void> {
  let payload: string;
  try {
    const result = await handler(event, context);
    payload = JSON.stringify(result === undefined ? null : result) ?? "null";
  } catch (error) {
    const reported = reportError(error);
    await flushOutput();
    await api.postError(requestId, reported);
    return;
  }
  await flushOutput();
  await api.postResponse(requestId, payload);
}

async function runStreaming(
  requestId: string,
  handler: Handler,
  [event, context]: Arguments,
): Promise<void> {
  const response = new ResponseStream((contentType) => api.streamResponse(requestId, contentType));
  try {
    const result = handler(event, response, context) as PromiseLike<unknown> | undefined;
    if (typeof result?.then !== "function") {
      throw new Error("Streaming does not support non-async handlers.");
    }
    await result;
    await response.taken();
  } catch (error) {
    const reported = reportError(error);
    await flushOutput();
    // Lambda's own client doesn't survive it either, whether or not the response has begun.
    if (response.isBrokenOff) process.exit(1);
    if (!response.hasBegun) await api.postError(requestId, reported);
    else await response.fail(reported);
  }
}

function reportError(error: unknown) {
  const reported = errorBody(error);
  console.error("Invoke Error", JSON.stringify(reported));
  return reported;
}

/** So that what an invocation printed is out before its response is. */
async function flushOutput(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write("", () => resolve()));
  }
}
