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
   * @param hurry is called when the process is about to end: what can be saved must be saved now.
   * @returns nothing where the environment can't be held for it.
   */
  begin(requestId: string, hurry: () => void): HeldWork | undefined;
}

interface Invocation {
  readonly requestId: string;
  readonly works: Set<() => void>;
  /** Resolves when there is no work left. */
  readonly idle: PromiseWithResolvers<void>;
  isReleased: boolean;
}

/**
 * Decides how long an invocation is held. The platform tells of an invocation and the middleware begins
 * one in no given order: the event may come before the handler is called, or when it has returned.
 */
export class Hold implements Holding {
  #invocation: Invocation | undefined;
  /** Resolves when the invocation that is waited for begins. */
  #arrival: { readonly requestId: string; readonly resolve: () => void } | undefined;
  #lastReleased: string | undefined;
  #isOver = false;

  begin(requestId: string, hurry: () => void): HeldWork | undefined {
    if (this.#isOver || this.#lastReleased === requestId) return undefined;
    if (this.#invocation?.requestId !== requestId) {
      // What is left of another one was let go before its end.
      const idle = Promise.withResolvers<void>();
      this.#invocation = { requestId, works: new Set(), idle, isReleased: false };
      if (this.#arrival?.requestId === requestId) this.#arrival.resolve();
    }
    const invocation = this.#invocation;
    const isOver = () => this.#isOver;
    invocation.works.add(hurry);
    return {
      get isHeld() {
        return !invocation.isReleased && !isOver();
      },
      end() {
        invocation.works.delete(hurry);
        if (invocation.works.size === 0) invocation.idle.resolve();
      },
    };
  }

  /**
   * Resolves when an invocation may end: its work is done, or it has none, or its time is over. Never
   * rejects.
   */
  async released({ requestId, deadlineMs }: InvokeEvent): Promise<void> {
    this.#lastReleased = undefined;
    if (this.#invocation?.requestId !== requestId) await this.#untilBegun(requestId);
    const invocation = this.#invocation;
    if (invocation?.requestId === requestId) {
      const leftMs = deadlineMs - Date.now() - SAFETY_MS;
      await within(Math.max(0, leftMs), invocation.idle.promise);
      invocation.isReleased = true;
    }
    this.#lastReleased = requestId;
  }

  /** An invocation that an earlier middleware answers never gets here, and isn't waited for. */
  async #untilBegun(requestId: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#arrival = { requestId, resolve };
    await within(REACH_MS, promise);
    // On a busy processor both the timer and the invocation may be due; the invocation comes first.
    await new Promise((turn) => setImmediate(turn));
    this.#arrival = undefined;
  }

  /** Nothing is held from now on. */
  giveUp(): void {
    this.#isOver = true;
  }

  /** Tells all work to make haste. Resolves when it is done. */
  async flush(): Promise<void> {
    const invocation = this.#invocation;
    if (invocation === undefined || invocation.works.size === 0) return;
    for (const hurry of invocation.works) hurry();
    await invocation.idle.promise;
  }
}

/** Waits for a promise, but no longer than a time. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
