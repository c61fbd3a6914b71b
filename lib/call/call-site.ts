import type { Tally } from "../metrics/tally.ts";
import type { Version } from "../mode/mode.ts";
import type { Invoke } from "./adapter.ts";
import type { Invocation } from "./invocation.ts";

/** One operation in one invocation: all that its calls there have in common. */
export interface CallSite {
  readonly migration: string;
  readonly operation: string;
  readonly documentVersion: string;
  /** Share of the reads that call the secondary, from 0 to 1. */
  readonly secondaryShare: number;
  /** Whether matches may be stored, and so have to be kept as they were. */
  readonly keepsMatches: boolean;
  readonly versions: Readonly<Record<Version, Invoke>>;
  readonly invocation: Invocation;
  readonly tally: Tally;
}
