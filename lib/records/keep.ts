import type { Comparison } from "../call/comparison.ts";
import type { Invocation } from "../call/invocation.ts";
import { isAgreement } from "../call/outcome.ts";
import { messageOf, type Logger } from "../logger.ts";
import type { CountName } from "../metrics/names.ts";
import type { RecordCap } from "./record-cap.ts";
import { comparisonRecord } from "./record.ts";
import type { RecordStore, Unwritten } from "./record-store.ts";

/** A structured log line must fit into one CloudWatch Logs event, of 256 KB. */
const MAX_LOGGED_CHARACTERS = 60_000;

/** Milliseconds that the records' writing may take at the most, however long the invocation has. */
const MAX_WRITE_MS = 5_000;

/** What keeping one migration's comparisons takes. */
export interface Keeping {
  readonly store: RecordStore;
  readonly cap: RecordCap;
  /** The share of agreements that are stored, from 0 to 1. */
  readonly matchesShare: number;
  readonly logger: Logger;
}

/**
 * Stores what is to be stored of an invocation's comparisons, and counts what became of each: stored,
 * diverted to the log, over the cap, or an agreement that was not sampled. Never rejects, save for a
 * strict store.
 */
export async function keepComparisons(
  comparisons: readonly Comparison[],
  invocation: Invocation,
  keeping: Keeping,
): Promise<void> {
  const { store, cap, matchesShare, logger } = keeping;
  const count = ({ migration, operation, weight }: Comparison, fate: CountName) =>
    invocation.tally(migration, operation).count(fate, weight);
  const chosen = comparisons.filter((comparison) => {
    const { operation, outcome, signature } = comparison;
    if (isAgreement(outcome)) {
      if (Math.random() < matchesShare) return true;
      count(comparison, "RecordsSampledOut");
      return false;
    }
    if (cap.admits(`${operation} ${signature}`)) return true;
    count(comparison, "RecordsCapped");
    return false;
  });
  if (chosen.length === 0) return;
  const unwritten = await writeInTime(chosen, store, invocation.writeBudgetMs);
  const diverted = new Set<Comparison>();
  for (const { comparison, why } of unwritten) {
    diverted.add(comparison);
    divert(comparison, why, store.retentionDays, logger);
  }
  for (const comparison of chosen) {
    count(comparison, diverted.has(comparison) ? "RecordsDiverted" : "RecordsStored");
  }
}

async function writeInTime(
  comparisons: readonly Comparison[],
  store: RecordStore,
  budgetMs: number,
): Promise<readonly Unwritten[]> {
  const allUnwritten = (why: string) => comparisons.map((comparison) => ({ comparison, why }));
  if (budgetMs <= 0) return allUnwritten("no time was left in the invocation");
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Unwritten[]>((resolve) => {
    timer = setTimeout(
      () => {
        controller.abort();
        // What the store does with the abort is its own affair: nobody waits for it.
        resolve(allUnwritten("the records were not written in time"));
      },
      Math.min(budgetMs, MAX_WRITE_MS),
    );
  });
  try {
    return await Promise.race([store.write(comparisons, controller.signal), late]);
  } catch (error) {
    if (store.strict) throw error;
    return allUnwritten(messageOf(error));
  } finally {
    clearTimeout(timer);
  }
}

/** Prints a record that can't be stored, so that it isn't lost. */
function divert(comparison: Comparison, why: string, retentionDays: number, logger: Logger): void {
  const record: object = comparisonRecord(comparison, retentionDays);
  const text = JSON.stringify(record);
  logger.warn(
    "record diverted",
    text.length <= MAX_LOGGED_CHARACTERS
      ? { why, record }
      : { why, cutRecord: text.slice(0, MAX_LOGGED_CHARACTERS) },
  );
}
