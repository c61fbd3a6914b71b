import type { MiddlewareObj } from "@middy/core";
import { Invocation } from "./call/invocation.ts";
import type { Migration } from "./migration.ts";
import { messageOf } from "./logger.ts";
import type { ModeReading } from "./mode-source/mode-source.ts";
import { keepComparisons } from "./records/keep.ts";
import { RepairBook } from "./records/repair-book.ts";
import { remainingTimeOf, resolveOptions, type SegueOptions } from "./segue-options.ts";
import { withTimeLimit } from "./time-limit.ts";

/** Milliseconds that a metrics sink of the user's own may take. */
const MAX_PUBLISH_MS = 1_000;

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
  const { defined, logger, modeSource, metrics, stores, repairs, reserveMs } = resolveOptions(
    migrations,
    options,
  );
  const books = new Map(
    Array.from(repairs, ([name, store]) => [name, new RepairBook(store, logger)]),
  );
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
        migration.pin(context, invocation, reading, {
          repairs: books.get(migration.name),
          keepsAll,
        });
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
