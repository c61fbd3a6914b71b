import { MAX_TIMEOUT_MS } from "./operation.ts";
import { DefinedMigration, type Migration } from "./migration.ts";
import { jsonLogger, neverThrowing, type Logger } from "./logger.ts";
import { emfMetrics } from "./metrics/emf.ts";
import type { MetricsSink } from "./metrics/tally.ts";
import { appConfigModeSource } from "./mode-source/app-config.ts";
import type { ModeSource } from "./mode-source/mode-source.ts";
import {
  checkMethods,
  checkMs,
  checkObject,
  checkOneOf,
  refuseRange,
  refuseType,
} from "./options.ts";
import type { RecordStore } from "./records/record-store.ts";
import type { RepairStore } from "./records/repair-store.ts";
import { tableOf } from "./records/table.ts";

/** Milliseconds of the invocation's time that Segue leaves to the records and the response. */
export const DEFAULT_RESERVE_MS = 500;

/** Every option has a default that works in the deployed stack. */
export interface SegueOptions {
  /** Where the mode documents come from. @default the AppConfig agent, or AppConfig itself */
  readonly modeSource?: ModeSource;
  /** Where records go. @default the migration's DynamoDB table */
  readonly records?: RecordStore;
  /** Where metrics go. @default CloudWatch, as embedded metric format on standard output */
  readonly metrics?: MetricsSink;
  /** Where Segue's own problems go. @default JSON lines on standard output and error */
  readonly logger?: Logger;
  /**
   * Milliseconds before the invocation's deadline by which every secondary has ended, so that there is
   * time left for the records and the response; 0 to 900,000. @default 500
   */
  readonly reserveMs?: number;
  /**
   * When the response goes out: `inline`, when all that runs after the handler is done, the secondary at
   * `timeoutMs` at the latest; or `early`, at once, while a Lambda extension within the process holds the
   * environment until that is done. `early` is billed for as long, keeps at least 200 ms of `reserveMs`, and
   * is `inline` where there can be no extension, with one line in the log.
   * @default "inline"
   */
  readonly response?: "inline" | "early";
}

/**
 * Checks the options, and fills in their defaults.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong, what it got and what is allowed.
 */
export function resolveOptions(
  migrations: Migration | readonly Migration[],
  options: SegueOptions,
) {
  const defined = checkMigrations(migrations);
  checkObject("options", options, [
    "modeSource",
    "records",
    "metrics",
    "logger",
    "reserveMs",
    "response",
  ]);
  checkOneOf("response", options.response, ["inline", "early"]);
  checkMethods("modeSource", options.modeSource, ["read"]);
  checkMethods("records", options.records, ["write"]);
  checkMethods("metrics", options.metrics, ["publish"]);
  checkMethods("logger", options.logger, ["warn", "error"]);
  checkMs("reserveMs", options.reserveMs, 0, MAX_TIMEOUT_MS);
  const logger = neverThrowing(options.logger ?? jsonLogger);
  const stores = new Map(defined.map(({ name }) => [name, options.records ?? tableOf(name)]));
  const repairs = new Map<string, RepairStore>();
  for (const { name, dualWrites } of defined) {
    if (dualWrites.length > 0) repairs.set(name, repairsOf(stores.get(name)!, dualWrites));
  }
  return {
    defined,
    logger,
    modeSource: options.modeSource ?? appConfigModeSource(logger),
    metrics: options.metrics ?? emfMetrics(),
    reserveMs: options.reserveMs ?? DEFAULT_RESERVE_MS,
    /** By migration. */
    stores,
    /** By migration, of those that have dual writes. */
    repairs,
  };
}

/** The invocation's remaining milliseconds, where the context tells. */
export function remainingTimeOf(context: any): () => number {
  // A durable function's context has Lambda's own within.
  for (const known of [context, context.lambdaContext]) {
    if (typeof known?.getRemainingTimeInMillis === "function") {
      return () => known.getRemainingTimeInMillis();
    }
  }
  return () => Infinity;
}

function repairsOf(store: RecordStore, dualWrites: readonly string[]): RepairStore {
  if (store.repairs === undefined) {
    refuseType("records", store, `a store with repairs, for ${dualWrites.join(", ")} to be dual`);
  }
  return store.repairs;
}

function checkMigrations(migrations: unknown): readonly DefinedMigration[] {
  const given: readonly unknown[] = Array.isArray(migrations) ? migrations : [migrations];
  const names = new Set<string>();
  for (const migration of given) {
    if (!(migration instanceof DefinedMigration)) {
      refuseType("migrations", migration, "what defineMigration() makes, or an array of that");
    }
    if (names.has(migration.name)) refuseRange("migrations", migration.name, "each name once");
    names.add(migration.name);
  }
  if (given.length === 0) refuseRange("migrations", migrations, "at least one migration");
  return given as readonly DefinedMigration[];
}
