import { AppConfigClient } from "@aws-sdk/client-appconfig";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { clockOf } from "../rollout/clients.ts";
import { findMigration } from "../rollout/find-migration.ts";
import type { Operated } from "../rollout/status.ts";

/** Options that every command on a migration has. */
export interface CommonOptions {
  readonly region?: string;
  readonly profile?: string;
  readonly stage?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** A migration that was found, and clients for all that is to be known of it. */
export interface Operator extends Operated {
  readonly dynamodb: DynamoDBClient;
}

/** Milliseconds after which a request that hangs is tried again. */
const CONNECT_MS = 5_000;
const REQUEST_MS = 20_000;

/** Finds the migration in the account and region of the usual credentials, or of those chosen. */
export async function openOperator(
  migration: string | undefined,
  { region, profile, stage }: CommonOptions,
): Promise<Operator> {
  // All of the SDK goes by these, whoever makes the client.
  if (region !== undefined) process.env["AWS_REGION"] = region;
  if (profile !== undefined) {
    process.env["AWS_PROFILE"] = profile;
    // The SDK would rather take keys from the environment, and so another account than was asked for.
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]) {
      delete process.env[name];
    }
  }
  const patience = {
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      throwOnRequestTimeout: true,
    },
  };
  const client = new AppConfigClient(patience);
  const now = clockOf(client);
  const parts = await findMigration(client, { migration, stage });
  return {
    parts,
    target: {
      client,
      applicationId: parts.application,
      environmentId: parts.environment,
      profileId: parts.profile,
      gradualStrategyId: parts.gradualStrategy,
      immediateStrategyId: parts.immediateStrategy,
    },
    cloudWatch: new CloudWatchClient(patience),
    // The repair function may be at work for minutes.
    lambda: new LambdaClient({ ...patience, requestHandler: { connectionTimeout: CONNECT_MS } }),
    dynamodb: new DynamoDBClient(patience),
    now,
  };
}
