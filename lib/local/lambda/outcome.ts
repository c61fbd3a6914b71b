/** What became of an invocation. */
export interface Outcome {
  /** What the handler returned, or its error: JSON both. */
  readonly payload: Buffer;
  readonly failed: boolean;
}

/** The most that a synchronous request or a response may have, in bytes. */
export const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

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

export function exited(
  requestId: string,
  code: number | null,
  signal: NodeJS.Signals | null,
): Outcome {
  const reason =
    code === null ? `signal: ${signalNames[signal!] ?? signal}` : `exit status ${code}`;
  const how =
    code === 0
      ? "Runtime exited without providing a reason"
      : `Runtime exited with error: ${reason}`;
  return platformError("Runtime.ExitError", `RequestId: ${requestId} Error: ${how}`);
}

export function responseTooLarge(): Outcome {
  return platformError(
    "Function.ResponseSizeTooLarge",
    `Response payload size exceeded maximum allowed payload size (${MAX_PAYLOAD_BYTES} bytes).`,
  );
}

/** As Lambda's own supervisor, which is written in Go, calls them. */
const signalNames: Partial<Record<NodeJS.Signals, string>> = {
  SIGABRT: "aborted",
  SIGKILL: "killed",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
};
