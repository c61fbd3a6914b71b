import type { Comparison } from "../call/comparison.ts";
import { isAgreement, type Outcome } from "../call/outcome.ts";
import {
  comparisonRecord,
  type ComparisonRecord,
  type RecordedDifference,
} from "../records/record.ts";

/** What has become of a recorded comparison, by today's versions or by today's rules. */
export type Verdict =
  | { readonly verdict: "agrees" }
  | { readonly verdict: "differs-as-before" }
  | {
      readonly verdict: "differs-otherwise";
      readonly outcome: Outcome;
      readonly signature: string;
      /** Why, for `not-compared`. */
      readonly reason?: string;
      /** The first of them. */
      readonly differences: readonly RecordedDifference[];
    }
  /** There is no record, or no operation, any more. */
  | { readonly verdict: "gone"; readonly why: string }
  /** It can't be replayed, or can't be judged. */
  | { readonly verdict: "undecided"; readonly why: string };

/** The verdict on one record. */
export type RecordVerdict = Verdict & { readonly id: string };

export const VERDICTS = [
  "agrees",
  "differs-as-before",
  "differs-otherwise",
  "gone",
  "undecided",
] as const satisfies readonly Verdict["verdict"][];

/** Why there is no telling. */
export class Undecided extends Error {
  override readonly name = "Undecided";
}

const MAX_DIFFERENCES = 3;

/** Puts a comparison of now beside a record. */
export function verdictOn(record: ComparisonRecord, comparison: Comparison): Verdict {
  // In the words of a record: as bounded, and as long.
  const { outcome, signature, reason, differences } = comparisonRecord(comparison, 1);
  if (isAgreement(outcome)) return { verdict: "agrees" };
  if (outcome === record.outcome && signature === record.signature) {
    return { verdict: "differs-as-before" };
  }
  return {
    verdict: "differs-otherwise",
    outcome,
    signature,
    ...(reason !== undefined && { reason }),
    differences: differences.slice(0, MAX_DIFFERENCES),
  };
}
