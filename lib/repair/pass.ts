import type { Call } from "../call/adapter.ts";
import { planCall } from "../call/plan.ts";
import { replayed } from "../call/replay.ts";
import type { StoredRepair } from "../call/repair.ts";
import { messageOf } from "../logger.ts";
import type { DefinedMigration } from "../migration.ts";
import type { ModeDocument } from "../mode/mode-document.ts";
import type { Version } from "../mode/mode.ts";
import type { CheckedDualWrite } from "../operation.ts";
import { finishRepair } from "../records/repair-book.ts";
import type { RepairStore } from "../records/repair-store.ts";
import { withTimeLimit } from "../time-limit.ts";
import { decide } from "./decide.ts";

/** Repairs that are worked on side by side. */
const CONCURRENCY = 8;

/** Milliseconds that one repair may take. */
const REPAIR_MS = 20_000;

/** Milliseconds for which nobody else takes up a repair: longer than it may take, its requests included. */
const CLAIM_MS = 60_000;

/** Milliseconds that a request to the store may take. */
const REQUEST_MS = 3_000;

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

/** What a pass needs. */
export interface PassOptions {
  readonly migration: DefinedMigration;
  readonly store: RepairStore;
  /** The mode document in force. */
  readonly document: ModeDocument;
  /** What stands in the `Call` for a request id. */
  readonly requestId: string;
  /** Milliseconds that are left for the pass. */
  readonly remainingMs: () => number;
}

/** Takes up every repair of a migration that is due. Rejects only if the store can't be read. */
export async function repairPass(options: PassOptions): Promise<RepairReport> {
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
      const { outcome, why } = complete ? await repairOne(options, repair, [...undone]) : NO_TIME;
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

const NO_TIME: Result = { outcome: "left", why: "there was no time for it" };

type Result =
  | { readonly outcome: "done"; readonly why?: undefined }
  | { readonly outcome: "failed" | "left"; readonly why: string };

async function repairOne(
  options: PassOptions,
  repair: StoredRepair,
  others: readonly StoredRepair[],
): Promise<Result> {
  const { migration, store, document, remainingMs } = options;
  const operation = migration.operations.get(repair.operation);
  if (operation?.kind !== "dual-write") {
    return { outcome: "left", why: `${migration.name} has no dual write ${repair.operation}` };
  }
  const plan = planCall(document, operation, () => repair.bucket);
  const reconciles = operation.reconcile !== undefined;
  const decision = decide(repair, { plan, reconciles, others, now: Date.now() });
  if (decision.action === "leave") return { outcome: "left", why: decision.why };
  const request = <Value>(run: (signal: AbortSignal) => Promise<Value>) =>
    withTimeLimit(run, REQUEST_MS);
  try {
    const isRunAgain = decision.action === "run-again";
    const untilMs = Date.now() + CLAIM_MS;
    const claim = await request((signal) =>
      // What there is to reconcile is read now; what is run again must not come after what came since.
      store.claim(repair, untilMs, isRunAgain ? "unless-overlapped" : "always", signal),
    );
    if (claim === undefined) return { outcome: "left", why: TAKEN };
    try {
      await withTimeLimit(
        (signal) => settle(options, operation, decision.action, repair, untilMs, signal),
        Math.min(REPAIR_MS, Math.max(0, remainingMs())),
      );
    } catch (error) {
      // The message may quote what is to be redacted, which is known no more.
      const why = operation.rules.redact === undefined ? messageOf(error) : "the repair failed";
      await request((signal) => store.release(repair, claim, why, signal));
      return { outcome: "failed", why };
    }
    // Those that are run again come after it, in their order; to what was reconciled that says nothing.
    const next = new Set(isRunAgain ? others.map(({ id }) => id) : []);
    const removed = await request((signal) =>
      finishRepair(store, repair, claim, (id) => next.has(id), signal),
    );
    return removed
      ? { outcome: "done" }
      : { outcome: "left", why: "another write of the same key came in between" };
  } catch (error) {
    return { outcome: "failed", why: messageOf(error) };
  }
}

const TAKEN = "another pass is at work on it, or another write of the same key came in between";

/**
 * Makes the secondary agree with the primary.
 *
 * @param untilMs when the claim is over, in epoch milliseconds.
 */
async function settle(
  { migration, requestId }: PassOptions,
  operation: CheckedDualWrite,
  action: "reconcile" | "run-again",
  repair: StoredRepair,
  untilMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { primary, idempotencyKey, state, replay } = repair;
  const secondary: Version = primary === "v1" ? "v2" : "v1";
  const args = replay && replayed(replay);
  const call = (version: Version, key: string | undefined): Call => ({
    version,
    role: version === primary ? "primary" : "secondary",
    signal,
    idempotencyKey: key,
    requestId,
    now: Date.now(),
  });
  if (action === "run-again") {
    const again = () => call(secondary, idempotencyKey);
    await migration.versions[secondary](repair.operation, again, args!);
    return;
  }
  const client = (version: Version) =>
    migration.direct(version, (name, given) => {
      // A reconcile that was given up, or frozen, goes by what it has read long ago.
      signal.throwIfAborted();
      if (Date.now() >= untilMs) throw new Error("the time of this repair is over");
      // Its own, even if it is of the same operation: there may be several of those to be made good.
      const own = migration.idempotencyKey(name, given);
      return call(version, own ?? (name === repair.operation ? idempotencyKey : undefined));
    });
  const write = { state, primary, idempotencyKey, arguments: args };
  await operation.reconcile!(client(primary), client(secondary), write as any);
}
