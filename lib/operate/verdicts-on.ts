import type { DefinedMigration } from "../migration.ts";
import type { CheckedOperation } from "../operation.ts";
import { NotDecodable } from "../records/decode.ts";
import type { ComparisonRecord } from "../records/record.ts";
import type { RecordedAt, RecordStore } from "../records/record-store.ts";
import { withTimeLimit } from "../time-limit.ts";
import { Undecided, type RecordVerdict, type Verdict } from "./verdict.ts";

/** Milliseconds that a request for a record may take. */
const READ_MS = 3_000;

/** Comes to a verdict on one record, or throws why there is none. */
export type Decide = (record: ComparisonRecord, operation: CheckedOperation) => Promise<Verdict>;

/** How records are gone through. */
export interface Pace {
  /** Records that are looked into side by side. */
  readonly concurrency: number;
  /** Milliseconds that are left. */
  readonly remainingMs: () => number;
}

/**
 * Reads records and comes to a verdict on each.
 *
 * @returns verdicts on those that there was time for, in the order of the records.
 * @throws what the store throws.
 */
export async function verdictsOn(
  records: readonly RecordedAt[],
  migration: DefinedMigration,
  read: NonNullable<RecordStore["read"]>,
  decide: Decide,
  { concurrency, remainingMs }: Pace,
): Promise<readonly RecordVerdict[]> {
  const verdicts: (RecordVerdict | undefined)[] = [];
  const queue = records.entries();

  async function work(): Promise<void> {
    for (const [index, at] of queue) {
      if (remainingMs() <= 0) return;
      const record = await withTimeLimit((signal) => read(migration.name, at, signal), READ_MS);
      const verdict = await verdictOf(record, migration, decide);
      // What it came to without time is no verdict.
      if (remainingMs() > 0) verdicts[index] = { id: at.id, ...verdict };
    }
  }

  // All of them, since nothing may go on when the invocation has its answer.
  const ends = await Promise.allSettled(Array.from({ length: concurrency }, work));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return verdicts.filter((verdict) => verdict !== undefined);
}

async function verdictOf(
  record: ComparisonRecord | undefined,
  migration: DefinedMigration,
  decide: Decide,
): Promise<Verdict> {
  if (record === undefined) return { verdict: "gone", why: "there is no record any more" };
  const operation = migration.operations.get(record.operation);
  if (operation === undefined) {
    const why = `${migration.name} has no such operation any more`;
    return { verdict: "gone", why };
  }
  try {
    return await decide(record, operation);
  } catch (error) {
    const known = error instanceof Undecided || error instanceof NotDecodable;
    // Another error's message may quote what nobody has redacted.
    return { verdict: "undecided", why: known ? error.message : "its record can't be read" };
  }
}
