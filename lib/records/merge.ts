/**
 * Reads several sources side by side, and yields what comes in the order in which it comes. Each source
 * is one step ahead of who reads, and no more.
 *
 * @param atOnce how many sources are read at once: the next one begins where one ends. @default all
 */
export async function* merge<Value>(
  sources: readonly AsyncGenerator<Value>[],
  atOnce = sources.length,
): AsyncGenerator<Value> {
  const step = async (source: AsyncGenerator<Value>) => ({ source, result: await source.next() });
  const steps = new Map(sources.slice(0, atOnce).map((source) => [source, step(source)]));
  const waiting = sources.slice(atOnce).values();
  try {
    while (steps.size > 0) {
      const { source, result } = await Promise.race(steps.values());
      if (result.done) {
        steps.delete(source);
        const next = waiting.next().value;
        if (next !== undefined) steps.set(next, step(next));
        continue;
      }
      steps.set(source, step(source));
      yield result.value;
    }
  } finally {
    // Also those that fail after nobody listens any more.
    await Promise.allSettled([
      ...steps.values(),
      ...sources.map((source) => source.return(undefined)),
    ]);
  }
}
