import type { TestContext } from "node:test";
import {
  AppConfigClient,
  CreateApplicationCommand,
  CreateConfigurationProfileCommand,
  CreateDeploymentStrategyCommand,
  CreateEnvironmentCommand,
  CreateHostedConfigurationVersionCommand,
  GetDeploymentCommand,
  ListDeploymentsCommand,
  StartDeploymentCommand,
} from "@aws-sdk/client-appconfig";
import {
  CloudWatchClient,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  type MetricDatum,
} from "@aws-sdk/client-cloudwatch";
import { createAppConfig } from "../../lib/local/appconfig/index.ts";
import { createCloudWatch, type AlarmStateChangeEvent } from "../../lib/local/cloudwatch/index.ts";
import { manualClock } from "../../lib/local/clock.ts";
import { openGateway } from "../../lib/local/gateway.ts";
import type { MetricName } from "../../lib/metrics/names.ts";
import type { RolloutTarget } from "../../lib/rollout/target.ts";

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const MIGRATION = "things";

/**
 * A migration's AppConfig and CloudWatch behind one gateway and one clock: an environment whose monitor
 * is the composite alarm `unhealthy`, of one alarm on `Disagreements`.
 */
export async function rolloutFixture(test: TestContext) {
  const clock = manualClock();
  const cloudWatch = createCloudWatch({ clock });
  const appConfig = createAppConfig({ clock, alarmState: (arn) => cloudWatch.alarmState(arn) });
  const gateway = await openGateway();
  gateway.serve(cloudWatch);
  gateway.serve(appConfig);
  const config = {
    endpoint: gateway.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  };
  const client = new AppConfigClient(config);
  const cloudWatchClient = new CloudWatchClient(config);
  test.after(async () => {
    client.destroy();
    cloudWatchClient.destroy();
    await gateway.close();
    await appConfig.close();
    await cloudWatch.close();
  });
  const events: AlarmStateChangeEvent[] = [];
  cloudWatch.onAlarmStateChange((event) => events.push(event));

  const alarmArn = (name: string) => `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${name}`;
  const put = (name: MetricName, datum: Partial<MetricDatum> | number) =>
    cloudWatchClient.send(
      new PutMetricDataCommand({
        Namespace: "Segue",
        MetricData: [
          {
            MetricName: name,
            Dimensions: [{ Name: "Migration", Value: MIGRATION }],
            ...(typeof datum === "number" ? { Value: datum } : datum),
          },
        ],
      }),
    );
  await cloudWatchClient.send(
    new PutMetricAlarmCommand({
      AlarmName: "mismatch",
      Namespace: "Segue",
      MetricName: "Disagreements",
      Dimensions: [{ Name: "Migration", Value: MIGRATION }],
      Statistic: "Sum",
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: "GreaterThanThreshold",
      TreatMissingData: "notBreaching",
    }),
  );
  await cloudWatchClient.send(
    new PutCompositeAlarmCommand({ AlarmName: "unhealthy", AlarmRule: "ALARM(mismatch)" }),
  );

  const { Id: ApplicationId } = await client.send(
    new CreateApplicationCommand({ Name: MIGRATION }),
  );
  const { Id: EnvironmentId } = await client.send(
    new CreateEnvironmentCommand({
      ApplicationId,
      Name: "prod",
      Monitors: [{ AlarmArn: alarmArn("unhealthy"), AlarmRoleArn: "arn:aws:iam::1:role/monitor" }],
    }),
  );
  const { Id: ConfigurationProfileId } = await client.send(
    new CreateConfigurationProfileCommand({ ApplicationId, Name: "mode", LocationUri: "hosted" }),
  );
  const strategy = async (minutes: number): Promise<string> => {
    const { Id } = await client.send(
      new CreateDeploymentStrategyCommand({
        Name: `over ${minutes} minutes`,
        DeploymentDurationInMinutes: minutes,
        FinalBakeTimeInMinutes: minutes,
        GrowthFactor: minutes === 0 ? 100 : 20,
        ReplicateTo: "NONE",
      }),
    );
    return Id!;
  };
  const target: RolloutTarget = {
    client,
    applicationId: ApplicationId!,
    environmentId: EnvironmentId!,
    profileId: ConfigurationProfileId!,
    immediateStrategyId: await strategy(0),
    gradualStrategyId: await strategy(10),
  };
  const ids = { ApplicationId, EnvironmentId };

  return {
    clock,
    cloudWatch,
    cloudWatchClient,
    gateway,
    target,
    ids,
    events,
    put,
    alarmArn,
    /** Deploys a document past everything, at once or step by step. */
    async deploy(document: unknown, how: "immediate" | "gradual" = "immediate"): Promise<number> {
      const profile = { ApplicationId, ConfigurationProfileId };
      const { VersionNumber } = await client.send(
        new CreateHostedConfigurationVersionCommand({
          ...profile,
          Content: Buffer.from(JSON.stringify(document)),
          ContentType: "application/json",
        }),
      );
      const { DeploymentNumber } = await client.send(
        new StartDeploymentCommand({
          ...profile,
          EnvironmentId,
          DeploymentStrategyId:
            how === "immediate" ? target.immediateStrategyId : target.gradualStrategyId,
          ConfigurationVersion: String(VersionNumber),
        }),
      );
      return DeploymentNumber!;
    },
    /** The states of all deployments, the oldest first. */
    async states(): Promise<string[]> {
      const { Items = [] } = await client.send(new ListDeploymentsCommand(ids));
      return Items.map(({ State }) => State!).toReversed();
    },
    describe: (DeploymentNumber: number) =>
      client.send(new GetDeploymentCommand({ ...ids, DeploymentNumber })),
    /** Makes a service's operations fail whose path or target has this in it. Returns what mends it. */
    breakDown: (service: "appconfig" | "monitoring", part = "", respond?: "hang") =>
      gateway.inject({
        service,
        when: ({ path, headers }) => `${path} ${String(headers["x-amz-target"])}`.includes(part),
        respond: () => respond ?? { status: 500, headers: {}, body: '{"message":"down"}' },
      }),
  };
}

export type RolloutFixture = Awaited<ReturnType<typeof rolloutFixture>>;
