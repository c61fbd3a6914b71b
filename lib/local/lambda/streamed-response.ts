import type { IncomingMessage } from "node:http";
import { MAX_PAYLOAD_BYTES, MAX_STREAM_BYTES, responseTooLarge, type Outcome } from "./outcome.ts";

/** Takes a part of a response, and resolves when it can take more. */
export type OnChunk = (chunk: Buffer) => Promise<void> | void;

/**
 * Reads a response that a runtime streams, with the error that its trailers may tell.
 *
 * @param onChunk takes the parts as they come, and then they aren't in the outcome's payload;
 * without it the response is collected, and may be as large as one that isn't streamed
 * @throws Error when the response breaks off
 */
export async function readStreamedResponse(
  incoming: IncomingMessage,
  onChunk?: OnChunk,
): Promise<Outcome> {
  const chunks: Buffer[] = [];
  const take = onChunk ?? ((chunk) => void chunks.push(chunk));
  const limit = onChunk === undefined ? MAX_PAYLOAD_BYTES : MAX_STREAM_BYTES;
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    // What is too much is read and dropped, so that the runtime can go on.
    if (length <= limit) await take(chunk);
  }
  if (length > limit) return responseTooLarge(limit);
  return trailingError(incoming) ?? { payload: Buffer.concat(chunks), failed: false };
}

/** What went wrong after the response had begun. */
function trailingError({ trailers }: IncomingMessage): Outcome | undefined {
  const errorType = trailers["lambda-runtime-function-error-type"];
  if (errorType === undefined) return undefined;
  const body = trailers["lambda-runtime-function-error-body"];
  const payload =
    body === undefined ? Buffer.from(JSON.stringify({ errorType })) : Buffer.from(body, "base64");
  return { payload, failed: true };
}
