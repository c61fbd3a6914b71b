import { messageOf, type Logger } from "../logger.ts";
import { withTimeLimit } from "../time-limit.ts";
import type { MetricsSink, Tally } from "./tally.ts";

/** Milliseconds that a metrics sink of the user's own may take. */
const MAX_PUBLISH_MS = 1_000;

/** Hands tallies to a sink, in bounded time. Never rejects: what fails is logged. */
export async function publish(
  metrics: MetricsSink,
  tallies: readonly Tally[],
  logger: Logger,
): Promise<void> {
  try {
    // Ours is done when it returns; only a sink that takes its time needs a limit.
    const publishing = metrics.publish(tallies);
    if (publishing !== undefined) await withTimeLimit(() => publishing, MAX_PUBLISH_MS);
  } catch (error) {
    logger.error("the metrics could not be published", { why: messageOf(error) });
  }
}
