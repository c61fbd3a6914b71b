import type { ServiceRequest, ServiceResponse } from "../service.ts";
import type { AsynchronousInvocations } from "./asynchronous.ts";
import { checkVariables, type FunctionChange } from "./definition.ts";
import type { Functions, LocalFunction } from "./functions.ts";
import type { LogBook } from "./logs.ts";
import { newInvocation, type Invocation } from "./invocation.ts";
import { MAX_PAYLOAD_BYTES } from "./outcome.ts";
import { responseStream } from "./response-stream.ts";

export interface LambdaApiParts {
  readonly functions: Functions;
  readonly asynchronous: AsynchronousInvocations;
  readonly logs: LogBook;
  readonly region: string;
  readonly account: string;
}

/** What an asynchronous invocation may have, in bytes. */
const MAX_EVENT_BYTES = 1024 * 1024;

/** Answers Lambda's API (restJson1), as far as invoking and looking at functions go. */
export async function lambdaApi(
  request: ServiceRequest,
  parts: LambdaApiParts,
): Promise<ServiceResponse> {
  const path = decodeURIComponent(request.path);
  const route = /^\/(?:2015-03-31|2021-11-15)\/functions(?:\/([^/]+)(?:\/([a-z-]+))?)?\/?$/.exec(
    path,
  );
  const operation = `${request.method} ${route?.[2] ?? (route?.[1] === undefined ? "list" : "")}`;
  if (route !== null && operation === "GET list") {
    return json(200, { Functions: [...parts.functions.all()].map(configuration) });
  }
  const name = route?.[1] ?? "";
  const qualifier = request.query.get("Qualifier") ?? "$LATEST";
  const found = qualifier === "$LATEST" ? parts.functions.find(name) : undefined;
  if (route !== null && found === undefined) {
    const suffix = qualifier === "$LATEST" ? "" : `:${qualifier}`;
    const arn = name.startsWith("arn:")
      ? name
      : `arn:aws:lambda:${parts.region}:${parts.account}:function:${name}`;
    return error(404, "ResourceNotFoundException", `Function not found: ${arn}${suffix}`);
  }
  switch (operation) {
    case "POST invocations":
      return invoke(request, found!, parts);
    case "POST response-streaming-invocations":
      return invokeWithResponseStream(request, found!, parts);
    case "GET configuration":
      return json(200, configuration(found!));
    case "PUT configuration":
      return changeConfiguration(request, found!, parts);
    case "GET ":
      return json(200, {
        Configuration: configuration(found!),
        Code: { RepositoryType: "S3", Location: "" },
      });
    default: {
      const message = `the local cloud's Lambda has no operation ${request.method} ${path}`;
      return error(404, "UnknownOperationException", message);
    }
  }
}

/** What both ways to invoke have in common: the invocation, or why there can be none. */
function readInvocation(
  request: ServiceRequest,
  type: string,
  more: Pick<Invocation, "onChunk"> = {},
): Invocation | ServiceResponse {
  const limit = type === "Event" ? MAX_EVENT_BYTES : MAX_PAYLOAD_BYTES;
  if (request.body.length > limit) {
    const message = `${request.body.length} byte payload is too large for the ${type} invocation type (limit ${limit} bytes)`;
    return error(413, "RequestTooLargeException", message);
  }
  const payload = request.body.length === 0 ? Buffer.from("{}") : request.body;
  const malformed = jsonError(payload);
  if (malformed !== undefined) {
    const message = `Could not parse request body into json: ${malformed}`;
    return error(400, "InvalidRequestContentException", message);
  }
  return newInvocation(payload, {
    clientContext: header(request, "x-amz-client-context"),
    traceId: header(request, "x-amzn-trace-id"),
    ...more,
  });
}

function header({ headers }: ServiceRequest, name: string): string | undefined {
  return headers[name] as string | undefined;
}

function executedHeaders({ requestId }: Invocation): Record<string, string> {
  return { "x-amzn-requestid": requestId, "x-amz-executed-version": "$LATEST" };
}

async function invoke(
  request: ServiceRequest,
  target: LocalFunction,
  { asynchronous, logs }: LambdaApiParts,
): Promise<ServiceResponse> {
  const type = header(request, "x-amz-invocation-type") ?? "RequestResponse";
  const invocation = readInvocation(request, type);
  if ("status" in invocation) return invocation;
  const headers = executedHeaders(invocation);
  if (type === "DryRun") return { status: 204, headers };
  if (type === "Event") {
    asynchronous.submit(invocation, (each) => target.invoke(each), target.maxRetries);
    return { status: 202, headers };
  }
  if (type !== "RequestResponse") {
    return error(400, "InvalidParameterValueException", `InvocationType: got ${type}`);
  }
  const outcome = await target.invoke(invocation);
  if (outcome === "throttled") return throttled(target);
  const tail = logTail(request, logs, { target, invocation });
  return {
    status: 200,
    headers: {
      ...headers,
      "content-type": "application/json",
      ...(outcome.failed && { "x-amz-function-error": "Unhandled" }),
      ...(tail !== undefined && { "x-amz-log-result": tail }),
    },
    body: outcome.payload,
  };
}

async function invokeWithResponseStream(
  request: ServiceRequest,
  target: LocalFunction,
  { logs }: LambdaApiParts,
): Promise<ServiceResponse> {
  const type = header(request, "x-amz-invocation-type") ?? "RequestResponse";
  if (type !== "RequestResponse" && type !== "DryRun") {
    return error(400, "InvalidParameterValueException", `InvocationType: got ${type}`);
  }
  const response = responseStream();
  const invocation = readInvocation(request, type, { onChunk: response.onChunk });
  if ("status" in invocation) return invocation;
  const headers = executedHeaders(invocation);
  if (type === "DryRun") return { status: 204, headers };
  const ended = target.invoke(invocation).then((outcome) => {
    if (outcome === "throttled") return outcome;
    return response.end(outcome, logTail(request, logs, { target, invocation }));
  });
  // The answer begins with the response.
  const first = await Promise.race([ended, response.begun]);
  if (first === "throttled") return throttled(target);
  ended.catch((caught: unknown) => response.stream.destroy(caught as Error));
  const contentType = { "content-type": "application/vnd.amazon.eventstream" };
  return { status: 200, headers: { ...headers, ...contentType }, stream: response.stream };
}

/** In base64, if the caller wants it. */
function logTail(
  request: ServiceRequest,
  logs: LogBook,
  { target, invocation }: { readonly target: LocalFunction; readonly invocation: Invocation },
): string | undefined {
  if (header(request, "x-amz-log-type") !== "Tail") return undefined;
  const tail = logs.tail(target.definition.name, invocation.requestId);
  return Buffer.from(tail).toString("base64");
}

function throttled({ definition }: LocalFunction): ServiceResponse {
  const Reason =
    definition.reservedConcurrency === undefined
      ? "ConcurrentInvocationLimitExceeded"
      : "ReservedFunctionConcurrentInvocationLimitExceeded";
  return error(429, "TooManyRequestsException", "Rate Exceeded.", { Reason });
}

async function changeConfiguration(
  { body }: ServiceRequest,
  { definition }: LocalFunction,
  { functions }: LambdaApiParts,
): Promise<ServiceResponse> {
  const malformed = jsonError(body);
  if (malformed !== undefined) return error(400, "InvalidRequestContentException", malformed);
  const input = JSON.parse(body.toString()) as Record<string, any>;
  const { Description, Handler, Timeout, MemorySize, Environment, ...others } = input;
  // A revision id guards against another's change, and there is nobody else.
  const unknown = Object.keys(others).filter((name) => name !== "RevisionId");
  try {
    if (unknown.length > 0) throw new Error(`can't be changed here: ${unknown.join(", ")}`);
    const change: FunctionChange = {
      ...(Description !== undefined && { description: Description }),
      ...(Handler !== undefined && { handler: Handler }),
      ...(Timeout !== undefined && { timeoutSeconds: Timeout }),
      ...(MemorySize !== undefined && { memoryMb: MemorySize }),
      ...(Environment !== undefined && { variables: checkVariables(Environment.Variables ?? {}) }),
    };
    functions.change(definition.name, change);
  } catch (caught) {
    return error(400, "InvalidParameterValueException", (caught as Error).message);
  }
  return json(200, configuration(functions.find(definition.name)!));
}

function configuration({ definition, modified, revisionId }: LocalFunction): object {
  return {
    FunctionName: definition.name,
    FunctionArn: definition.arn,
    Runtime: definition.runtime,
    Role: definition.roleArn,
    Handler: definition.handler,
    Description: definition.description,
    Timeout: definition.timeoutSeconds,
    MemorySize: definition.memoryMb,
    LastModified: modified.toISOString().replace("Z", "+0000"),
    Version: "$LATEST",
    Environment: { Variables: definition.variables },
    RevisionId: revisionId,
    State: "Active",
    LastUpdateStatus: "Successful",
    PackageType: "Zip",
    Architectures: [definition.architecture],
    LoggingConfig: { LogFormat: "Text", LogGroup: definition.logGroupName },
  };
}

function jsonError(body: Buffer): string | undefined {
  try {
    JSON.parse(body.toString());
    return undefined;
  } catch (caught) {
    return (caught as Error).message;
  }
}

function json(status: number, content: object): ServiceResponse {
  const headers = { "content-type": "application/json" };
  return { status, headers, body: JSON.stringify(content) };
}

function error(status: number, type: string, message: string, more: object = {}): ServiceResponse {
  const headers = { "content-type": "application/json", "x-amzn-errortype": type };
  // Lambda's errors differ in the case of this name.
  const body = JSON.stringify({ Type: "User", message, Message: message, ...more });
  return { status, headers, body };
}
