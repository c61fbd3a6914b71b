import type { ResponseStream } from "./response-stream.ts";

/** How Lambda's runtime marks a handler that streams. */
const streamingKey = Symbol.for("aws.lambda.runtime.handler.streaming");

export function isStreaming(handler: object): boolean {
  return (handler as Record<symbol, unknown>)[streamingKey] === "response";
}

/** Gives functions the global `awslambda`, with which their handlers stream. */
export function provideStreaming(): void {
  const awslambda = {
    streamifyResponse: (handler: object) => Object.assign(handler, { [streamingKey]: "response" }),
    HttpResponseStream: { from: withHttpPrelude },
  };
  Object.assign(globalThis, { awslambda });
}

const HTTP_CONTENT_TYPE = "application/vnd.awslambda.http-integration-response";
const DELIMITER_BYTES = 8;

/** Puts an HTTP response's status and headers in front of its body. */
function withHttpPrelude(stream: ResponseStream, prelude: object): ResponseStream {
  stream.setContentType(HTTP_CONTENT_TYPE);
  const head = Buffer.from(JSON.stringify(prelude));
  stream.setPrelude(Buffer.concat([head, Buffer.alloc(DELIMITER_BYTES)]));
  return stream;
}
