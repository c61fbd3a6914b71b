import { Readable } from "node:stream";
import { finished } from "node:stream/promises";

export type Streamed = Readable | ReadableStream;

/**
 * The stream that a streaming handler has answered with, itself or as the body of an HTTP response. Never
 * throws.
 */
export function streamIn(response: unknown): Streamed | undefined {
  try {
    if (isStream(response)) return response;
    const { statusCode, body } = (response ?? {}) as { statusCode?: unknown; body?: unknown };
    // Without a status Middy takes it for no HTTP response, and nobody would ever read its body.
    return statusCode && isStream(body) ? body : undefined;
  } catch {
    // A getter of the response's own.
    return undefined;
  }
}

function isStream(value: unknown): value is Streamed {
  return value instanceof Readable || value instanceof ReadableStream;
}

/**
 * Resolves when a stream has ended, well or badly, or when nobody should wait any more. Never rejects.
 */
export async function streamed(stream: Streamed, signal: AbortSignal): Promise<void> {
  try {
    await finished(stream as Readable, { signal });
  } catch {
    // Whoever sends it has the error.
  }
}
