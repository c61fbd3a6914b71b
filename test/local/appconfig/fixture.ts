import { AppConfigClient } from "@aws-sdk/client-appconfig";
import * as control from "@aws-sdk/client-appconfig";
import { AppConfigDataClient } from "@aws-sdk/client-appconfigdata";
import * as data from "@aws-sdk/client-appconfigdata";
import type { TestContext } from "node:test";
import { createAppConfig, type AppConfigOptions } from "../../../lib/local/appconfig/index.ts";
import { manualClock } from "../../../lib/local/clock.ts";
import { CLIENT, serve } from "./serve.ts";

export const ALARM = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:unhealthy";
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** An AppConfig behind HTTP, with SDK clients on it and an application to deploy to. */
export async function appConfigFixture(
  test: TestContext,
  options: Pick<AppConfigOptions, "checkMonitor" | "invokeFunction"> = {},
) {
  const clock = manualClock();
  const alarms = new Map<string, "OK" | "ALARM" | "INSUFFICIENT_DATA">([[ALARM, "OK"]]);
  const appConfig = createAppConfig({
    clock,
    alarmState: (arn) => alarms.get(arn),
    ...options,
  });
  const { endpoint, close } = await serve(appConfig);
  const client = new AppConfigClient({ ...CLIENT, endpoint });
  const dataClient = new AppConfigDataClient({ ...CLIENT, endpoint });
  test.after(async () => {
    client.destroy();
    dataClient.destroy();
    await appConfig.close();
    await close();
  });

  const application = await client.send(
    new control.CreateApplicationCommand({ Name: "customer-ids" }),
  );
  const ApplicationId = application.Id!;
  const environment = await client.send(
    new control.CreateEnvironmentCommand({
      ApplicationId,
      Name: "production",
      Monitors: [{ AlarmArn: ALARM, AlarmRoleArn: "arn:aws:iam::000000000000:role/monitor" }],
    }),
  );
  const profile = await client.send(
    new control.CreateConfigurationProfileCommand({
      ApplicationId,
      Name: "mode",
      LocationUri: "hosted",
    }),
  );
  const ids = {
    ApplicationId,
    EnvironmentId: environment.Id!,
    ConfigurationProfileId: profile.Id!,
  };

  return {
    clock,
    alarms,
    appConfig,
    endpoint,
    client,
    dataClient,
    ids,

    version: async (content: unknown, VersionLabel?: string): Promise<number> => {
      const { VersionNumber } = await client.send(
        new control.CreateHostedConfigurationVersionCommand({
          ...ids,
          ContentType: "application/json",
          Content: Buffer.from(JSON.stringify(content)),
          VersionLabel,
        }),
      );
      return VersionNumber!;
    },

    strategy: async (
      minutes: number,
      bake: number,
      growth = 100,
      GrowthType: "LINEAR" | "EXPONENTIAL" = "LINEAR",
    ): Promise<string> => {
      const { Id } = await client.send(
        new control.CreateDeploymentStrategyCommand({
          Name: `over ${minutes} minutes`,
          DeploymentDurationInMinutes: minutes,
          FinalBakeTimeInMinutes: bake,
          GrowthFactor: growth,
          GrowthType,
          ReplicateTo: "NONE",
        }),
      );
      return Id!;
    },

    deploy: (ConfigurationVersion: number | string, DeploymentStrategyId: string) =>
      client.send(
        new control.StartDeploymentCommand({
          ...ids,
          ConfigurationVersion: String(ConfigurationVersion),
          DeploymentStrategyId,
        }),
      ),

    deployment: (DeploymentNumber: number) =>
      client.send(new control.GetDeploymentCommand({ ...ids, DeploymentNumber })),

    session: async (RequiredMinimumPollIntervalInSeconds?: number): Promise<string> => {
      const { InitialConfigurationToken } = await dataClient.send(
        new data.StartConfigurationSessionCommand({
          ApplicationIdentifier: "customer-ids",
          EnvironmentIdentifier: "production",
          ConfigurationProfileIdentifier: "mode",
          RequiredMinimumPollIntervalInSeconds,
        }),
      );
      return InitialConfigurationToken!;
    },

    latest: async (ConfigurationToken: string) => {
      const answer = await dataClient.send(
        new data.GetLatestConfigurationCommand({ ConfigurationToken }),
      );
      const text = Buffer.from(answer.Configuration ?? []).toString("utf8");
      return {
        token: answer.NextPollConfigurationToken!,
        content: text === "" ? undefined : JSON.parse(text),
        answer,
      };
    },
  };
}
