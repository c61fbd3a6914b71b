import type { MiddlewareObj } from "@middy/core";
import { Invocation } from "./call/invocation.ts";
import type { Migration } from "./migration.ts";
import { holdEnvironment } from "./lambda/early-response.ts";
import { SAFETY_MS, type HeldWork, type Holding } from "./lambda/hold.ts";
import { streamed, streamIn } from "./lambda/response-stream.ts";
import { whenHooksAreSkipped } from "./lambda/skipped-hooks.ts";
import { messageOf } from "./logger.ts";
import { publish } from "./metrics/publish.ts";
import type { ModeReading } from "./mode-source/mode-source.ts";
import { readInTime } from "./mode-source/read-in-time.ts";
import { keepComparisons } from "./records/keep.ts";
import { RepairBook } from "./records/repair-book.ts";
import { remainingTimeOf, resolveOptions, type SegueOptions } from "./segue-options.ts";

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
 * With `response: "early"` that work goes on after the response, and no caller waits for it.
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
  const resolved = resolveOptions(migrations, options);
  const { defined, logger, modeSource, metrics, stores, repairs } = resolved;
  const { keepsAll = false, strict = false } = options.records ?? {};
  // A store that may fail the invocation can only do so before the response.
  const holding = options.response === "early" && !strict ? holdEnvironment(logger) : undefined;
  // Records have until half of the reserve, and after that nothing may be under way when it is let go.
  const reserveMs = holding ? Math.max(resolved.reserveMs, 2 * SAFETY_MS) : resolved.reserveMs;
  const books = new Map(
    Array.from(repairs, ([name, store]) => [name, new RepairBook(store, logger)]),
  );
  // What an invocation goes by whose mode source breaks its promise never to reject.
  const lastReadings = new Map<string, ModeReading>();
  const requests = new WeakMap<object, OpenRequest>();

  async function open(request: MiddyRequest): Promise<void> {
    const { context } = request;
    refuseDurable(context);
    const remainingMs = remainingTimeOf(context);
    const requestId = String(context.awsRequestId ?? crypto.randomUUID());
    const invocation = new Invocation(requestId, remainingMs, reserveMs);
    requests.set(request, { invocation, held: holding && hold(request, invocation, holding) });
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
  }

  function hold(request: MiddyRequest, invocation: Invocation, by: Holding): Held | undefined {
    const ending = new AbortController();
    const work = by.begin(invocation.requestId, (leftMs) => {
      invocation.hurry(leftMs);
      ending.abort();
      // Its handler may not have come to an end.
      void close(request);
    });
    if (work === undefined) return undefined;
    const stopLooking = whenHooksAreSkipped(request, () => void close(request));
    return { work, ending: ending.signal, stopLooking };
  }

  async function readMode(migration: string, budgetMs: number): Promise<ModeReading> {
    try {
      const reading = await readInTime(modeSource, migration, budgetMs);
      lastReadings.set(migration, reading);
      return reading;
    } catch (error) {
      logger.error("the mode source failed", { migration, why: messageOf(error) });
      const last = lastReadings.get(migration);
      return last === undefined ? UNREADABLE : { ...last, counts: ["ModeReadFailures"] };
    }
  }

  async function close(request: MiddyRequest): Promise<void> {
    const opened = requests.get(request);
    if (opened === undefined) return;
    // An error after this hook brings the request here again; what is done once is done.
    requests.delete(request);
    const { invocation, held } = opened;
    held?.stopLooking();
    if (!held?.work.isHeld) {
      if (invocation.hasWork) countDrain(invocation, "DrainedInline");
      await settle(invocation).finally(() => held?.work.end());
      return;
    }
    const body = streamIn(request.response);
    if (body === undefined && !invocation.hasWork) {
      await settle(invocation).finally(() => held.work.end());
      return;
    }
    const settleAfterResponse = async () => {
      // A body that is still streamed may yet call the dependency.
      if (body !== undefined) await streamed(body, held.ending);
      // The caller's turn comes first.
      else await new Promise((turn) => setImmediate(turn));
      const { hasWork } = invocation;
      if (hasWork) countDrain(invocation, "DrainedEarly");
      await settle(invocation, hasWork ? performance.now() : undefined);
    };
    void settleAfterResponse().finally(() => held.work.end());
  }

  function countDrain(invocation: Invocation, metric: "DrainedEarly" | "DrainedInline"): void {
    for (const { name } of defined) invocation.tally(name).count(metric);
  }

  /**
   * Brings an invocation to its end: waits for what is under way, stores the records, publishes the
   * metrics. Rejects only for a strict store.
   *
   * @param heldFrom since when the environment is held for it, by `performance.now()`.
   */
  async function settle(invocation: Invocation, heldFrom?: number): Promise<void> {
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
      if (strict) throw error;
      logger.error("the comparisons could not be kept", { why: messageOf(error) });
    }
    if (heldFrom !== undefined) {
      const heldMs = performance.now() - heldFrom;
      for (const { name } of defined) invocation.tally(name).took("Held", heldMs);
    }
    await publish(metrics, invocation.tallies, logger);
  }

  // Middy takes what a hook returns for the response, so none of these returns anything.
  return { before: open, after: close, onError: close };
}

/** What of Middy's request is of interest here. */
interface MiddyRequest {
  readonly context: any;
  readonly response?: unknown;
  readonly error?: unknown;
}

/** An invocation between the hooks before and after its handler. */
interface OpenRequest {
  readonly invocation: Invocation;
  /** Set where the environment can be held for it. */
  readonly held: Held | undefined;
}

interface Held {
  readonly work: HeldWork;
  /** Aborts when the process is about to end. */
  readonly ending: AbortSignal;
  stopLooking(): void;
}

/**
 * A durable function's handler runs again from its beginning whenever it goes on, and each time it may end
 * without any hook: its calls would be compared many times over, or not at all.
 */
function refuseDurable(context: any): void {
  if (context?.lambdaContext === undefined) return;
  throw new TypeError(
    "segue: got a durable function's context, allowed is a standard or a streaming handler. " +
      "Call the dependency from a function that the durable one invokes in a step",
  );
}
