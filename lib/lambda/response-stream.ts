import { Readable } from "node:stream";
import { finished } from "node:stream/promises";

/** The stream that a streaming handler has answered with, itself or as the body of an HTTP response. */
export function streamIn(response: unknown): Readable | undefined {
  if (response instanceof Readable) return response;
  const body = (response as { body?: unknown } | null | undefined)?.body;
  return body instanceof Readable ? body : undefined;
}

/** Resolves when a stream has ended, well or badly. Never rejects. */
export async function streamed(stream: Readable | undefined): Promise<void> {
  if (stream === undefined) return;
  try {
    await finished(stream);
  } catch {
    // Whoever sends it has the error.
  }
}
