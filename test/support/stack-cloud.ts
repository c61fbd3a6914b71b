import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AppConfigClient,
  CreateHostedConfigurationVersionCommand,
  StartDeploymentCommand,
} from "@aws-sdk/client-appconfig";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { synthesize } from "../../lib/demo/synthesize.ts";
import { compressedClock } from "../../lib/local/clock.ts";
import { openCloud, type CloudOptions } from "../../lib/local/cloud.ts";
import type { RolloutTarget } from "../../lib/rollout/target.ts";
import { printed } from "../local/lambda/harness.ts";

export type StackCloud = Awaited<ReturnType<typeof openStack>>;

/** How a stack stands on the local cloud. The clock is by default 60 times as fast as the wall's. */
export type StackOptions = Pick<CloudOptions, "clock" | "withhold">;

/** One of the app's stacks, on the local cloud, and what an operator does with it. */
export async function openStack(
  stack: string,
  options: StackOptions & {
    parameters?: Readonly<Record<string, string>>;
    /** Changes the template before it is stood up. */
    edit?(template: any): void;
  } = {},
) {
  const directory = await mkdtemp(join(tmpdir(), "segue-example-"));
  await synthesize(directory);
  if (options.edit !== undefined) {
    const file = join(directory, `${stack}.template.json`);
    const template: unknown = JSON.parse(await readFile(file, "utf8"));
    options.edit(template);
    await writeFile(file, JSON.stringify(template));
  }
  const logged: string[] = [];
  const cloud = await openCloud({
    assembly: directory,
    stacks: [stack],
    parameters: { [stack]: options.parameters ?? {} },
    clock: options.clock ?? compressedClock(60),
    withhold: options.withhold,
    onLog: ({ line }) => void logged.push(printed(line)),
  });
  const outputs = cloud.outputs[stack]!;
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
  return {
    cloud,
    /** The directory that `cdk synth` wrote. */
    assembly: directory,
    outputs,
    /** Of who runs the cloud: what an SDK client is made with. */
    config,
    unhealthyArn: `arn:aws:cloudwatch:${cloud.region}:123456789012:alarm:${outputs["UnhealthyAlarm"]}`,
    target,
    dynamodb,
    /** Every line that the functions have printed. */
    logged,
    /** Sums of a metric over what the functions have printed. */
    printed(metric: string): number {
      let sum = 0;
      for (const line of logged) {
        if (line.includes(`"${metric}"`) && line.startsWith('{"_aws"')) {
          sum += Number(JSON.parse(line)[metric] ?? 0);
        }
      }
      return sum;
    },
    /**
     * Invokes a function.
     *
     * @throws Error where the function fails.
     */
    async invoke(functionName: string, event: unknown): Promise<any> {
      const { FunctionError, Payload } = await lambda.send(
        new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
      );
      const text = Payload?.transformToString() ?? "";
      if (FunctionError !== undefined) throw new Error(`${FunctionError}: ${text}`);
      return JSON.parse(text);
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
