import type { Migration } from "../migration.ts";
import { readInTime } from "../mode-source/read-in-time.ts";
import { refuseRange, refuseType } from "../options.ts";
import { RepairBook } from "../records/repair-book.ts";
import { remainingTimeOf, resolveOptions, type SegueOptions } from "../segue-options.ts";
import { judgeAgain } from "./judge-again.ts";
import { replayRead, replayWrite, type ReplayOptions, type WriteOptions } from "./replay.ts";
import { checkRequest, type OperatorRequest } from "./request.ts";
import {
  lookAtRepair,
  settleRepair,
  type LookRequest,
  type RepairRequest,
  type SeenRepair,
  type SettledRepair,
} from "./settle-repair.ts";
import { Undecided, type RecordVerdict } from "./verdict.ts";
import { verdictsOn, type Decide } from "./verdicts-on.ts";

/** Calls that are made again side by side. */
const CONCURRENCY = 8;

/** What the operator function answers. */
export type OperatorAnswer =
  /** On the records that there was time for. */
  { readonly verdicts: readonly RecordVerdict[] } | SeenRepair | SettledRepair;

/**
 * Makes the Lambda handler that the command `segue` has the migration's own adapters called with, by
 * `segue replay` and `segue repair --id`. It is told which records to look into and reads them itself, so
 * who may invoke it can have nothing run that a caller has not run before.
 *
 * @param migrations one migration or several.
 * @param options as for `segue`; `reserveMs` is the time that is left when no further call is made. Nothing
 *   goes to `metrics`.
 * @throws {TypeError | RangeError} naming the option that is wrong, what it got and what is allowed.
 * @example
 * export const handler = operatorHandler(customerDirectory);
 */
export function operatorHandler(
  migrations: Migration | readonly Migration[],
  options: SegueOptions = {},
): (event: unknown, context: any) => Promise<OperatorAnswer> {
  const { defined, modeSource, stores, repairs, reserveMs, logger } = resolveOptions(
    migrations,
    options,
  );
  for (const store of stores.values()) {
    if (store.read === undefined) refuseType("records", store, "a store with a method read");
  }

  return async (event, context) => {
    const request = checkRequest(event);
    const migration = defined.find(({ name }) => name === request.migration);
    if (migration === undefined) {
      refuseRange("migration", request.migration, defined.map(({ name }) => name).join(", "));
    }
    const { name } = migration;
    const store = stores.get(name)!;
    const untilDeadlineMs = remainingTimeOf(context);
    const remainingMs = () => untilDeadlineMs() - reserveMs;
    const requestId = String(context.awsRequestId ?? crypto.randomUUID());
    const given: ReplayOptions = { migration, requestId, remainingMs };
    const readMode = () => readInTime(modeSource, name, remainingMs() / 2);

    if (isAboutRepair(request)) {
      const repairStore = repairs.get(name);
      if (repairStore === undefined) refuseRange("migration", name, "one with a dual write");
      if (request.action === "look-at-repair") return lookAtRepair(request, repairStore);
      return settleRepair(request, { ...given, store: repairStore, logger, readMode });
    }
    const read = store.read!.bind(store);
    const look = (decide: Decide, concurrency = CONCURRENCY) =>
      verdictsOn(request.records, migration, read, decide, { concurrency, remainingMs });
    if (request.action === "judge") return { verdicts: await look(judged) };
    const repairStore = repairs.get(name);
    if (!request.writes || repairStore === undefined) {
      return { verdicts: await look(replayed(given)) };
    }
    logger.warn("writes are made again", { migration: name, records: request.records.length });
    const book = new RepairBook(repairStore, logger);
    const writing = { ...given, reading: await readMode(), book };
    // In the order in which they are asked for.
    return { verdicts: await look(replayed(given, writing), 1) };
  };
}

/** A request may have anything in it besides, so its action alone says what it is. */
function isAboutRepair(request: OperatorRequest): request is LookRequest | RepairRequest {
  return request.action !== "replay" && request.action !== "judge";
}

/** By the rules of today. */
const judged: Decide = async (record, operation) => {
  if (operation.kind === "write") throw new Undecided("a write to one version is not compared");
  return judgeAgain(record, operation);
};

/** By calling both versions now; for dual writes only where it is said what with. */
function replayed(options: ReplayOptions, writing?: WriteOptions): Decide {
  return async (record, operation) => {
    switch (operation.kind) {
      case "read":
        return replayRead(record, operation, options);
      case "dual-write":
        if (writing !== undefined) return replayWrite(record, writing);
        throw new Undecided("it is a write, which is made again with --writes alone");
      case "write":
        throw new Undecided("a write to one version is never made again");
    }
  };
}
