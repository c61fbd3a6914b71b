import { Agent, request, type ClientRequest, type IncomingHttpHeaders } from "node:http";
import type { ErrorBody } from "./errors.ts";

/** The runtime's side of the Runtime API. Everything rejects when the API is gone. */
export interface RuntimeClient {
  /** Waits for an invocation, for as long as it takes. */
  next(): Promise<Pick<Answer, "headers" | "body">>;
  postResponse(requestId: string, payload: string): Promise<void>;
  /** Begins a response that goes out as it is written. */
  streamResponse(requestId: string, contentType: string): StreamedPost;
  postError(requestId: string, error: ErrorBody): Promise<void>;
  postInitError(error: ErrorBody): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface StreamedPost {
  readonly outgoing: ClientRequest;
  /** Resolves when the whole response has been taken. */
  readonly taken: Promise<void>;
}

/** What a streamed response may tell when it is too late for anything else. */
export const errorTrailers = {
  type: "lambda-runtime-function-error-type",
  body: "lambda-runtime-function-error-body",
} as const;

/** @param address host and port. `fetch` isn't for this: it gives up on `next` after five minutes. */
export function runtimeClient(address: string): RuntimeClient {
  const agent = new Agent({ keepAlive: true });

  const open = (method: string, path: string, headers: Record<string, string>) => {
    const answer = Promise.withResolvers<Answer>();
    const url = `http://${address}/2018-06-01/runtime${path}`;
    const outgoing = request(url, { method, agent, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", answer.reject);
      incoming.on("end", () =>
        answer.resolve({
          status: incoming.statusCode!,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    outgoing.on("error", answer.reject);
    return { outgoing, answer: answer.promise };
  };
  const send = (method: string, path: string, body = "", headers: Record<string, string> = {}) => {
    const { outgoing, answer } = open(method, path, headers);
    outgoing.end(body);
    return answer;
  };
  const sendError = async (path: string, error: ErrorBody) => {
    await send("POST", path, JSON.stringify(error), {
      "content-type": "application/json",
      "lambda-runtime-function-error-type": error.errorType,
    });
  };

  return {
    async next() {
      const answer = await send("GET", "/invocation/next");
      if (answer.status !== 200) throw new Error(`no invocation: ${answer.body}`);
      return answer;
    },
    async postResponse(requestId, payload) {
      const headers = { "content-type": "application/json" };
      await send("POST", `/invocation/${requestId}/response`, payload, headers);
    },
    streamResponse(requestId, contentType) {
      const { outgoing, answer } = open("POST", `/invocation/${requestId}/response`, {
        "content-type": contentType,
        "lambda-runtime-function-response-mode": "streaming",
        "transfer-encoding": "chunked",
        trailer: Object.values(errorTrailers).join(", "),
      });
      return { outgoing, taken: answer.then(() => {}) };
    },
    postError: (requestId, error) => sendError(`/invocation/${requestId}/error`, error),
    postInitError: (error) => sendError("/init/error", error),
  };
}
