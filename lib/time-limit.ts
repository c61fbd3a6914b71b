/** What a timer of Node.js can be set to, in milliseconds; more would be none at all. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Lambda's longest invocation, 15 minutes, in milliseconds. */
export const LONGEST_INVOCATION_MS = 900_000;

/** Waits for a promise, but no longer than a number of milliseconds. Rejects as the promise does. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(Math.max(0, ms), MAX_TIMER_MS));
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for something, though not for longer than a number of milliseconds.
 *
 * @param run is given a signal that aborts when its time is over; nobody waits for it from then on.
 * @throws {Error} when its time is over, and what `run` rejects with before that.
 */
export async function withTimeLimit<Value>(
  run: (signal: AbortSignal) => Promise<Value>,
  ms: number,
): Promise<Value> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        const error = new Error(`no answer in ${ms} ms`);
        reject(error);
        controller.abort(error);
      },
      Math.min(ms, MAX_TIMER_MS),
    );
  });
  try {
    return await Promise.race([run(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
