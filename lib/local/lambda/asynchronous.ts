import type { CloudClock } from "../clock.ts";
import type { Invocation } from "./invocation.ts";
import type { Outcome } from "./outcome.ts";

/** Lambda's queue of asynchronous invocations. */
export interface AsynchronousInvocations {
  /** Runs an invocation some time soon, and again when it fails. */
  submit(
    invocation: Invocation,
    run: (invocation: Invocation) => Promise<Outcome | "throttled">,
    maxRetries?: number,
  ): void;
  /** Drops what hasn't run yet. */
  close(): void;
}

export const DEFAULT_RETRIES = 2;

const THROTTLED_DELAY_MS = 1_000;

/**
 * Retries a failed invocation after one minute, then after two, in the cloud's time; a throttled
 * one each second, where Lambda backs off up to five minutes and gives up after six hours. What
 * fails for good is reported on stderr: no destination or dead-letter queue gets it.
 */
export function asynchronousInvocations(clock: CloudClock): AsynchronousInvocations {
  const cancels = new Set<() => void>();
  let closed = false;

  const later = (delayMs: number, task: () => void) => {
    if (closed) return;
    const cancel = clock.schedule(delayMs, () => {
      cancels.delete(cancel);
      task();
    });
    cancels.add(cancel);
  };

  const submit: AsynchronousInvocations["submit"] = (
    invocation,
    run,
    maxRetries = DEFAULT_RETRIES,
  ) => {
    let retries = 0;
    const attempt = async (): Promise<void> => {
      const outcome = await run(invocation);
      if (outcome === "throttled") return later(THROTTLED_DELAY_MS, start);
      if (!outcome.failed || closed) return undefined;
      if (retries < maxRetries) return later(++retries * 60_000, start);
      const error = outcome.payload.toString();
      console.error(
        `local cloud: asynchronous invocation ${invocation.requestId} failed: ${error}`,
      );
      return undefined;
    };
    const start = () => {
      attempt().catch((error: unknown) => {
        if (!closed) console.error("local cloud: asynchronous invocation:", error);
      });
    };
    start();
  };

  return {
    submit,
    close() {
      closed = true;
      for (const cancel of cancels) cancel();
    },
  };
}
