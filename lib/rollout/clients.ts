import { AppConfigClient } from "@aws-sdk/client-appconfig";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";

/** For functions that have seconds: a request that hangs is tried again before they are over. */
const PATIENCE = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000 },
} as const;

export const appConfigClient = (): AppConfigClient => new AppConfigClient(PATIENCE);

export const cloudWatchClient = (): CloudWatchClient => new CloudWatchClient(PATIENCE);

/**
 * The time as AWS has it, in epoch milliseconds, to a second: deployments and metrics carry that one, and
 * the machine's may differ. It is learnt from each answer's `Date`; before the first it is the machine's.
 */
export function clockOf(client: AppConfigClient): () => number {
  let aheadMs = 0;
  client.middlewareStack.add(
    (next) => async (request) => {
      const result = await next(request);
      const { headers } = result.response as { headers?: Record<string, string> };
      const time = Date.parse(headers?.["date"] ?? "");
      if (!Number.isNaN(time)) aheadMs = time - Date.now();
      return result;
    },
    { step: "deserialize", name: "segueClock" },
  );
  return () => Date.now() + aheadMs;
}
