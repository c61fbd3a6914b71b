import type { Repair, RepairState } from "../call/repair.ts";
import { messageOf, type Logger } from "../logger.ts";
import { withTimeLimit } from "../time-limit.ts";
import { repairRecord } from "./repair-record.ts";
import type { Claim, RepairStore } from "./repair-store.ts";

/** Milliseconds that one request of the book's may take: the caller of a dual write waits for the first. */
const MAX_REQUEST_MS = 1_000;

const OVERLAPPED = "another write of the same key was under way: which came first is not known";

/** What became of what the book was told. */
export type Entered = "stored" | "diverted";

/**
 * Keeps book of the dual writes that are not done. It takes bounded time, and never rejects: what can't
 * be stored is printed as one log line.
 */
export class RepairBook {
  readonly #store: RepairStore;
  readonly #logger: Logger;

  constructor(store: RepairStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** Enters a write before it begins. */
  begin(repair: Repair, limitMs: number): Promise<Entered> {
    return this.#enter(repair, "intended", undefined, limitMs, (signal) =>
      this.#store.put(repair, "intended", undefined, signal),
    );
  }

  /** Takes out a write that has not been done by either version. */
  async cancel(repair: Repair): Promise<void> {
    await this.#try(repair, (signal) => this.#store.remove(repair, "always", signal));
  }

  /**
   * Takes out a write that both versions have.
   *
   * @param follows whether another write, by its id, is known to come after this one.
   * @returns whether it is out, for it stays if it overlapped with another; `undefined` if that is not known.
   */
  async finish(repair: Repair, follows: (id: string) => boolean): Promise<boolean | undefined> {
    return this.#try(repair, (signal) =>
      finishRepair(this.#store, repair, "unless-overlapped", follows, signal),
    );
  }

  /** Says of a write that both versions have why it stays: it overlapped. Of no effect where it is gone. */
  async overlapped(repair: Repair): Promise<void> {
    await this.#try(repair, (signal) =>
      this.#store.change(repair, "secondary-failed", OVERLAPPED, signal),
    );
  }

  /**
   * Says why a write stays.
   *
   * @param late whether a repair pass may have taken it up, or out, before the write was over: then it
   *   stays as one that overlapped with others.
   */
  stay(repair: Repair, state: RepairState, why: string, late: boolean): Promise<Entered> {
    return this.#enter(repair, state, why, MAX_REQUEST_MS, async (signal) => {
      // First, so that a pass that is at work on it doesn't take it out.
      if (late) await this.#store.overlap(repair, signal);
      if (await this.#store.change(repair, state, why, signal)) return;
      await this.#store.put(repair, state, why, signal);
      if (late) await this.#store.overlap(repair, signal);
    });
  }

  async #enter(
    repair: Repair,
    state: RepairState,
    why: string | undefined,
    limitMs: number,
    enter: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<Entered> {
    try {
      await withTimeLimit(enter, Math.min(limitMs, MAX_REQUEST_MS));
      return "stored";
    } catch (error) {
      const { replay, ...record } = repairRecord(repair, state, why);
      this.#logger.error("repair record diverted", { why: messageOf(error), record });
      return "diverted";
    }
  }

  /** What fails here leaves a record too many, which the repair pass looks into. */
  async #try<Value>(
    { migration, id }: Repair,
    run: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value | undefined> {
    try {
      return await withTimeLimit(run, MAX_REQUEST_MS);
    } catch (error) {
      const why = messageOf(error);
      this.#logger.warn("a finished write's repair record stays", { migration, id, why });
      return undefined;
    }
  }
}

/**
 * Removes a repair that is done. Two writes of one subject that are under way at once may reach the
 * versions in different orders, though both succeed. So each, when it is done, first marks those that it
 * meets, and only then goes, unless it was marked itself: of two that overlap at least one stays.
 *
 * @param follows whether another write, by its id, is known to come after this one.
 * @returns whether it was removed.
 */
export async function finishRepair(
  store: RepairStore,
  repair: Repair,
  condition: "unless-overlapped" | Claim,
  follows: (id: string) => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const met = (await store.sameSubject(repair, signal)).filter(({ id }) => !follows(id));
  await Promise.all(met.map((other) => store.overlap(other, signal)));
  return store.remove(repair, condition, signal);
}
