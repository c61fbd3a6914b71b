import type { Tally } from "../metrics/tally.ts";
import type { Version } from "../mode/mode.ts";
import type { Call } from "./adapter.ts";
import type { CallSite } from "./call-site.ts";
import { performance } from "./clock.ts";
import type { Answered, Failed } from "./settlement.ts";

const METRICS = {
  v1: { calls: "V1Calls", errors: "V1Errors", latency: "V1Latency" },
  v2: { calls: "V2Calls", errors: "V2Errors", latency: "V2Latency" },
} as const;

/** Whose attempt it is. */
export interface AttemptOwner {
  /** When the call began, in epoch milliseconds; asked only for an adapter that wants the call. */
  readonly now: number;
  /** Runs once, before anything that is attached to the attempt's promise later. It must not throw. */
  settled(attempt: Attempt, end: Answered | Failed): void;
}

/** One version's run in one call, counted and timed. */
export class Attempt {
  /** The adapter's own promise, with its very value or its very error. */
  readonly promise: Promise<unknown>;
  /** By `performance.now()`. */
  readonly startedAt = performance.now();
  readonly #tally: Tally;
  readonly #version: Version;
  #controller: AbortController | undefined;
  #measured = false;

  /**
   * Starts a version with arguments of its own. Never throws.
   *
   * @param idempotencyKey of a dual write.
   */
  constructor(
    site: CallSite,
    version: Version,
    role: Call["role"],
    args: readonly unknown[],
    owner: AttemptOwner,
    idempotencyKey?: string,
  ) {
    this.#tally = site.tally;
    this.#version = version;
    // Most adapters don't ask for the call, and its AbortController costs more than all the rest.
    const call = (): Call => ({
      version,
      role,
      signal: (this.#controller ??= new AbortController()).signal,
      idempotencyKey,
      requestId: site.invocation.requestId,
      now: owner.now,
    });
    site.tally.count(METRICS[version].calls);
    this.promise = site.versions[version](site.operation, call, args);
    this.promise.then(
      (value) => {
        const durationMs = this.#measure(false);
        owner.settled(this, { status: "answered", durationMs, value });
      },
      (error: unknown) => {
        const durationMs = this.#measure(true);
        owner.settled(this, { status: "failed", durationMs, error });
      },
    );
  }

  /** Milliseconds since the start. */
  get elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  /**
   * Tells the adapter that nobody waits any more. A version that has not settled by then counts as
   * failed, at the time it took until now.
   */
  giveUp(reason: string): void {
    this.#measure(true);
    this.#controller?.abort(new DOMException(reason, "AbortError"));
  }

  #measure(failed: boolean): number {
    const ms = this.elapsedMs;
    if (!this.#measured) {
      this.#measured = true;
      const metrics = METRICS[this.#version];
      this.#tally.took(metrics.latency, ms);
      if (failed) this.#tally.count(metrics.errors);
    }
    return ms;
  }
}

/** Runs one version alone. Nobody else waits for it, so it needs none of an {@link Attempt}'s state. */
export function callAlone(
  site: CallSite,
  version: Version,
  args: readonly unknown[],
  idempotencyKey?: string,
): Promise<unknown> {
  const { tally, operation, invocation } = site;
  const { calls, errors, latency } = METRICS[version];
  const call = (): Call => ({
    version,
    role: "primary",
    signal: new AbortController().signal,
    idempotencyKey,
    requestId: invocation.requestId,
    now: Date.now(),
  });
  tally.count(calls);
  const startedAt = performance.now();
  const promise = site.versions[version](operation, call, args);
  promise.then(
    () => tally.took(latency, performance.now() - startedAt),
    () => {
      tally.took(latency, performance.now() - startedAt);
      tally.count(errors);
    },
  );
  return promise;
}
