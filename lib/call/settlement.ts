import { copy } from "../comparison/index.ts";

/** How one version's run ended, as the comparison sees it. */
export type Settlement = Answered | Failed | TimedOut;

export interface Answered {
  readonly status: "answered";
  readonly durationMs: number;
  /**
   * The answer for the comparison and the record. A copy where the caller holds the original, so that
   * what the caller does to its answer later doesn't reach the comparison.
   */
  value: unknown;
  /** Why no copy could be made; then `value` is undefined. */
  notCopied?: string;
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

/** Makes the settlement's answer independent of the one that the caller gets. Never throws. */
export function detach(settlement: Answered): Answered {
  try {
    settlement.value = copy(settlement.value);
  } catch (error) {
    settlement.value = undefined;
    settlement.notCopied = error instanceof Error ? error.message : String(error);
  }
  return settlement;
}
