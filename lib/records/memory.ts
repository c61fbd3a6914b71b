import type { Comparison } from "../call/comparison.ts";
import { isAgreement } from "../call/outcome.ts";
import { comparisonId } from "./keys.ts";
import { memoryRepairs, type MemoryRepairs } from "./memory-repairs.ts";
import { comparisonRecord } from "./record.ts";
import type { RecordStore } from "./record-store.ts";

const RETENTION_DAYS = 30;

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
  /** What was stored of calls that ran both versions, oldest first. */
  readonly comparisons: readonly Comparison[];
  /** The dual writes that are not done. */
  readonly repairs: MemoryRepairs;
  /** What was stored of calls whose primary differed from itself, oldest first. */
  readonly calibrations: readonly Comparison[];
}

/**
 * Keeps every comparison in memory, matches included.
 *
 * @param options.throwOnDisagreement whether an invocation in which V1 and V2 disagreed rejects with a
 *   {@link DisagreementError}. @default false
 */
export function memoryRecords(options: { throwOnDisagreement?: boolean } = {}): MemoryRecords {
  const comparisons: Comparison[] = [];
  const calibrations: Comparison[] = [];
  return {
    comparisons,
    repairs: memoryRepairs(),
    calibrations,
    retentionDays: RETENTION_DAYS,
    async read(migration, { id }) {
      const found = comparisons.find(
        (one) => one.migration === migration && comparisonId(one) === id,
      );
      return found && comparisonRecord(found, RETENTION_DAYS);
    },
    keepsAll: true,
    strict: options.throwOnDisagreement ?? false,
    async write(added) {
      for (const comparison of added) {
        (comparison.calibration ? calibrations : comparisons).push(comparison);
      }
      const disagreements = added.filter(
        ({ outcome, calibration }) => !isAgreement(outcome) && !calibration,
      );
      if (options.throwOnDisagreement && disagreements.length > 0) {
        throw new DisagreementError(disagreements);
      }
      return [];
    },
  };
}
