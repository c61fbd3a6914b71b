import type { CountName } from "../metrics/names.ts";

/** What a comparison can come to, whether that is an agreement, and the metric that counts it. */
export const OUTCOMES = {
  /** Both answered, alike. */
  match: { agreement: true, metric: "Matches" },
  /** Both answered, otherwise. */
  mismatch: { agreement: false, metric: "Mismatches" },
  /** Both answered, otherwise, and an ignore rule says that it doesn't matter. */
  ignored: { agreement: true, metric: "Ignored" },
  /** The primary answered, the secondary failed. */
  "secondary-error": { agreement: false, metric: "SecondaryErrors" },
  /** The primary failed, the secondary answered. */
  "primary-error": { agreement: false, metric: "PrimaryErrors" },
  /** Both failed, alike. */
  "same-error": { agreement: true, metric: "SameErrors" },
  /** Both failed, otherwise. */
  "different-error": { agreement: false, metric: "DifferentErrors" },
  /** The secondary did not settle in its time. */
  timeout: { agreement: false, metric: "Timeouts" },
  /** Both ran, and they could not be compared. */
  "not-compared": { agreement: false, metric: "NotCompared" },
} as const satisfies Record<string, { agreement: boolean; metric: CountName }>;

export type Outcome = keyof typeof OUTCOMES;

/** Whether the two versions agreed. All else that ran both is a disagreement. */
export function isAgreement(outcome: Outcome): boolean {
  return OUTCOMES[outcome].agreement;
}
