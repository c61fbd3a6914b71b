import { copy } from "../comparison/index.ts";
import type { Comparison } from "./comparison.ts";
import { FollowedSignals } from "./followed-signals.ts";

/** The arguments of a call of both versions: nobody sees what another does to its own. */
export interface CallArguments {
  readonly primary: readonly unknown[];
  readonly secondary: readonly unknown[];
  readonly recorded: Comparison["arguments"];
  /** The caller's signals among the secondary's arguments. */
  readonly signals?: FollowedSignals;
}

/** Arguments for each version and for the record. Never throws. */
export function argumentsFor(args: readonly unknown[], maxCopied: number): CallArguments {
  if (args.every(isPrimitive)) return { primary: args, secondary: args, recorded: args };
  const signals = new FollowedSignals();
  try {
    const secondary = copy(args, maxCopied, (signal) => signals.follow(signal));
    return { primary: args, secondary, recorded: copy(args, maxCopied), signals };
  } catch (error) {
    signals.release();
    // A fallback may have the originals: by then the primary has failed with them.
    const notCopied = error instanceof Error ? error.message : String(error);
    return { primary: args, secondary: args, recorded: { notCopied } };
  }
}

function isPrimitive(value: unknown): boolean {
  return (typeof value !== "object" && typeof value !== "function") || value === null;
}
