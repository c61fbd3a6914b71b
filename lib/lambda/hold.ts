import { LONGEST_INVOCATION_MS, within } from "../time-limit.ts";

/** Milliseconds that an invocation has to reach the middleware, from the moment its event is known here. */
export const REACH_MS = 25;

/** Milliseconds before the invocation's deadline at which it is let go, whatever is still under way. */
export const SAFETY_MS = 100;

/** What the platform says of an invocation. */
export interface InvokeEvent {
  readonly requestId: string;
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
}

/** One invocation's work for which the environment is held. */
export interface HeldWork {
  /** Whether the environment is held for it, so that the response may go out before it is done. */
  readonly isHeld: boolean;
  /** The work is done. */
  end(): void;
}

/** Holds the environment after a response, or has no need to. */
export interface Holding {
  /**
   * An invocation has reached the middleware.
   *
   * @param hurry is called when the process is about to end, with the milliseconds that it has left: what
   *   can be saved must be saved now.
   * @returns nothing where the environment can't be held for it.
   */
  begin(requestId: string, hurry: Hurry): HeldWork | undefined;
}

export type Hurry = (leftMs: number) => void;

/** What isn't done, of invocations that were let go too. */
interface Unfinished {
  readonly hurry: Hurry;
  readonly done: PromiseWithResolvers<void>;
}

/** What has begun since the last invocation was let go: an environment has one at a time. */
interface Span {
  /** How much of it isn't done. */
  works: number;
  /** Resolves when none is left. */
  idle: PromiseWithResolvers<void>;
  isReleased: boolean;
}

/**
 * Decides how long an invocation is held. The platform tells of an invocation and the middleware begins
 * one in no given order: the event may come before the handler is called, or when it has returned.
 */
export class Hold implements Holding {
  #span: Span | undefined;
  /** Resolves when the invocation that is waited for begins. */
  #arrival: PromiseWithResolvers<void> | undefined;
  #lastReleased: string | undefined;
  #isOver = false;
  readonly #unfinished = new Set<Unfinished>();

  begin(requestId: string, hurry: Hurry): HeldWork | undefined {
    if (this.#isOver || this.#lastReleased === requestId) return undefined;
    const span = (this.#span ??= { works: 0, idle: Promise.withResolvers(), isReleased: false });
    // One that began and ended in this invocation before it has said that there is nothing left.
    if (span.works === 0) span.idle = Promise.withResolvers();
    span.works++;
    const work: Unfinished = { hurry, done: Promise.withResolvers() };
    this.#unfinished.add(work);
    this.#arrival?.resolve();
    const isOver = () => this.#isOver;
    return {
      get isHeld() {
        return !span.isReleased && !isOver();
      },
      end: () => {
        if (!this.#unfinished.delete(work)) return;
        work.done.resolve();
        span.works--;
        if (span.works === 0) span.idle.resolve();
      },
    };
  }

  /**
   * Resolves when an invocation may end: its work is done, or it has none, or its time is over. Never
   * rejects.
   */
  async released({ requestId, deadlineMs }: InvokeEvent): Promise<void> {
    this.#lastReleased = undefined;
    // A clock that jumps would give it more than Lambda does.
    const leftMs = Math.min(deadlineMs - Date.now(), LONGEST_INVOCATION_MS);
    const endsAt = performance.now() + leftMs - SAFETY_MS;
    if (this.#span === undefined && !this.#isOver) await this.#untilBegun();
    const span = this.#span;
    if (span !== undefined) {
      // More may begin than has ended, such as where a handler calls two others.
      while (span.works > 0 && performance.now() < endsAt) {
        await within(endsAt - performance.now(), span.idle.promise);
      }
      span.isReleased = true;
    }
    this.#span = undefined;
    this.#lastReleased = requestId;
  }

  /** An invocation that an earlier middleware answers never gets here, and isn't waited for. */
  async #untilBegun(): Promise<void> {
    this.#arrival = Promise.withResolvers();
    await within(REACH_MS, this.#arrival.promise);
    // On a busy processor both the timer and the invocation may be due; the invocation comes first.
    await new Promise((turn) => setImmediate(turn));
    this.#arrival = undefined;
  }

  /** Nothing more is held from now on. */
  giveUp(): void {
    this.#isOver = true;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Tells all work to make haste, with the milliseconds it has. Resolves when it is done. */
  async flush(leftMs: number): Promise<void> {
    const unfinished = [...this.#unfinished];
    for (const { hurry } of unfinished) hurry(leftMs);
    await Promise.all(unfinished.map(({ done }) => done.promise));
  }
}
