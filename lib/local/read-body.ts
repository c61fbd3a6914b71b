import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip as gunzipCallback } from "node:zlib";

const gunzip = promisify(gunzipCallback);

/** A body that can't be taken, with the HTTP status to say so. */
export class BodyError extends Error {
  override readonly name = "BodyError";
  readonly status: 400 | 413;

  constructor(status: 400 | 413, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Reads a request's body, and decompresses it where it is gzipped.
 *
 * @param limitBytes the most it may have, before and after
 * @throws BodyError
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const tooLarge = () => new BodyError(413, `the body has more than ${limitBytes} bytes`);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    // What is too much is read and dropped, as a client that is still sending reads no answer.
    if (length <= limitBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (length > limitBytes) throw tooLarge();
  const body = Buffer.concat(chunks);
  if (request.headers["content-encoding"] !== "gzip") return body;
  try {
    return await gunzip(body, { maxOutputLength: limitBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge();
    throw new BodyError(400, "the body is not gzip, as its content-encoding says");
  }
}
