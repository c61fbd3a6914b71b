import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeServer, listen } from "../listen.ts";
import { BodyError, readBody } from "../read-body.ts";
import { accept, refuse } from "./api-answers.ts";
import {
  createExtensionsApi,
  type ExtensionEvents,
  type FunctionMetadata,
} from "./extensions-api.ts";
import type { Invocation } from "./invocation.ts";
import {
  MAX_PAYLOAD_BYTES,
  invalidResponseMode,
  responseTooLarge,
  truncatedResponse,
  type Outcome,
} from "./outcome.ts";
import { readStreamedResponse } from "./streamed-response.ts";

/** The Runtime API and the Extensions API of one process, whatever runtime client it runs. */
export interface RuntimeApi {
  /** Host and port, as `AWS_LAMBDA_RUNTIME_API` has them. */
  readonly address: string;
  readonly hasExtensions: boolean;
  /** Gives an invocation to the runtime and to the extensions, all of which must be ready. */
  deliver(
    invocation: Invocation,
    details: { readonly deadlineMs: number; readonly functionArn: string },
  ): void;
  close(): Promise<void>;
}

/** What the process tells. */
export interface RuntimeEvents extends Pick<ExtensionEvents, "onExtensionError"> {
  /** The runtime waits for an invocation: its part of init or of the last invocation is over. */
  onRuntimeReady(): void;
  /** So do all extensions: init or the last invocation is over. */
  onReady(): void;
  /** The invocation's response, or its error, is in. */
  onOutcome(outcome: Outcome): void;
  onInitError(payload: Buffer): void;
}

/** The invocation that the runtime has. */
interface Current {
  readonly invocation: Invocation;
  answered: boolean;
  brokenOff: boolean;
  /** Resolved when its answer is in, as far as it goes. */
  readonly over: PromiseWithResolvers<void>;
}

const prefix = "/2018-06-01/runtime";

export async function startRuntimeApi(
  metadata: FunctionMetadata,
  events: RuntimeEvents,
): Promise<RuntimeApi> {
  let initialized = false;
  let waiting: ServerResponse | undefined;
  let current: Current | undefined;

  const reportReady = () => {
    if (waiting !== undefined && extensions.allReady) events.onReady();
  };
  const extensions = createExtensionsApi(metadata, {
    onExtensionReady: reportReady,
    onExtensionError: (errorType) => events.onExtensionError(errorType),
  });

  const next = async (outgoing: ServerResponse) => {
    // AWS's client may ask before the end of a streamed response is out.
    await current?.over.promise;
    if (current?.brokenOff) events.onOutcome(truncatedResponse());
    current = undefined;
    waiting = outgoing;
    initialized = true;
    extensions.closeRegistration();
    events.onRuntimeReady();
    reportReady();
  };

  const settle = async (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    [requestId, kind]: readonly [requestId: string, kind: string],
  ) => {
    if (current?.invocation.requestId !== requestId) return refuse(outgoing, 400, invalidRequestId);
    if (current.answered) return refuse(outgoing, 403, notAllowed);
    current.answered = true;
    const mode = kind === "response" && incoming.headers["lambda-runtime-function-response-mode"];
    try {
      if (mode === "streaming") {
        const outcome = await readStreamedResponse(incoming, current.invocation.onChunk);
        accept(outgoing);
        return events.onOutcome(outcome);
      }
      const payload = await readBody(incoming, MAX_PAYLOAD_BYTES);
      if (mode) {
        refuse(outgoing, 400, invalidMode);
        return events.onOutcome(invalidResponseMode());
      }
      accept(outgoing);
      events.onOutcome({ payload, failed: kind === "error" });
    } catch (error) {
      if (!(error instanceof BodyError)) {
        // The process has died, which its exit tells, or goes on with its next invocation.
        current.brokenOff = true;
        throw error;
      }
      const errorType = "RequestEntityTooLarge";
      refuse(outgoing, 413, { errorType, errorMessage: error.message });
      events.onOutcome(responseTooLarge(MAX_PAYLOAD_BYTES));
    } finally {
      current.over.resolve();
    }
    return undefined;
  };

  const initError = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (initialized) return refuse(outgoing, 403, notAllowed);
    const payload = await readBody(incoming, MAX_PAYLOAD_BYTES);
    accept(outgoing);
    events.onInitError(payload);
    return undefined;
  };

  const route = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const request = `${incoming.method} ${incoming.url}`;
    if (request === `GET ${prefix}/invocation/next`) return next(outgoing);
    if (request === `POST ${prefix}/init/error`) return initError(incoming, outgoing);
    const invocation = /^POST (.*)\/invocation\/([^/]+)\/(response|error)$/.exec(request);
    if (invocation?.[1] === prefix) {
      return settle(incoming, outgoing, [invocation[2]!, invocation[3]!]);
    }
    if (await extensions.handle(incoming, outgoing)) return undefined;
    return refuse(outgoing, 404, { errorType: "NotFound", errorMessage: `no route ${request}` });
  };

  const server = createServer((incoming, outgoing) => {
    // A request that breaks off has nobody who reads an answer.
    route(incoming, outgoing).catch(() => outgoing.destroy());
  });
  const port = await listen(server);
  return {
    address: `127.0.0.1:${port}`,
    get hasExtensions() {
      return extensions.count > 0;
    },
    deliver(invocation, { deadlineMs, functionArn }) {
      const { requestId, payload, traceId, clientContext } = invocation;
      const outgoing = waiting!;
      waiting = undefined;
      current = { invocation, answered: false, brokenOff: false, over: Promise.withResolvers() };
      extensions.deliver({
        eventType: "INVOKE",
        deadlineMs,
        requestId,
        invokedFunctionArn: functionArn,
        tracing: { type: "X-Amzn-Trace-Id", value: traceId },
      });
      outgoing.writeHead(200, {
        "content-type": "application/json",
        "lambda-runtime-aws-request-id": requestId,
        "lambda-runtime-deadline-ms": String(deadlineMs),
        "lambda-runtime-invoked-function-arn": functionArn,
        "lambda-runtime-trace-id": traceId,
        // The runtime gets it as JSON, the caller sends it in base64.
        ...(clientContext !== undefined && {
          "lambda-runtime-client-context": Buffer.from(clientContext, "base64").toString("latin1"),
        }),
      });
      outgoing.end(payload);
    },
    close: () => closeServer(server),
  };
}

const notAllowed = {
  errorType: "InvalidStateTransition",
  errorMessage: "Transition is not allowed in the runtime's state",
};
const invalidMode = {
  errorType: "InvalidFunctionResponseMode",
  errorMessage: "Invalid function response mode",
};
const invalidRequestId = { errorType: "InvalidRequestID", errorMessage: "Invalid request ID" };
