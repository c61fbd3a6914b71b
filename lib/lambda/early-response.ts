import { messageOf, type Logger } from "../logger.ts";
import { withTimeLimit } from "../time-limit.ts";
import { serveExtension } from "./extension.ts";
import { Hold, type Holding } from "./hold.ts";
import { registerExtension } from "./register.ts";

const EXTENSION = "middy-segue";

/** Milliseconds that a process has between SIGTERM and SIGKILL on Lambda are 500; some are for the log. */
const FLUSH_MS = 400;

/** Those of them in which what is unsent must be sent, or else be printed. */
const SAVE_MS = 300;

let holding: Holding | undefined | "none";

/**
 * What holds the environment while work goes on after the response: an internal extension of Lambda,
 * registered once in a process. Where there can't be one it says so, once, and the response waits for
 * the work.
 */
export function holdEnvironment(logger: Logger): Holding | undefined {
  holding ??= open(logger) ?? "none";
  return holding === "none" ? undefined : holding;
}

function open(logger: Logger): Holding | undefined {
  // Managed Instances run many invocations at once and freeze nothing, so nothing has to be held.
  if (process.env["AWS_LAMBDA_MAX_CONCURRENCY"] !== undefined) return NEVER_FROZEN;
  const api = process.env["AWS_LAMBDA_RUNTIME_API"];
  try {
    if (api === undefined) throw new Error("this is no Lambda environment");
    const hold = new Hold();
    const id = registerExtension(api, EXTENSION);
    void serveExtension(api, id, {
      invoked: (event) => hold.released(event),
      failed(error) {
        if (hold.isOver) return;
        hold.giveUp();
        logger.error("responses wait for the secondary from now on", { why: messageOf(error) });
      },
    });
    flushOnShutdown(hold);
    return hold;
  } catch (error) {
    logger.warn("responses wait for the secondary", { why: messageOf(error) });
    return undefined;
  }
}

const NEVER_FROZEN: Holding = {
  begin: () => ({ isHeld: true, end() {} }),
};

/** Lambda sends SIGTERM to a process that has registered an extension, and kills it soon after. */
function flushOnShutdown(hold: Hold): void {
  process.once("SIGTERM", () => {
    const flushing = withTimeLimit(() => hold.flush(SAVE_MS), FLUSH_MS);
    void flushing
      .catch(() => {})
      .then(() => {
        // Whoever else has something to do at the end is left to end it.
        if (process.listenerCount("SIGTERM") === 0) process.exit();
      });
  });
}
