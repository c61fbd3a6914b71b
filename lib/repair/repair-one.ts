import type { Call } from "../call/adapter.ts";
import { planCall } from "../call/plan.ts";
import { replayed } from "../call/replay.ts";
import type { OtherRepair, StoredRepair } from "../call/repair.ts";
import { messageOf } from "../logger.ts";
import type { DefinedMigration } from "../migration.ts";
import type { ModeDocument } from "../mode/mode-document.ts";
import { otherVersion, type Version } from "../mode/mode.ts";
import type { CheckedDualWrite } from "../operation.ts";
import { finishRepair } from "../records/repair-book.ts";
import type { Look, RepairStore } from "../records/repair-store.ts";
import { withTimeLimit } from "../time-limit.ts";
import { crossing, decide, wereAtOnce } from "./decide.ts";

/** Milliseconds that one repair may take. */
const REPAIR_MS = 20_000;

/** Milliseconds for which nobody else takes up a repair: longer than it may take, its requests included. */
export const CLAIM_MS = 60_000;

/** Milliseconds that a request to the store may take. */
export const REQUEST_MS = 3_000;

/** Milliseconds that looking for the others of a subject may take, of which there may be many. */
const OTHERS_MS = 10_000;

/** What a repair is made with. */
export interface RepairOptions {
  readonly migration: DefinedMigration;
  readonly store: RepairStore;
  /** The mode document in force. */
  readonly document: ModeDocument;
  /** What stands in the `Call` for a request id. */
  readonly requestId: string;
  /** Milliseconds that are left. */
  readonly remainingMs: () => number;
}

/** What became of a repair. */
export type RepairResult =
  | { readonly outcome: "done"; readonly why?: undefined }
  | { readonly outcome: "failed" | "left"; readonly why: string };

/** Why a repair was not tried. */
export const NO_TIME = "there was no time for it";

/** Why a repair is left that could not be claimed, or not be removed. */
export const TAKEN =
  "another pass is at work on it, or another write of the same key came in between";
export const CAME_IN_BETWEEN = "another write of the same key came in between";

/**
 * Makes one repair that is due, or leaves it. Never rejects.
 *
 * @param others the other repairs of the same subject, as they were when they were listed.
 * @param look that of the person, if one has decided that it is to be made.
 */
export async function repairOne(
  options: RepairOptions,
  repair: StoredRepair,
  others: readonly OtherRepair[],
  look?: Look,
): Promise<RepairResult> {
  const { migration, store, document, remainingMs } = options;
  const operation = migration.operations.get(repair.operation);
  if (operation?.kind !== "dual-write") {
    return { outcome: "left", why: `${migration.name} has no dual write ${repair.operation}` };
  }
  const plan = planCall(document, operation, () => repair.bucket);
  const reconciles = operation.reconcile !== undefined;
  const approved = look !== undefined;
  const decideBeside = (those: readonly OtherRepair[]) =>
    decide(repair, { plan, reconciles, others: those, approved, now: Date.now() });
  const expected = decideBeside(others);
  if (expected.action === "leave") return { outcome: "left", why: expected.why };
  if (remainingMs() <= 0) return { outcome: "left", why: NO_TIME };
  const request = <Value>(run: (signal: AbortSignal) => Promise<Value>) =>
    withTimeLimit(run, REQUEST_MS);
  try {
    const isRunAgain = expected.action === "run-again";
    const untilMs = Date.now() + CLAIM_MS;
    const claim = await request((signal) =>
      // What there is to reconcile is read now; what is run again must not come after what came since,
      // that is, since a person has looked if one has said so.
      store.claim(repair, untilMs, isRunAgain ? (look ?? "unless-overlapped") : "always", signal),
    );
    if (claim === undefined) return { outcome: "left", why: TAKEN };
    let present: readonly OtherRepair[];
    try {
      // They may have been listed minutes ago. What ends from now on ends the claim; what is left by its
      // write, or began before, does not.
      const othersMs = Math.min(OTHERS_MS, remainingMs());
      present = await withTimeLimit((signal) => store.others(repair, signal), othersMs);
      const decision = decideBeside(present);
      if (decision.action === "leave") {
        await request((signal) => store.release(repair, claim, undefined, signal));
        return { outcome: "left", why: decision.why };
      }
      // Only then: what ended before it was looked for is not there to be found.
      if (!(await request((signal) => store.holds(repair, claim, signal)))) {
        return { outcome: "left", why: CAME_IN_BETWEEN };
      }
      const limitMs = Math.min(REPAIR_MS, remainingMs());
      // What began now might go on when the environment is thawed, after whatever came in between.
      if (limitMs <= 0) throw new Error(NO_TIME);
      await withTimeLimit(
        (signal) =>
          settle(options, operation, { repair, present }, decision.action, untilMs, signal),
        limitMs,
      );
    } catch (error) {
      // The message may quote what is to be redacted, which is known no more.
      const why = operation.rules.redact === undefined ? messageOf(error) : "the repair failed";
      await request((signal) => store.release(repair, claim, why, signal));
      return { outcome: "failed", why };
    }
    // Those that are run again come after it, in their order, unless a person alone knows that order, or
    // they are to go the other way; to what was reconciled it says nothing.
    const following = isRunAgain ? present.filter((other) => comesAfter(other, repair)) : [];
    const next = new Set(following.map(({ id }) => id));
    const removed = await request((signal) =>
      finishRepair(store, repair, claim, (id) => next.has(id), signal),
    );
    return removed ? { outcome: "done" } : { outcome: "left", why: CAME_IN_BETWEEN };
  } catch (error) {
    return { outcome: "failed", why: messageOf(error) };
  }
}

/** One that is not known to have failed may be on the secondary already, and this one is past it there. */
function comesAfter(other: OtherRepair, repair: StoredRepair): boolean {
  return (
    other.state === "secondary-failed" &&
    other.primary === repair.primary &&
    !wereAtOnce(repair, other)
  );
}

/**
 * Makes the secondary agree with the primary.
 *
 * @param untilMs when the claim is over, in epoch milliseconds.
 */
async function settle(
  { migration, requestId }: RepairOptions,
  operation: CheckedDualWrite,
  { repair, present }: { repair: StoredRepair; present: readonly OtherRepair[] },
  action: "reconcile" | "run-again",
  untilMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { primary, idempotencyKey, state, replay } = repair;
  const secondary = otherVersion(primary);
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
  const write = {
    state,
    primary,
    idempotencyKey,
    arguments: args,
    crossing: crossing(repair, present).map((other) => other.idempotencyKey),
  };
  await operation.reconcile!(client(primary), client(secondary), write as any);
}
