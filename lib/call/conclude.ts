import type { CallSite } from "./call-site.ts";
import type { Comparison } from "./comparison.ts";
import type { Judgement } from "./judge.ts";
import { OUTCOMES } from "./outcome.ts";

/**
 * Counts a comparison, and keeps its record or counts why not.
 *
 * @param make puts the record together; asked only where it is kept.
 */
export function conclude(
  { invocation, tally, unstoredFate }: CallSite,
  { outcome, signature }: Judgement,
  weight: number,
  make: () => Comparison,
): void {
  const { metric, agreement } = OUTCOMES[outcome];
  tally.count("Comparisons", weight);
  tally.count(metric, weight);
  if (!agreement) tally.count("Disagreements", weight);
  const fate = unstoredFate(outcome, signature, weight);
  if (fate === undefined) invocation.comparisons.push(make());
  else tally.count(fate, weight);
}
