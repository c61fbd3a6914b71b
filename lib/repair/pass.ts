import type { StoredRepair } from "../call/repair.ts";
import type { DefinedMigration } from "../migration.ts";
import { withTimeLimit } from "../time-limit.ts";
import { NO_TIME, repairOne, type RepairOptions, type RepairResult } from "./repair-one.ts";

/** Repairs that are worked on side by side. */
const CONCURRENCY = 8;

/** Milliseconds that the store has to tell what there is, however little time is left. */
const LIST_MS = 250;

/** Left repairs that a report names. */
const MAX_LISTED = 100;

/** A repair that is left to a person, or to the next pass. */
export interface LeftRepair {
  readonly id: string;
  readonly operation: string;
  readonly idempotencyKey: string | undefined;
  /** ISO 8601; `unknown` where the record doesn't say. */
  readonly time: string;
  readonly why: string;
}

/** What a repair pass came to. */
export interface RepairReport {
  readonly migration: string;
  /** Writes on which both versions agree now. */
  readonly done: number;
  /** Repairs that were tried in vain; the next pass tries again. */
  readonly failed: number;
  /**
   * Due repairs that are still there: those that failed, those that are a person's to decide, and those
   * that there was no time for. There may be more that were not seen, where it is not complete.
   */
  readonly pending: number;
  /** The first of these. */
  readonly left: readonly LeftRepair[];
  /** Whether there was time to look at all. */
  readonly complete: boolean;
}

/** Takes up every repair of a migration that is due. Rejects only if the store can't be read. */
export async function repairPass(options: RepairOptions): Promise<RepairReport> {
  const { migration, store, remainingMs } = options;
  const counts = { done: 0, failed: 0, pending: 0 };
  const left: LeftRepair[] = [];
  const groups = bySubject(store.list(migration.name));
  let complete = true;

  async function repairGroup(group: readonly StoredRepair[]): Promise<void> {
    const undone = new Set(group);
    for (const repair of inOrder(migration, group)) {
      if (repair.dueAt > Date.now()) continue;
      undone.delete(repair);
      if (remainingMs() <= 0) complete = false;
      const { outcome, why } = complete ? await repairOne(options, repair, [...undone]) : UNTRIED;
      if (outcome === "done") {
        counts.done++;
        continue;
      }
      undone.add(repair);
      counts.pending++;
      if (outcome === "failed") counts.failed++;
      if (left.length < MAX_LISTED) left.push(listed(repair, why));
    }
  }

  async function work(): Promise<void> {
    while (complete) {
      const next = await withTimeLimit(() => groups.next(), Math.max(LIST_MS, remainingMs()));
      if (next.done) return;
      await repairGroup(next.value);
    }
  }

  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { migration: migration.name, ...counts, left, complete };
}

/** Puts repairs that follow one another and have one subject together. */
async function* bySubject(
  repairs: AsyncIterable<StoredRepair>,
): AsyncGenerator<readonly StoredRepair[]> {
  let group: StoredRepair[] = [];
  for await (const repair of repairs) {
    if (group.length > 0 && group[0]!.subject !== repair.subject) {
      yield group;
      group = [];
    }
    group.push(repair);
  }
  if (group.length > 0) yield group;
}

/**
 * The order in which the repairs of one subject are taken up. What is reconciled copies what is there, so
 * the newest comes first: an older write must not bring back what a newer one has changed. What is run
 * again comes in the order of the writes.
 */
function inOrder(migration: DefinedMigration, group: readonly StoredRepair[]): StoredRepair[] {
  const newestFirst = group.toSorted((a, b) => b.time - a.time);
  const reconciles = ({ operation }: StoredRepair) => {
    const known = migration.operations.get(operation);
    return known?.kind === "dual-write" && known.reconcile !== undefined;
  };
  return [
    ...newestFirst.filter(reconciles),
    ...newestFirst.filter((repair) => !reconciles(repair)).toReversed(),
  ];
}

function listed({ id, operation, idempotencyKey, time }: StoredRepair, why: string): LeftRepair {
  // A record that somebody has spoilt must not keep the others from being repaired.
  const known = Number.isNaN(time) ? "unknown" : new Date(time).toISOString();
  return { id, operation, idempotencyKey, time: known, why };
}

const UNTRIED: RepairResult = { outcome: "left", why: NO_TIME };
