import { performance } from "./clock.ts";
import type { Outcome } from "./outcome.ts";

/** When a secondary that keeps failing is left alone, and how many may run at once. */
export interface LimitOptions {
  /** Secondaries in flight beyond which none is started. */
  readonly maxInFlight: number;
  /** Failures in a row after which none is started any more; no breaker if unset. */
  readonly breakAfter: number | undefined;
  /** Milliseconds after which one secondary is let through, to see whether it is well again. */
  readonly probeAfterMs: number;
}

/** What a comparison tells about the secondary's health; the others tell nothing. */
const HEALTH: Partial<Record<Outcome, "well" | "failing">> = {
  match: "well",
  mismatch: "well",
  ignored: "well",
  "not-compared": "well",
  "primary-error": "well",
  // It failed, and so did the primary, which says more of the question than of the secondary.
  "same-error": "well",
  "secondary-error": "failing",
  timeout: "failing",
};

/**
 * The breaker and the cap on one operation's secondaries, for all invocations of an environment: a V2
 * that is dead or slow costs no more than a probe now and then.
 */
export class SecondaryLimits {
  readonly #options: LimitOptions;
  #inFlight = 0;
  #failures = 0;
  /** When the breaker opened or the last probe failed, by `performance.now()`. */
  #openedAt: number | undefined;
  #probing = false;

  constructor(options: LimitOptions) {
    this.#options = options;
  }

  /** Why no secondary may be started now, if so. Otherwise the caller starts one, or calls {@link released}. */
  refusal(): "SkippedByCap" | "SkippedByBreaker" | undefined {
    if (this.isFull) return "SkippedByCap";
    if (this.#openedAt !== undefined) {
      if (this.#probing) return "SkippedByBreaker";
      if (performance.now() - this.#openedAt < this.#options.probeAfterMs) {
        return "SkippedByBreaker";
      }
      this.#probing = true;
    }
    return undefined;
  }

  /** Whether as many are in flight as may be. */
  get isFull(): boolean {
    return this.#inFlight >= this.#options.maxInFlight;
  }

  /** A secondary was started. */
  started(): void {
    this.#inFlight++;
  }

  /** A secondary has ended, as its comparison says. */
  ended(outcome: Outcome): void {
    this.#inFlight--;
    this.released();
    const { breakAfter } = this.#options;
    if (HEALTH[outcome] === "well") {
      this.#failures = 0;
      this.#openedAt = undefined;
    } else if (HEALTH[outcome] === "failing" && breakAfter !== undefined) {
      this.#failures++;
      if (this.#failures >= breakAfter) this.#openedAt = performance.now();
    }
  }

  /** The secondary that {@link refusal} let through isn't started after all. */
  released(): void {
    this.#probing = false;
  }
}
