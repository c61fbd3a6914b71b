import type { Comparison } from "../call/comparison.ts";
import type { Invocation } from "../call/invocation.ts";
import { messageOf, type Logger } from "../logger.ts";
import { comparisonRecord } from "./record.ts";
import type { RecordStore, Unwritten } from "./record-store.ts";

/** A structured log line must fit into one CloudWatch Logs event, of 256 KB. */
const MAX_LOGGED_CHARACTERS = 60_000;

/** Milliseconds that the records' writing may take at the most, however long the invocation has. */
const MAX_WRITE_MS = 2_000;

/** Milliseconds that a store has after its time is over, to say what it did store. */
const GRACE_MS = 50;

/**
 * Stores comparisons, and counts each as stored or diverted to the log. Never rejects, save for a strict
 * store.
 */
export async function keepComparisons(
  comparisons: readonly Comparison[],
  invocation: Invocation,
  store: RecordStore,
  logger: Logger,
): Promise<void> {
  if (comparisons.length === 0) return;
  const unwritten = await writeInTime(comparisons, store, invocation.writeBudgetMs);
  const diverted = new Set<Comparison>();
  for (const { comparison, why } of unwritten) {
    diverted.add(comparison);
    divert(comparison, why, store.retentionDays, logger);
  }
  for (const comparison of comparisons) {
    const { migration, operation, weight } = comparison;
    const fate = diverted.has(comparison) ? "RecordsDiverted" : "RecordsStored";
    invocation.tally(migration, operation).count(fate, weight);
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
        timer = setTimeout(
          () => resolve(allUnwritten("the records were not written in time")),
          GRACE_MS,
        );
      },
      Math.min(budgetMs, MAX_WRITE_MS),
    );
  });
  try {
    const unwritten = await Promise.race([store.write(comparisons, controller.signal), late]);
    // A user's own store may be written in JavaScript, and forget to say.
    if (!Array.isArray(unwritten)) throw new TypeError("records.write() gave no list");
    return unwritten;
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
