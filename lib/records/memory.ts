import type { Comparison } from "../call/comparison.ts";
import { isAgreement } from "../call/outcome.ts";
import { memoryRepairs, type MemoryRepairs } from "./memory-repairs.ts";
import type { RecordStore } from "./record-store.ts";

/** Thrown in a user's own tests by {@link memoryRecords} with `throwOnDisagreement`. */
export class DisagreementError extends Error {
  override readonly name = "DisagreementError";
  readonly comparisons: readonly Comparison[];

  constructor(comparisons: readonly Comparison[]) {
    const listed = comparisons.map(
      ({ operation, outcome, signature }) => `${operation}: ${outcome} (${signature})`,
    );
    super(`V1 and V2 disagree: ${listed.join("; ")}`);
    this.comparisons = comparisons;
  }
}

/** Records that stay in memory, for tests. */
export interface MemoryRecords extends RecordStore {
  /** What was stored, oldest first. */
  readonly comparisons: readonly Comparison[];
  /** The dual writes that are not done. */
  readonly repairs: MemoryRepairs;
}

/**
 * Keeps every comparison in memory, matches included.
 *
 * @param options.throwOnDisagreement whether an invocation in which V1 and V2 disagreed rejects with a
 *   {@link DisagreementError}. @default false
 */
export function memoryRecords(options: { throwOnDisagreement?: boolean } = {}): MemoryRecords {
  const comparisons: Comparison[] = [];
  return {
    comparisons,
    repairs: memoryRepairs(),
    retentionDays: 30,
    keepsAll: true,
    strict: options.throwOnDisagreement ?? false,
    async write(added) {
      comparisons.push(...added);
      const disagreements = added.filter(({ outcome }) => !isAgreement(outcome));
      if (options.throwOnDisagreement && disagreements.length > 0) {
        throw new DisagreementError(disagreements);
      }
      return [];
    },
  };
}
