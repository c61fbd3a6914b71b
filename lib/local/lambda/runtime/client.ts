import { Agent, request, type IncomingHttpHeaders } from "node:http";
import type { ErrorBody } from "./errors.ts";

/** The runtime's side of the Runtime API. Everything rejects when the API is gone. */
export interface RuntimeClient {
  /** Waits for an invocation, for as long as it takes. */
  next(): Promise<{ headers: IncomingHttpHeaders; body: string }>;
  postResponse(requestId: string, payload: string): Promise<void>;
  postError(requestId: string, error: ErrorBody): Promise<void>;
  postInitError(error: ErrorBody): Promise<void>;
}

/** @param address host and port. `fetch` isn't for this: it gives up on `next` after five minutes. */
export function runtimeClient(address: string): RuntimeClient {
  const agent = new Agent({ keepAlive: true });
  const send = (method: string, path: string, body = "", headers: Record<string, string> = {}) =>
    new Promise<{ headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
      const url = `http://${address}/2018-06-01/runtime${path}`;
      const outgoing = request(url, { method, agent, headers }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () =>
          resolve({ headers: incoming.headers, body: Buffer.concat(chunks).toString() }),
        );
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  const sendError = async (path: string, error: ErrorBody) => {
    await send("POST", path, JSON.stringify(error), {
      "content-type": "application/json",
      "lambda-runtime-function-error-type": error.errorType,
    });
  };
  return {
    next: () => send("GET", "/invocation/next"),
    async postResponse(requestId, payload) {
      const headers = { "content-type": "application/json" };
      await send("POST", `/invocation/${requestId}/response`, payload, headers);
    },
    postError: (requestId, error) => sendError(`/invocation/${requestId}/error`, error),
    postInitError: (error) => sendError("/init/error", error),
  };
}
