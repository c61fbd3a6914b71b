/**
 * The one clock that everything in the local cloud follows: alarm periods, deployment growth, bakes
 * and the agent's polls. Times are epoch milliseconds of the cloud, durations cloud milliseconds.
 */
export interface CloudClock {
  now(): number;
  /** Runs `task` once, `delayMs` cloud milliseconds from now. Returns a function that cancels it. */
  schedule(delayMs: number, task: () => void): () => void;
  /** The cloud time that a wall-clock time (epoch ms), such as an EMF timestamp, stands for. */
  fromWall(wallMs: number): number;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * A clock that runs `speed` times as fast as the wall clock, from now on.
 *
 * @param speed cloud milliseconds per wall millisecond, above 0. @default 1
 */
export function compressedClock(speed = 1): CloudClock {
  if (!(speed > 0 && Number.isFinite(speed))) {
    throw new RangeError(`speed: got ${speed}, allowed is a number above 0`);
  }
  const start = Date.now();
  const fromWall = (wallMs: number) => start + (wallMs - start) * speed;
  return {
    now: () => fromWall(Date.now()),
    fromWall,
    schedule(delayMs, task) {
      let timer: NodeJS.Timeout;
      const wait = (leftMs: number) => {
        // Node's timers run no longer than that.
        const nowMs = Math.min(leftMs, MAX_TIMER_MS);
        timer = setTimeout(() => (leftMs > nowMs ? wait(leftMs - nowMs) : task()), nowMs);
      };
      wait(delayMs / speed);
      return () => clearTimeout(timer);
    },
  };
}

/** A clock that is always `aheadMs` cloud milliseconds ahead of another. */
export function clockAhead(clock: CloudClock, aheadMs: number): CloudClock {
  return {
    now: () => clock.now() + aheadMs,
    schedule: (delayMs, task) => clock.schedule(delayMs, task),
    fromWall: (wallMs) => clock.fromWall(wallMs) + aheadMs,
  };
}

/** A clock that stands still until a test moves it. */
export interface ManualClock extends CloudClock {
  /**
   * Moves the clock on by `ms`, running what falls due at its own time and in order. Between two
   * times it lets promises settle, so that a task's follow-up can schedule within the same advance.
   */
  advance(ms: number): Promise<void>;
}

/** @param startMs epoch ms at which the clock stands at first. @default 2026-01-01T00:00:00Z */
export function manualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let now = startMs;
  const tasks = new Set<{ at: number; run: () => void }>();
  const nextDue = (until: number) => {
    let next: { at: number; run: () => void } | undefined;
    for (const task of tasks) {
      if (task.at <= until && (next === undefined || task.at < next.at)) next = task;
    }
    return next;
  };
  const settlePromises = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    fromWall: () => now,
    schedule(delayMs, run) {
      const task = { at: now + Math.max(0, delayMs), run };
      tasks.add(task);
      return () => tasks.delete(task);
    },
    async advance(ms) {
      const until = now + ms;
      await settlePromises();
      for (let task = nextDue(until); task !== undefined; task = nextDue(until)) {
        tasks.delete(task);
        now = task.at;
        task.run();
        await settlePromises();
      }
      now = until;
      await settlePromises();
    },
  };
}
