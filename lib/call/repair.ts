import type { Mode, Version } from "../mode/mode.ts";

/**
 * Where a dual write stands, as its repair record says:
 * - `intended`: the write has begun, and nothing else is known. A killed process leaves it.
 * - `ambiguous`: the primary failed in a way that leaves open whether it wrote.
 * - `secondary-failed`: the primary wrote; the secondary failed, was not called, or may have had it in another
 *   order than the primary.
 */
export type RepairState = "intended" | "ambiguous" | "secondary-failed";

/** One dual write, with all that it takes to make the secondary agree with the primary later. */
export interface Repair {
  /** Unlike a comparison's id it has chance in it: an invocation's retry must not hide its first try. */
  readonly id: string;
  readonly migration: string;
  readonly operation: string;
  readonly mode: Mode;
  /** The version of the mode document that was in force. */
  readonly documentVersion: string;
  readonly requestId: string;
  /** When the write began, in epoch milliseconds. */
  readonly time: number;
  /** When the write is over for certain, in epoch milliseconds: from then on it may be repaired. */
  readonly dueAt: number;
  /** When its primary had settled, in epoch milliseconds; unset as long as that is not known. */
  readonly endedAt: number | undefined;
  readonly primary: Version;
  /** What both versions were to know the write by; unset if its function failed, or it is redacted. */
  readonly idempotencyKey: string | undefined;
  /** What the write changes, as a hash: writes of one subject must reach both versions in one order. */
  readonly subject: string;
  /** The place in a ramp, from 0 (included) to 100 (excluded). */
  readonly bucket: number;
  /** The arguments, for whoever reads the record; what is redacted is taken out. */
  readonly arguments: readonly unknown[] | { readonly notCopied: string };
  /** The arguments for the secondary to run with again, where they could be kept whole. */
  readonly replay: Uint8Array | undefined;
}

/** A repair as it is stored. */
export interface StoredRepair extends Repair {
  readonly state: RepairState;
  /** Why it stays. */
  readonly why: string | undefined;
  /**
   * Whether another write of the same subject has ended meanwhile, so that the two versions may have
   * seen the two in different orders. Its arguments alone can't mend that.
   */
  readonly overlapped: boolean;
  /** How often the repair pass has tried in vain. */
  readonly attempts: number;
}

/** What a repair tells to one of the same subject. */
export type OtherRepair = Pick<
  StoredRepair,
  | "id"
  | "requestId"
  | "idempotencyKey"
  | "state"
  | "time"
  | "dueAt"
  | "endedAt"
  | "primary"
  | "overlapped"
>;
