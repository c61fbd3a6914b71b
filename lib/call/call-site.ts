import type { Tally } from "../metrics/tally.ts";
import type { Version } from "../mode/mode.ts";
import type { Invoke } from "./adapter.ts";
import type { Invocation } from "./invocation.ts";
import type { Plan } from "./plan.ts";

/** One call of one operation: what is called, by whom, under which document. */
export interface CallSite {
  readonly migration: string;
  readonly operation: string;
  readonly plan: Plan;
  readonly documentVersion: string;
  /** Number of the call within its invocation, from 0. */
  readonly sequence: number;
  /** Share of the reads that call the secondary, from 0 to 1. */
  readonly secondaryShare: number;
  readonly versions: Readonly<Record<Version, Invoke>>;
  readonly args: readonly unknown[];
  readonly invocation: Invocation;
  readonly tally: Tally;
}
