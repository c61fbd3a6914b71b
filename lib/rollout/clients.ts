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
 * The time as AWS has it, in epoch milliseconds: deployments and metrics carry that one. The SDK learns
 * how far off the machine's clock is from AWS's answers.
 */
export function timeOf({ config }: AppConfigClient): number {
  return Date.now() + config.systemClockOffset;
}
