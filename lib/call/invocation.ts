import { Tally } from "../metrics/tally.ts";
import { within } from "../time-limit.ts";
import { performance } from "./clock.ts";
import type { Comparison } from "./comparison.ts";

/** A call that is still under way, or whose comparison is. */
export interface Pending {
  /** When the call's time is over, by `performance.now()`. */
  readonly dueAt: number;
  /** Tells the call that its time is over; of no effect if it has ended, or has no secondary yet. */
  timeOut(): void;
  /** Ends the call and its comparison as they stand, at once; what is still to be stored of it takes time. */
  abandon(): void | Promise<void>;
}

/**
 * What Segue knows of one Lambda invocation: its time, the calls under way, what they came to.
 * Nothing of it outlives the invocation or is shared with another one.
 */
export class Invocation {
  readonly requestId: string;
  readonly comparisons: Comparison[] = [];
  readonly #pending = new Set<Pending>();
  readonly #tallies = new Map<string, Tally>();
  readonly #remainingMs: () => number;
  readonly #reserveMs: number;
  #sequence = 0;
  #calibrations = 0;
  #closed = false;
  #sealed = false;
  /** When the process ends, by `performance.now()`, where it is about to. */
  #hurriedUntil = Infinity;
  #onIdle: (() => void) | undefined;
  /** One timer for all calls: they are many, and hardly ever does one of them need it. */
  #alarm: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;

  /**
   * @param remainingMs the platform's remaining time for the invocation, in milliseconds.
   * @param reserveMs how much of it is kept for what follows the calls.
   */
  constructor(requestId: string, remainingMs: () => number, reserveMs: number) {
    this.requestId = requestId;
    this.#remainingMs = remainingMs;
    this.#reserveMs = reserveMs;
  }

  /** Milliseconds in which a secondary must be done: what remains, less the reserve. */
  get budgetMs(): number {
    return this.#remainingMs() - this.#reserveMs;
  }

  /** Milliseconds in which the records must be written: half of the reserve is left to the response. */
  get writeBudgetMs(): number {
    const remainingMs = this.#remainingMs() - this.#reserveMs / 2;
    // A process may end before its invocation's time is over, and also long after it.
    return this.#isHurried ? this.#hurriedUntil - performance.now() : remainingMs;
  }

  get #isHurried(): boolean {
    return this.#hurriedUntil !== Infinity;
  }

  /** Whether the handler is done, so that nothing new may be started beside a primary. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether its comparisons and counts are on their way out, so that nothing may be added to them. */
  get sealed(): boolean {
    return this.#sealed;
  }

  /** Whether there is anything to wait for, or to store. */
  get hasWork(): boolean {
    return this.#pending.size > 0 || this.comparisons.length > 0;
  }

  nextSequence(): number {
    return this.#sequence++;
  }

  /** Numbers apart from the calls', so that lots drawn for calibrations don't change those. */
  nextCalibration(): number {
    return this.#calibrations++;
  }

  /** What is counted for a migration, or for one operation of it. */
  tally(migration: string, operation?: string): Tally {
    const name = operation === undefined ? migration : `${migration} ${operation}`;
    let tally = this.#tallies.get(name);
    if (tally === undefined) this.#tallies.set(name, (tally = new Tally(migration, operation)));
    return tally;
  }

  /** The tallies in which anything was counted. */
  get tallies(): readonly Tally[] {
    return [...this.#tallies.values()].filter(({ isEmpty }) => !isEmpty);
  }

  began(call: Pending): void {
    this.#pending.add(call);
  }

  /** Has a call told when it is due, unless it ends before that. */
  watch({ dueAt }: Pending): void {
    if (this.#alarm !== undefined) {
      if (this.#alarm.at <= dueAt) return;
      clearTimeout(this.#alarm.timer);
    }
    this.#setAlarm(dueAt, performance.now());
  }

  #setAlarm(at: number, now: number): void {
    const timer = setTimeout(
      () => {
        this.#alarm = undefined;
        let next = Infinity;
        for (const call of this.#pending) {
          if (call.dueAt <= at) call.timeOut();
          else next = Math.min(next, call.dueAt);
        }
        if (next !== Infinity) this.#setAlarm(next, at);
      },
      // A secondary may have been busy for longer than its time before it gave its promise.
      Math.max(0, Math.ceil(at - now)),
    );
    this.#alarm = { at, timer };
  }

  ended(call: Pending): void {
    this.#pending.delete(call);
    if (this.#pending.size === 0) this.#onIdle?.();
  }

  /**
   * Waits for the calls under way, each within its own time and all within the invocation's, then ends
   * what is left as it stands. From its start on no call starts a secondary, but for those whose primaries have
   * answered. Never rejects.
   */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#pending.size > 0) await this.#untilIdle();
    const ending = Array.from(this.#pending, (call) => call.abandon()).filter(
      (end) => end instanceof Promise,
    );
    if (ending.length > 0) await within(this.writeBudgetMs, Promise.all(ending));
    clearTimeout(this.#alarm?.timer);
    // A run that has not ended by now is one that failed, and it must not look like one that never was.
    for (const tally of this.#tallies.values()) tally.countUnsettled();
    this.#sealed = true;
  }

  /**
   * Ends a wait for the calls under way, or keeps one from beginning, since the process is about to end.
   *
   * @param leftMs milliseconds in which the records must be written.
   */
  hurry(leftMs: number): void {
    this.#hurriedUntil = performance.now() + leftMs;
    this.#onIdle?.();
  }

  /** Waits until no call is pending, or each one's time is over, which one that goes on may put off. */
  async #untilIdle(): Promise<void> {
    const idle = new Promise<void>((resolve) => (this.#onIdle = resolve));
    const endsAt = performance.now() + this.budgetMs;
    for (;;) {
      let dueAt = 0;
      for (const call of this.#pending) dueAt = Math.max(dueAt, call.dueAt);
      const waitMs = Math.min(dueAt, endsAt) - performance.now();
      if (this.#pending.size === 0 || this.#isHurried || waitMs <= 0) return;
      await within(waitMs, idle);
    }
  }
}
