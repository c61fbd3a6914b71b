import type { CountName } from "../metrics/names.ts";
import type { Tally } from "../metrics/tally.ts";
import type { Version } from "../mode/mode.ts";
import type { Invoke } from "./adapter.ts";
import type { Invocation } from "./invocation.ts";
import type { Outcome } from "./outcome.ts";
import type { WriteOrder } from "./write-order.ts";

/** One operation in one invocation: all that its calls there have in common. */
export interface CallSite {
  readonly migration: string;
  readonly operation: string;
  readonly documentVersion: string;
  /** Share of the reads that call the secondary, from 0 to 1. */
  readonly secondaryShare: number;
  /**
   * Says what becomes of a comparison that isn't stored, and nothing of one that is. Asked once for each.
   */
  readonly unstoredFate: (
    outcome: Outcome,
    signature: string,
    weight: number,
  ) => CountName | undefined;
  /** What a comparison that is stored now stands for beside itself: see {@link RecordCap.takeLeftOut}. */
  readonly takeLeftOut: (signature: string) => number;
  readonly versions: Readonly<Record<Version, Invoke>>;
  readonly invocation: Invocation;
  readonly tally: Tally;
  /** The dual writes of this invocation and migration. */
  readonly writes: WriteOrder;
}
