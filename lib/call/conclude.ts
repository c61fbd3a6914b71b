import type { Redact } from "../records/redaction.ts";
import type { CallSite } from "./call-site.ts";
import type { Comparison } from "./comparison.ts";
import type { Judgement } from "./judge.ts";
import { OUTCOMES, type Outcome } from "./outcome.ts";

/** What is particular to one comparison; the rest is its call's site's. */
export type Particulars = Judgement &
  Pick<
    Comparison,
    | "mode"
    | "sequence"
    | "time"
    | "primary"
    | "fallback"
    | "v1"
    | "v2"
    | "arguments"
    | "calibration"
  >;

/** How a comparison is kept. */
export interface Keeping {
  readonly outcome: Outcome;
  /** What it is capped with. */
  readonly cappedAs: string;
  /** How many calls it stands for. */
  readonly weight: number;
  /** Takes out of it what must not leave the process. */
  readonly redact: Redact | undefined;
}

/**
 * Counts a comparison, and keeps its record or counts why not.
 *
 * @param make puts the record together; asked only where it is kept.
 */
export function conclude(
  site: CallSite,
  { outcome, signature }: Judgement,
  { weight, redact }: Pick<Keeping, "weight" | "redact">,
  make: () => Particulars,
): void {
  const { tally } = site;
  const { metric, agreement } = OUTCOMES[outcome];
  tally.count("Comparisons", weight);
  tally.count(metric, weight);
  if (!agreement) tally.count("Disagreements", weight);
  keep(site, { outcome, cappedAs: signature, weight, redact }, make);
}

/** Keeps a comparison's record, or counts why not. */
export function keep(
  { migration, operation, documentVersion, invocation, tally, unstoredFate, takeLeftOut }: CallSite,
  { outcome, cappedAs, weight, redact }: Keeping,
  make: () => Particulars,
): void {
  const fate = unstoredFate(outcome, cappedAs, weight);
  if (fate !== undefined) {
    tally.count(fate, weight);
    return;
  }
  const comparison: Comparison = {
    migration,
    operation,
    documentVersion,
    requestId: invocation.requestId,
    ...make(),
    weight,
    leftOut: takeLeftOut(cappedAs),
  };
  invocation.comparisons.push(redact?.(comparison) ?? comparison);
}
