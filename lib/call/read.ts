import { argumentsFor, type CallArguments } from "./arguments.ts";
import { callAlone } from "./attempt.ts";
import type { CallSite } from "./call-site.ts";
import { DoubleRead, type ReadRules, type Skip } from "./double-read.ts";
import type { DoublePlan } from "./plan.ts";

/** Runs a read whose plan has a secondary. The promise is what the caller gets. */
export function read(
  site: CallSite,
  plan: DoublePlan,
  rules: ReadRules,
  args: readonly unknown[],
): Promise<unknown> {
  let skip = reasonToSkip(site);
  let given: CallArguments | undefined;
  if (skip === undefined || plan.fallback) {
    given = argumentsFor(args, rules.maxCopied);
    // What can't be copied can't be given to two versions at once.
    if ("notCopied" in given.recorded) skip ??= "SkippedForArguments";
    skip ??= rules.limits.refusal();
  }
  if (given === undefined || (skip !== undefined && !plan.fallback)) {
    if (skip !== undefined) site.tally.count(skip);
    return callAlone(site, plan.primary, args);
  }
  return new DoubleRead(site, plan, rules, given, skip).answer;
}

/** Why the secondary isn't called beside the primary, if so. */
function reasonToSkip({ invocation, secondaryShare }: CallSite): Skip | undefined {
  if (invocation.closed) return "SkippedAfterResponse";
  if (invocation.budgetMs <= 0) return "SkippedForTime";
  if (secondaryShare < 1 && Math.random() >= secondaryShare) return "SkippedBySampling";
  return undefined;
}
