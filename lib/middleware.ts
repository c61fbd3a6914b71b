import type { MiddlewareObj } from "@middy/core";
import { Invocation } from "./call/invocation.ts";
import { MAX_TIMEOUT_MS, DefinedMigration, type Migration } from "./migration.ts";
import { functionEnvironment } from "./function-environment.ts";
import { jsonLogger, messageOf, neverThrowing, type Logger } from "./logger.ts";
import { emfMetrics } from "./metrics/emf.ts";
import type { MetricsSink } from "./metrics/tally.ts";
import { appConfigModeSource } from "./mode-source/app-config.ts";
import type { ModeReading, ModeSource } from "./mode-source/mode-source.ts";
import { checkMethods, checkMs, checkObject, refuseRange, refuseType } from "./options.ts";
import { dynamodbWriter } from "./records/dynamodb-writer.ts";
import { keepComparisons } from "./records/keep.ts";
import type { RecordStore } from "./records/record-store.ts";
import { withTimeLimit } from "./time-limit.ts";

/** Milliseconds of the invocation's time that Segue leaves to the records and the response. */
export const DEFAULT_RESERVE_MS = 500;

/** Milliseconds that a metrics sink of the user's own may take. */
const MAX_PUBLISH_MS = 1_000;

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
}

const UNREADABLE: ModeReading = {
  document: { mode: "old" },
  version: "default",
  counts: ["ModeReadFailures", "ModeDefaulted"],
};

/**
 * Middy middleware that gives a handler the clients of its migrations.
 *
 * Before the handler it reads each migration's mode and pins it for the invocation. After the handler,
 * whether it succeeded or not, it waits for the secondaries that are still under way, in bounded time,
 * stores the comparisons and publishes the metrics. Nothing that fails there fails the request.
 *
 * Let it be the last `.use()`: its hooks after the handler are then the first to run. A middleware that
 * comes later and answers early would keep Middy from running them at all.
 *
 * @param migrations one migration or several.
 * @throws {TypeError | RangeError} naming the option that is wrong, what it got and what is allowed.
 * @example
 * export const handler = middy()
 *   .use(segue(customerDirectory))
 *   .handler(async (event, context) =>
 *     customerDirectory.client(context).customerIds(event.merchantId));
 */
export default function segue(
  migrations: Migration | readonly Migration[],
  options: SegueOptions = {},
): MiddlewareObj<any, any, any, any> {
  const defined = checkMigrations(migrations);
  checkObject("options", options, ["modeSource", "records", "metrics", "logger", "reserveMs"]);
  checkMethods("modeSource", options.modeSource, ["read"]);
  checkMethods("records", options.records, ["write"]);
  checkMethods("metrics", options.metrics, ["publish"]);
  checkMethods("logger", options.logger, ["warn", "error"]);
  checkMs("reserveMs", options.reserveMs, 0, MAX_TIMEOUT_MS);
  const logger = neverThrowing(options.logger ?? jsonLogger);
  const modeSource = options.modeSource ?? appConfigModeSource(logger);
  const metrics = options.metrics ?? emfMetrics();
  const reserveMs = options.reserveMs ?? DEFAULT_RESERVE_MS;
  const stores = new Map(defined.map(({ name }) => [name, options.records ?? tableOf(name)]));
  // What an invocation goes by whose mode source breaks its promise never to reject.
  const lastReadings = new Map<string, ModeReading>();
  const requests = new WeakMap<object, Invocation>();

  async function open(request: { context: any }): Promise<void> {
    const { context } = request;
    const remainingMs = remainingTimeOf(context);
    const invocation = new Invocation(
      String(context.awsRequestId ?? crypto.randomUUID()),
      remainingMs,
      reserveMs,
    );
    const keepsAll = options.records?.keepsAll ?? false;
    await Promise.all(
      defined.map(async (migration) => {
        const reading = await readMode(migration.name, remainingMs() / 2);
        for (const name of reading.counts) invocation.tally(migration.name).count(name);
        migration.pin(context, invocation, reading, keepsAll);
      }),
    );
    requests.set(request, invocation);
  }

  async function readMode(migration: string, budgetMs: number): Promise<ModeReading> {
    try {
      const reading = await modeSource.read(migration, budgetMs);
      lastReadings.set(migration, reading);
      return reading;
    } catch (error) {
      logger.error("the mode source failed", { migration, why: messageOf(error) });
      const last = lastReadings.get(migration);
      return last === undefined ? UNREADABLE : { ...last, counts: ["ModeReadFailures"] };
    }
  }

  async function close(request: object): Promise<void> {
    const invocation = requests.get(request);
    if (invocation === undefined) return;
    // An error after this hook brings the request here again; what is done once is done.
    requests.delete(request);
    try {
      await invocation.close();
      await Promise.all(
        defined.map(({ name }) =>
          keepComparisons(
            invocation.comparisons.filter(({ migration }) => migration === name),
            invocation,
            stores.get(name)!,
            logger,
          ),
        ),
      );
    } catch (error) {
      if (options.records?.strict) throw error;
      logger.error("the comparisons could not be kept", { why: messageOf(error) });
    }
    try {
      // Ours is done when it returns; only a sink that takes its time needs a limit.
      const publishing = metrics.publish(invocation.tallies);
      if (publishing !== undefined) await withTimeLimit(() => publishing, MAX_PUBLISH_MS);
    } catch (error) {
      logger.error("the metrics could not be published", { why: messageOf(error) });
    }
  }

  // Middy takes what a hook returns for the response, so none of these returns anything.
  return { before: open, after: close, onError: close };
}

/** The invocation's remaining milliseconds, where the context tells. */
function remainingTimeOf(context: any): () => number {
  // A durable function's context has Lambda's own within.
  for (const known of [context, context.lambdaContext]) {
    if (typeof known?.getRemainingTimeInMillis === "function") {
      return () => known.getRemainingTimeInMillis();
    }
  }
  return () => Infinity;
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

/** The migration's table, found on first use: a handler's module may be loaded where there is none. */
function tableOf(migration: string): RecordStore {
  let writer: RecordStore | undefined;
  const open = () => (writer ??= dynamodbWriter(functionEnvironment(migration)));
  return {
    async write(comparisons, signal) {
      return open().write(comparisons, signal);
    },
    get retentionDays() {
      return writer?.retentionDays ?? 0;
    },
  };
}
