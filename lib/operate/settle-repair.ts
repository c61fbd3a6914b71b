import type { StoredRepair } from "../call/repair.ts";
import type { Logger } from "../logger.ts";
import type { DefinedMigration } from "../migration.ts";
import type { ModeReading } from "../mode-source/mode-source.ts";
import type { Look, RepairStore } from "../records/repair-store.ts";
import { dismissRepair } from "../repair/dismiss.ts";
import { repairOne, type RepairResult } from "../repair/repair-one.ts";
import { withTimeLimit } from "../time-limit.ts";
import type { OperatorRequest } from "./request.ts";

/** Milliseconds that reading the repairs of one subject may take. */
const READ_MS = 10_000;

/** What an operator asks to be done with a repair. */
export type RepairRequest = Extract<OperatorRequest, { action: "run-repair" | "dismiss-repair" }>;

/** What an operator asks before that. */
export type LookRequest = Extract<OperatorRequest, { action: "look-at-repair" }>;

/** What a person has seen of a repair, which what is done with it goes by. */
export type SeenRepair = ({ readonly outcome: "seen" } & Look) | GoneRepair;

/** What became of a repair that a person has decided about. */
export type SettledRepair = RepairResult | GoneRepair;

export interface GoneRepair {
  readonly outcome: "gone";
  readonly why: string;
}

const GONE: GoneRepair = { outcome: "gone", why: "there is no such repair any more" };

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

/** Notes that a person looks at a repair. Rejects only if the store fails. */
export async function lookAtRepair(
  { migration, repair: { id, subject } }: LookRequest,
  store: RepairStore,
): Promise<SeenRepair> {
  const look = await withTimeLimit(
    (signal) => store.look({ migration, id, subject }, signal),
    READ_MS,
  );
  return look === undefined ? GONE : { outcome: "seen", ...look };
}

/** Does with a repair what a person has decided. Rejects only if the store, or the mode source, fails. */
export async function settleRepair(
  request: RepairRequest,
  options: SettleOptions,
): Promise<SettledRepair> {
  const { migration, store, logger } = options;
  const { id, subject, look } = request.repair;
  const group = await withTimeLimit(() => all(store, migration.name, subject), READ_MS);
  const repair = group.find((one) => one.id === id);
  if (repair === undefined) return GONE;
  if (repair.dueAt > Date.now()) {
    const until = new Date(repair.dueAt).toISOString();
    return { outcome: "left", why: `its write may be under way until ${until}` };
  }
  const others = group.filter((one) => one !== repair);
  if (request.action === "run-repair") return run(repair, others, { look }, options);
  const result = await dismissRepair(store, repair, others, { look });
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
  look: Look,
  options: SettleOptions,
): Promise<RepairResult> {
  const { document, counts } = await options.readMode();
  if (counts.includes("ModeDefaulted")) {
    return { outcome: "left", why: "the mode can't be read, and so who is right is not known" };
  }
  return repairOne({ ...options, document }, repair, others, look);
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
