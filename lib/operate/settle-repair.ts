import type { StoredRepair } from "../call/repair.ts";
import type { Logger } from "../logger.ts";
import type { DefinedMigration } from "../migration.ts";
import type { ModeReading } from "../mode-source/mode-source.ts";
import type { RepairStore } from "../records/repair-store.ts";
import { dismissRepair } from "../repair/dismiss.ts";
import { CAME_IN_BETWEEN, repairOne, type RepairResult } from "../repair/repair-one.ts";
import { withTimeLimit } from "../time-limit.ts";
import type { OperatorRequest } from "./request.ts";

/** Milliseconds that reading the repairs of one subject may take. */
const READ_MS = 10_000;

/** What an operator asks about a repair. */
export type RepairRequest = Extract<OperatorRequest, { action: "run-repair" | "dismiss-repair" }>;

/** What became of a repair that a person has decided about. */
export type SettledRepair = RepairResult | { readonly outcome: "gone"; readonly why: string };

/** What a repair is settled with. */
export interface SettleOptions {
  readonly migration: DefinedMigration;
  readonly store: RepairStore;
  readonly requestId: string;
  /** Milliseconds that are left. */
  readonly remainingMs: () => number;
  readonly logger: Logger;
  readMode(): Promise<ModeReading>;
}

/** Does with a repair what a person has decided. Rejects only if the store, or the mode source, fails. */
export async function settleRepair(
  request: RepairRequest,
  options: SettleOptions,
): Promise<SettledRepair> {
  const { migration, store, logger } = options;
  const { id, subject, overlapped = false } = request.repair;
  const group = await withTimeLimit(() => all(store, migration.name, subject), READ_MS);
  const repair = group.find((one) => one.id === id);
  if (repair === undefined) return { outcome: "gone", why: "there is no such repair any more" };
  if (repair.dueAt > Date.now()) {
    const until = new Date(repair.dueAt).toISOString();
    return { outcome: "left", why: `its write may be under way until ${until}` };
  }
  // What is decided by now is no word on a write that the person doesn't know of.
  if (repair.overlapped && !overlapped)
    return { outcome: "left", why: `${CAME_IN_BETWEEN}: look again` };
  const others = group.filter((one) => one !== repair);
  if (request.action === "run-repair") return run(repair, others, options);
  const result = await dismissRepair(store, repair, others);
  if (result.outcome === "done") {
    const { operation, idempotencyKey } = repair;
    const { reason } = request;
    const { name } = migration;
    logger.warn("repair dismissed", { migration: name, id, operation, idempotencyKey, reason });
  }
  return result;
}

async function run(
  repair: StoredRepair,
  others: readonly StoredRepair[],
  options: SettleOptions,
): Promise<RepairResult> {
  const { document, counts } = await options.readMode();
  if (counts.includes("ModeDefaulted")) {
    return { outcome: "left", why: "the mode can't be read, and so who is right is not known" };
  }
  return repairOne({ ...options, document }, repair, others, true);
}

async function all(
  store: RepairStore,
  migration: string,
  subject: string,
): Promise<readonly StoredRepair[]> {
  const repairs: StoredRepair[] = [];
  for await (const repair of store.ofSubject({ migration, subject })) repairs.push(repair);
  return repairs;
}
