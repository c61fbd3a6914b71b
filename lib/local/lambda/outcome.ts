import type { Exit } from "./process.ts";

/** What became of an invocation. */
export interface Outcome {
  /** What the handler returned, or its error: JSON both, unless the function streams. */
  readonly payload: Buffer;
  readonly failed: boolean;
}

/** The most that a synchronous request or a response may have, in bytes. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

/** The most that a response may have whose caller takes it as a stream, in bytes. */
export const MAX_STREAM_BYTES = 200 * 1024 * 1024;

/** An error that doesn't come from the handler but from what ran it. */
function platformError(errorType: string, errorMessage: string): Outcome {
  return { payload: Buffer.from(JSON.stringify({ errorType, errorMessage })), failed: true };
}

export function timedOut(requestId: string, seconds: number): Outcome {
  return platformError(
    "Sandbox.Timedout",
    `RequestId: ${requestId} Error: Task timed out after ${seconds.toFixed(2)} seconds`,
  );
}

/** @param errorType what an extension has said before, if one has */
export function exited(
  requestId: string,
  { code, signal }: Exit,
  errorType = "Runtime.ExitError",
): Outcome {
  const reason =
    code === null ? `signal: ${signalNames[signal!] ?? signal}` : `exit status ${code}`;
  const how =
    code === 0
      ? "Runtime exited without providing a reason"
      : `Runtime exited with error: ${reason}`;
  return platformError(errorType, `RequestId: ${requestId} Error: ${how}`);
}

export function responseTooLarge(limitBytes: number): Outcome {
  return platformError(
    "Function.ResponseSizeTooLarge",
    `Response payload size exceeded maximum allowed payload size (${limitBytes} bytes).`,
  );
}

export function truncatedResponse(): Outcome {
  return platformError("Runtime.TruncatedResponse", "The response broke off before its end");
}

export function invalidResponseMode(): Outcome {
  return platformError("Runtime.InvalidResponseModeHeader", "Invalid function response mode");
}

/** As Lambda's own supervisor, which is written in Go, calls them. */
const signalNames: Partial<Record<NodeJS.Signals, string>> = {
  SIGABRT: "aborted",
  SIGKILL: "killed",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
};
