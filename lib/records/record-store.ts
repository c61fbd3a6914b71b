import type { Comparison } from "../call/comparison.ts";
import type { ComparisonRecord } from "./record.ts";
import type { RepairStore } from "./repair-store.ts";

/** A comparison that could not be stored. */
export interface Unwritten {
  readonly comparison: Comparison;
  readonly why: string;
}

/** What tells where a comparison's record is. */
export interface RecordedAt {
  readonly id: string;
  /** ISO 8601: when the call began. */
  readonly time: string;
}

/** Where an invocation's records are kept. */
export interface RecordStore {
  /**
   * Stores comparisons. Resolves to those that could not be stored, each with the reason.
   *
   * @param signal aborts when the invocation has no more time for it.
   */
  write(comparisons: readonly Comparison[], signal: AbortSignal): Promise<readonly Unwritten[]>;
  /**
   * Reads one comparison's record; nothing where there is none any more.
   * @default none, and so nothing can be replayed
   */
  read?(
    migration: string,
    at: RecordedAt,
    signal: AbortSignal,
  ): Promise<ComparisonRecord | undefined>;
  /** Where dual writes are kept until they are done. @default none, and so no dual writes */
  readonly repairs?: RepairStore;
  /** Days for which a comparison is kept. */
  readonly retentionDays: number;
  /** Whether it wants every comparison, whatever the sampling and the cap say. @default false */
  readonly keepsAll?: boolean;
  /** Whether an error of `write` is to fail the invocation: for a user's own tests. @default false */
  readonly strict?: boolean;
}
