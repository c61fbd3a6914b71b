import type { Version } from "../mode/mode.ts";

/** What an adapter made with {@link withCall} is told of each call. */
export interface Call {
  readonly version: Version;
  /** `primary` when the caller gets this version's answer. */
  readonly role: "primary" | "secondary";
  /**
   * Aborts when nobody waits for the answer any more: at the secondary's deadline, or for a V2 whose
   * caller got V1's answer. A version that runs alone is never aborted.
   */
  readonly signal: AbortSignal;
  /** Set for dual writes: both versions get the same key. */
  readonly idempotencyKey?: string;
  /** The invocation's request id. */
  readonly requestId: string;
  /** When the call began, in epoch milliseconds; the same for both versions. */
  readonly now: number;
}

/** The dependency's interface with the {@link Call} before the arguments of each method. */
export type WithCall<Dependency> = {
  [Name in keyof Dependency]: Dependency[Name] extends (...args: infer Args) => infer Result
    ? (call: Call, ...args: Args) => Result
    : never;
};

/** A version whose methods want to know more of the call. Made by {@link withCall}. */
export class CallAware<Dependency> {
  readonly make: () => WithCall<Dependency>;
  constructor(make: () => WithCall<Dependency>) {
    this.make = make;
  }
}

/**
 * Marks a version whose methods get the {@link Call} as their first argument, before the interface's
 * own: its `signal` to stop work that nobody waits for, its `role`, its `requestId`.
 *
 * @param make an adapter, or a function that makes one on first use.
 * @example
 * v2: withCall(() => ({
 *   customerIds: (call, merchantId) => fetchIds(merchantId, { signal: call.signal }),
 * }))
 */
export function withCall<Dependency>(
  // The dependency is known from where the result goes, and never guessed from the methods.
  make: NoInfer<WithCall<Dependency> | (() => WithCall<Dependency>)>,
): CallAware<Dependency> {
  return new CallAware(typeof make === "function" ? make : () => make);
}

/** An adapter, a function that makes one on first use, or one of these that wants the call. */
export type Adapter<Dependency> = Dependency | (() => Dependency) | CallAware<Dependency>;

/** Runs a method of one version. Never throws: what the adapter throws rejects the promise. */
export type Invoke = (
  operation: string,
  call: () => Call,
  args: readonly unknown[],
) => Promise<unknown>;

/** Turns what a migration was given as `v1` or `v2` into the way to call it. */
export function invoker(version: Version, adapter: Adapter<any>): Invoke {
  const callAware = adapter instanceof CallAware;
  const make: () => any = callAware
    ? adapter.make
    : typeof adapter === "function"
      ? adapter
      : () => adapter;
  let made: any;
  return (operation, call, args) => {
    try {
      // What is not made yet is made now, and again next time if that throws: a version whose set-up
      // fails is a version that fails, and may recover.
      made ??= make();
      const method = made?.[operation];
      if (typeof method !== "function") {
        // A factory that is async by mistake: what it rejects with must not go unhandled.
        if (made instanceof Promise) made.catch(() => {});
        throw new TypeError(`${version} has no method ${operation}`);
      }
      return promiseOf(callAware ? method.call(made, call(), ...args) : method.apply(made, args));
    } catch (error) {
      return Promise.reject(error);
    }
  };
}

// As the language has it, whatever a dependency does to it later.
const { then } = Promise.prototype;

/**
 * A promise that can be trusted to run its reactions: the very one, if it is one of the language's own
 * with nothing changed, else one that follows what was given.
 */
function promiseOf(result: unknown): Promise<unknown> {
  if (result instanceof Promise && result.then === then && result.constructor === Promise) {
    return result;
  }
  return new Promise((resolve) => resolve(result));
}
