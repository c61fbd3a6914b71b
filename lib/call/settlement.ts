import { copy } from "../comparison/index.ts";
import { messageOf } from "../logger.ts";

/** How one version's run ended, as the comparison sees it. */
export type Settlement = Answered | Failed | TimedOut;

export interface Answered {
  readonly status: "answered";
  readonly durationMs: number;
  /** The answer; of the version that answered the caller a copy, see {@link detached}. */
  readonly value: unknown;
  /** Why there is no copy; then `value` is undefined. */
  readonly notCopied?: string;
}

export interface Failed {
  readonly status: "failed";
  readonly durationMs: number;
  readonly error: unknown;
}

/** Not settled within its time. What it settles to later is of no interest to anyone. */
export interface TimedOut {
  readonly status: "timed-out";
  readonly durationMs: number;
}

/**
 * The settlement with an answer or an error of its own, so that what the caller does to the original
 * doesn't reach the comparison or the record. Never throws.
 *
 * @param maxValues how many values are copied at the most.
 */
export function detached(settlement: Settlement, maxValues: number): Settlement {
  const { status, durationMs } = settlement;
  switch (status) {
    case "answered":
      try {
        return { status, durationMs, value: copy(settlement.value, maxValues) };
      } catch (error) {
        return { status, durationMs, value: undefined, notCopied: messageOf(error) };
      }
    case "failed":
      try {
        return { status, durationMs, error: copy(settlement.error, maxValues) };
      } catch {
        return { status, durationMs, error: new Error(messageOf(settlement.error)) };
      }
    case "timed-out":
      return settlement;
  }
}
