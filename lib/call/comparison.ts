import type { Difference } from "../comparison/index.ts";
import type { Mode, Version } from "../mode/mode.ts";
import type { Outcome } from "./outcome.ts";
import type { Settlement } from "./settlement.ts";

/** What became of one call that ran both versions, or its primary twice. */
export interface Comparison {
  readonly migration: string;
  readonly operation: string;
  readonly mode: Mode;
  /** The version of the mode document that was in force. */
  readonly documentVersion: string;
  readonly requestId: string;
  /** Number of the call within its invocation, from 0; calibrations are numbered apart. */
  readonly sequence: number;
  /** When the call began, in epoch milliseconds. */
  readonly time: number;
  /** The version that was to answer the caller. */
  readonly primary: Version;
  /** Whether the primary was compared with itself: then `v1` is its first run, and `v2` its second. */
  readonly calibration?: boolean;
  readonly outcome: Outcome;
  /** Why, for `ignored` and `not-compared`. */
  readonly reason?: string;
  /** Whether the caller got the secondary's answer. */
  readonly fallback: boolean;
  readonly v1: Settlement | undefined;
  readonly v2: Settlement | undefined;
  /** The arguments as they were when the call began, or why they could not be kept. */
  readonly arguments: readonly unknown[] | { readonly notCopied: string };
  readonly differences: readonly Difference[];
  /** Whether there are more differences than are listed. */
  readonly truncated: boolean;
  /** Comparisons that went wrong the same way have the same signature. */
  readonly signature: string;
  /** How many calls this comparison stands for: 1 over the share of calls that are compared. */
  readonly weight: number;
  /** The weight of those before it that have its signature and were not stored, for the cap. */
  readonly leftOut?: number;
}
