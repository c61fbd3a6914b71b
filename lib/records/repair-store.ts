import type { OtherRepair, Repair, RepairState, StoredRepair } from "../call/repair.ts";
import type { RepairIdentity } from "./keys.ts";

/** Where repairs are kept until both versions agree. They never expire. Every read is a consistent one. */
export interface RepairStore {
  /**
   * Stores a repair in place of what is stored of it already. An `intended` one replaces nothing: it comes
   * before all else, so that it can only be a request that is made again, or late.
   */
  put(
    repair: Repair,
    state: RepairState,
    why: string | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  /** Says why a stored repair stays, and when it ended. Resolves to whether it was still there. */
  change(repair: Repair, state: RepairState, why: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Removes a repair. Resolves to whether the condition was met; what isn't there counts as removed.
   *
   * @param condition `always`, or `unless-overlapped`, or a claim that must still be the repair's.
   */
  remove(
    repair: Repair,
    condition: "always" | "unless-overlapped" | Claim,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** The other repairs of the same subject that {@link overlap} would change. */
  sameSubject(repair: Repair, signal: AbortSignal): Promise<readonly RepairIdentity[]>;
  /** Marks a repair as overlapped and ends any claim and look at it; of no effect where it is gone. */
  overlap(repair: RepairIdentity, signal: AbortSignal): Promise<void>;
  /** All repairs of a migration, those of one subject one after another. */
  list(migration: string): AsyncIterable<StoredRepair>;
  /** The other repairs of the same subject, without what may be large. */
  others(repair: Repair, signal: AbortSignal): Promise<readonly OtherRepair[]>;
  /** Whether a claim on a repair has not been ended, be it by a write that came in between. */
  holds(repair: Repair, claim: Claim, signal: AbortSignal): Promise<boolean>;
  /** The repairs of one subject. */
  ofSubject(of: Pick<RepairIdentity, "migration" | "subject">): AsyncIterable<StoredRepair>;
  /**
   * Notes that a person looks at a repair. The look lasts until a write of its subject ends, whether the
   * repair was marked before or not, and all who look meanwhile have the same. Nothing where it is gone.
   */
  look(repair: RepairIdentity, signal: AbortSignal): Promise<Look | undefined>;
  /**
   * Claims a repair, so that two passes don't work on it at once; nothing if another has it, or the
   * condition isn't met.
   *
   * @param condition `always`, or `unless-overlapped`, or a look that must have lasted.
   */
  claim(
    repair: Repair,
    untilMs: number,
    condition: "always" | "unless-overlapped" | Look,
    signal: AbortSignal,
  ): Promise<Claim | undefined>;
  /**
   * Ends a claim on a repair that was not made.
   *
   * @param why it could not be, which counts as an attempt; `undefined` where it was not tried.
   */
  release(
    repair: Repair,
    claim: Claim,
    why: string | undefined,
    signal: AbortSignal,
  ): Promise<void>;
}

/** What a person has seen of a repair; an opaque text. */
export interface Look {
  readonly look: string;
}

/** A pass's hold on a repair; an opaque text. */
export interface Claim {
  readonly claim: string;
}
