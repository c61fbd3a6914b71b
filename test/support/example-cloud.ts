import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AppConfigClient,
  CreateHostedConfigurationVersionCommand,
  StartDeploymentCommand,
} from "@aws-sdk/client-appconfig";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { backfill, expectedAnswers, seedOrders, seedPendingPayments } from "../../lib/demo/data.ts";
import { synthesize } from "../../lib/demo/synthesize.ts";
import { compressedClock } from "../../lib/local/clock.ts";
import { openCloud } from "../../lib/local/cloud.ts";
import type { RolloutTarget } from "../../lib/rollout/target.ts";
import { printed } from "../local/lambda/harness.ts";

/** The example's stack on the local cloud, its tables filled alike, and what a test does with it. */
export async function openExample(options: { speed?: number } = {}) {
  const directory = await mkdtemp(join(tmpdir(), "segue-example-"));
  await synthesize(directory);
  const logged: string[] = [];
  const cloud = await openCloud({
    assembly: directory,
    clock: compressedClock(options.speed ?? 60),
    onLog: ({ line }) => void logged.push(printed(line)),
  });
  const outputs = cloud.outputs["CustomerIds"]!;
  const config = {
    endpoint: cloud.endpoint,
    region: cloud.region,
    credentials: cloud.credentials,
  };
  const dynamodb = new DynamoDBClient(config);
  const lambda = new LambdaClient(config);
  const target: RolloutTarget = {
    client: new AppConfigClient(config),
    applicationId: outputs["ApplicationId"]!,
    environmentId: outputs["EnvironmentId"]!,
    profileId: outputs["ProfileId"]!,
    gradualStrategyId: outputs["GradualStrategyId"]!,
    immediateStrategyId: outputs["ImmediateStrategyId"]!,
  };
  await seedOrders(dynamodb, outputs["OrdersTable"]!);
  await seedPendingPayments(dynamodb, outputs["PendingPaymentsTable"]!);

  return {
    cloud,
    outputs,
    target,
    dynamodb,
    /** Every line that the function has printed. */
    logged,
    backfill: () => backfill(dynamodb, outputs["PendingPaymentsTable"]!),
    /** Sums of a metric over what the function has printed. */
    printed(metric: string): number {
      let sum = 0;
      for (const line of logged) {
        if (line.includes(`"${metric}"`) && line.startsWith('{"_aws"')) {
          sum += Number(JSON.parse(line)[metric] ?? 0);
        }
      }
      return sum;
    },
    /** Makes one caller's request, and checks the answer. */
    async request(merchant = "bookshop"): Promise<void> {
      const { FunctionError, Payload } = await lambda.send(
        new InvokeCommand({
          FunctionName: outputs["FunctionName"]!,
          Payload: JSON.stringify({ merchantId: merchant }),
        }),
      );
      const text = Payload?.transformToString() ?? "";
      if (FunctionError !== undefined) throw new Error(`${FunctionError}: ${text}`);
      const { customerIds } = JSON.parse(text) as { customerIds: string[] };
      const right = expectedAnswers.get(merchant)!.join();
      if (customerIds.toSorted((a, b) => a.localeCompare(b)).join() !== right)
        throw new Error(text);
    },
    /** Deploys any text at all, at once, as the console or a script would. */
    async deploy(text: string): Promise<void> {
      const profile = {
        ApplicationId: target.applicationId,
        ConfigurationProfileId: target.profileId,
      };
      const { VersionNumber } = await target.client.send(
        new CreateHostedConfigurationVersionCommand({
          ...profile,
          Content: Buffer.from(text),
          ContentType: "application/json",
        }),
      );
      await target.client.send(
        new StartDeploymentCommand({
          ...profile,
          EnvironmentId: target.environmentId,
          DeploymentStrategyId: target.immediateStrategyId,
          ConfigurationVersion: String(VersionNumber),
        }),
      );
    },
    async close() {
      for (const client of [dynamodb, lambda, target.client]) client.destroy();
      await cloud.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export type Example = Awaited<ReturnType<typeof openExample>>;
