import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeServer, listen } from "../listen.ts";
import { BodyError, readBody } from "../read-body.ts";
import type { Invocation } from "./invocation.ts";
import { MAX_PAYLOAD_BYTES } from "./outcome.ts";

/** The Lambda Runtime API of one execution environment, whatever runtime client asks it. */
export interface RuntimeApi {
  /** Host and port, as `AWS_LAMBDA_RUNTIME_API` has them. */
  readonly address: string;
  /** Gives an invocation to the runtime, which must be waiting for one. */
  deliver(
    invocation: Invocation,
    details: { readonly deadlineMs: number; readonly functionArn: string },
  ): void;
  close(): Promise<void>;
}

/** What the runtime tells. */
export interface RuntimeEvents {
  /** It waits for an invocation: its init or its last invocation is over. */
  onNext(): void;
  onResponse(payload: Buffer): void;
  /** A response that is over the limit. */
  onResponseTooLarge(): void;
  onError(payload: Buffer): void;
  onInitError(payload: Buffer): void;
}

const prefix = "/2018-06-01/runtime";

// The Extensions API (/2020-01-01/extension/…) belongs on this server too. With it, an environment
// is idle when the runtime and every extension wait for what comes next.
export async function startRuntimeApi(events: RuntimeEvents): Promise<RuntimeApi> {
  let waiting: ServerResponse | undefined;
  let current: { readonly requestId: string; answered: boolean } | undefined;

  const next = (outgoing: ServerResponse) => {
    if (current !== undefined && !current.answered) return refuse(outgoing, 403, notAllowed);
    current = undefined;
    waiting = outgoing;
    events.onNext();
  };

  const settle = async (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    [requestId, kind]: readonly [requestId: string, kind: string],
  ) => {
    if (current?.requestId !== requestId) return refuse(outgoing, 400, invalidRequestId);
    if (current.answered) return refuse(outgoing, 403, notAllowed);
    current.answered = true;
    try {
      const payload = await readBody(incoming, MAX_PAYLOAD_BYTES);
      accept(outgoing);
      if (kind === "response") events.onResponse(payload);
      else events.onError(payload);
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
      const errorType = "RequestEntityTooLarge";
      refuse(outgoing, 413, { errorType, errorMessage: error.message });
      events.onResponseTooLarge();
    }
    return undefined;
  };

  const initError = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const payload = await readBody(incoming, MAX_PAYLOAD_BYTES);
    accept(outgoing);
    events.onInitError(payload);
  };

  const route = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const request = `${incoming.method} ${incoming.url}`;
    if (request === `GET ${prefix}/invocation/next`) return next(outgoing);
    if (request === `POST ${prefix}/init/error`) return initError(incoming, outgoing);
    const invocation = /^POST (.*)\/invocation\/([^/]+)\/(response|error)$/.exec(request);
    if (invocation?.[1] === prefix) {
      return settle(incoming, outgoing, [invocation[2]!, invocation[3]!]);
    }
    return refuse(outgoing, 404, { errorType: "NotFound", errorMessage: `no route ${request}` });
  };

  const server = createServer((incoming, outgoing) => {
    // A request that breaks off is a process that died, which is seen by its exit.
    route(incoming, outgoing).catch(() => outgoing.destroy());
  });
  const port = await listen(server);
  return {
    address: `127.0.0.1:${port}`,
    deliver(invocation, { deadlineMs, functionArn }) {
      const { requestId, payload, traceId, clientContext } = invocation;
      const outgoing = waiting!;
      waiting = undefined;
      current = { requestId, answered: false };
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
const invalidRequestId = { errorType: "InvalidRequestID", errorMessage: "Invalid request ID" };

function accept(outgoing: ServerResponse): void {
  outgoing.writeHead(202, { "content-type": "application/json" });
  outgoing.end(JSON.stringify({ status: "OK" }));
}

function refuse(outgoing: ServerResponse, status: number, error: object): void {
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify(error));
}
