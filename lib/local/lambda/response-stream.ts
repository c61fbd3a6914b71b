import { PassThrough, type Readable } from "node:stream";
import { eventMessage } from "./event-stream.ts";
import type { Outcome } from "./outcome.ts";
import type { OnChunk } from "./streamed-response.ts";

/** A function's response on its way to a caller that takes it as it comes. */
export interface ResponseStream {
  /** In the event stream encoding. */
  readonly stream: Readable;
  /** Resolves at the first part. */
  readonly begun: Promise<void>;
  readonly onChunk: OnChunk;
  /** Sends what hasn't gone as parts, and how it ended. */
  end(outcome: Outcome, logTail: string | undefined): void;
}

export function responseStream(): ResponseStream {
  const stream = new PassThrough();
  const begun = Promise.withResolvers<void>();
  const onChunk = async (chunk: Buffer) => {
    begun.resolve();
    const payload = eventMessage("PayloadChunk", "application/octet-stream", chunk);
    // A caller that has gone stops nothing.
    if (stream.destroyed || stream.write(payload)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        stream.off("drain", done).off("close", done);
        resolve();
      };
      stream.on("drain", done).on("close", done);
    });
  };
  return {
    stream,
    begun: begun.promise,
    onChunk,
    end({ payload, failed }, logTail) {
      if (!failed && payload.length > 0) void onChunk(payload);
      // What AWS puts into ErrorCode is not verified.
      const complete = {
        ...(failed && { ErrorCode: errorType(payload), ErrorDetails: payload.toString() }),
        ...(logTail !== undefined && { LogResult: logTail }),
      };
      const content = Buffer.from(JSON.stringify(complete));
      stream.end(eventMessage("InvokeComplete", "application/json", content));
    },
  };
}

function errorType(payload: Buffer): string {
  try {
    return String((JSON.parse(payload.toString()) as { errorType?: unknown }).errorType);
  } catch {
    return "Unhandled";
  }
}
