/** Codes of Node.js and undici for a connection that broke when the request may have been read. */
const BROKEN = new Set([
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENETRESET",
  "ENETDOWN",
  "EHOSTDOWN",
  "ABORT_ERR",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_HTTP2_STREAM_ERROR",
  "ERR_HTTP2_SESSION_ERROR",
  "ERR_HTTP2_STREAM_CANCEL",
  "UND_ERR_SOCKET",
  "UND_ERR_ABORTED",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);

const UNFINISHED = new Set([
  "AbortError",
  "TimeoutError",
  "RequestTimeout",
  "RequestTimeoutException",
  // An answer that came and could not be read.
  "SyntaxError",
]);

const MAX_CAUSES = 20;

/**
 * Whether a write that failed so may have been done all the same: a time-out, an abort, a broken
 * connection, an answer that can't be read, an HTTP status of 408 or from 500 on, and whatever an AWS
 * client ended with after it had tried more than once. A connection that was never made, and a clear no,
 * are not. Looks at the error, its causes and its parts. Never throws.
 */
export function isAmbiguousError(error: unknown): boolean {
  const open: unknown[] = [error];
  try {
    for (let seen = 0; open.length > 0; seen++) {
      if (seen === MAX_CAUSES) return true;
      const next = open.pop();
      if (typeof next !== "object" || next === null) continue;
      if (isUnfinished(next)) return true;
      const { cause, errors } = next as { cause?: unknown; errors?: unknown };
      open.push(cause, ...(Array.isArray(errors) ? errors : []));
    }
    return false;
  } catch {
    // What can't be read can't be told to be harmless.
    return true;
  }
}

function isUnfinished(error: any): boolean {
  const { name, code, $metadata } = error;
  if (UNFINISHED.has(name) || BROKEN.has(code) || $metadata?.attempts > 1) return true;
  const statuses = [
    error.status,
    error.statusCode,
    $metadata?.httpStatusCode,
    error.response?.status,
  ];
  return statuses.some((status) => typeof status === "number" && (status === 408 || status >= 500));
}
