/**
 * The process of an execution environment: a small runtime client, which loads the handler and runs
 * invocations one after the other until it is killed. It differs from Lambda's in that `console`
 * prints lines as they are, without time, request id and level in front.
 */
import { runtimeClient } from "./runtime/client.ts";
import { invocationContext } from "./runtime/context.ts";
import { errorBody, RuntimeError, type ErrorBody } from "./runtime/errors.ts";
import { loadHandler, type Handler } from "./runtime/handler.ts";
import { provideSdk } from "./runtime/sdk.ts";

const { env } = process;
const api = runtimeClient(env["AWS_LAMBDA_RUNTIME_API"]!);
let requestId: string | undefined;

process.on("uncaughtException", (error) => void crash("Uncaught Exception", error, 129));
process.on("unhandledRejection", (reason) => {
  const error = new RuntimeError("UnhandledPromiseRejection", String(reason), { cause: reason });
  if (reason instanceof Error && reason.stack !== undefined) error.stack = reason.stack;
  void crash("Unhandled Promise Rejection", error, 128);
});
provideSdk();
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
    return crash("Init Error", error, 1);
  }
}

async function serve(handler: Handler): Promise<never> {
  for (;;) {
    const { headers, body } = await api.next();
    const id = String(headers["lambda-runtime-aws-request-id"]);
    env["_X_AMZN_TRACE_ID"] = String(headers["lambda-runtime-trace-id"]);
    requestId = id;
    const answer = await run(handler, body, invocationContext(headers, env));
    await flushOutput();
    if ("payload" in answer) await api.postResponse(id, answer.payload);
    else await api.postError(id, answer);
    requestId = undefined;
  }
}

async function run(
  handler: Handler,
  body: string,
  context: unknown,
): Promise<{ payload: string } | ErrorBody> {
  try {
    const result = await handler(JSON.parse(body), context);
    return { payload: JSON.stringify(result === undefined ? null : result) ?? "null" };
  } catch (error) {
    const reported = errorBody(error);
    console.error("Invoke Error", JSON.stringify(reported));
    return reported;
  }
}

/** Reports what can't be recovered from, and ends the process as Lambda's runtime client does. */
async function crash(what: string, thrown: unknown, exitCode: number): Promise<never> {
  const error = errorBody(thrown);
  try {
    console.error(what, JSON.stringify(error));
    await flushOutput();
    await (requestId === undefined ? api.postInitError(error) : api.postError(requestId, error));
  } finally {
    process.exit(exitCode);
  }
}

/** So that what an invocation printed is out before its response is. */
async function flushOutput(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write("", () => resolve()));
  }
}
