import { copy } from "../comparison/index.ts";
import { callAlone } from "./attempt.ts";
import type { CallSite } from "./call-site.ts";
import type { Comparison } from "./comparison.ts";
import { DoubleRead, type ReadRules, type Skip } from "./double-read.ts";

/** Runs a read whose plan has a secondary. The promise is what the caller gets. */
export function read(site: CallSite, rules: ReadRules): Promise<unknown> {
  const { plan, invocation, args } = site;
  let skip: Skip | undefined;
  let ownArgs: readonly unknown[] = args;
  let recordedArgs: Comparison["arguments"];
  if (invocation.closed) skip = "SkippedAfterResponse";
  else if (invocation.budgetMs <= 0) skip = "SkippedForTime";
  else if (site.secondaryShare < 1 && Math.random() >= site.secondaryShare) {
    skip = "SkippedBySampling";
  }
  if (skip !== undefined && !plan.fallback) {
    site.tally.count(skip);
    return callAlone(site);
  }
  try {
    ownArgs = copy(args);
    // A third set, since each version may do to its own what it likes before the record is written.
    recordedArgs = copy(args);
  } catch (error) {
    // What can't be copied can't be given to two versions at once. A fallback may still have the
    // originals, for by then the primary has failed with them.
    skip ??= "SkippedForArguments";
    recordedArgs = { notCopied: error instanceof Error ? error.message : String(error) };
    if (!plan.fallback) {
      site.tally.count(skip);
      return callAlone(site);
    }
  }
  return new DoubleRead(site, rules, skip, ownArgs, recordedArgs).answer;
}
