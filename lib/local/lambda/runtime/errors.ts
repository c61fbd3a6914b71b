/** An error as Lambda's runtime clients post it. */
export interface ErrorBody {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** What a handler threw, which may be anything. */
export function errorBody(thrown: unknown): ErrorBody {
  if (!(thrown instanceof Error)) {
    return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  }
  const trace = thrown.stack?.split("\n") ?? [];
  return { errorType: thrown.name, errorMessage: thrown.message, trace };
}

/** An error of the runtime client's own, such as `Runtime.HandlerNotFound`. */
export class RuntimeError extends Error {
  constructor(kind: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = `Runtime.${kind}`;
  }
}
