import {
  App,
  CfnOutput,
  Duration,
  Stack,
  aws_appconfig as appconfig,
  aws_cloudwatch as cloudwatch,
  aws_dynamodb as dynamodb,
} from "aws-cdk-lib";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What is done when a test is over, or all tests of a file. */
interface Cleanup {
  after(task: () => void): void;
}

export function temporaryFolder(t: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), "segue-state-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** What a later version of the app has that is different. */
export interface AppChange {
  readonly key?: string;
  readonly index?: boolean;
  readonly threshold?: number;
  /** The alarms' and tables' logical ids. */
  readonly alarms?: readonly string[];
  readonly tables?: readonly string[];
  readonly document?: string;
  /** Of the environment. */
  readonly description?: string;
  /** Has it fail when it is stood up, after all else is made. */
  readonly broken?: boolean;
}

/** Synthesizes a stack `Kept`, which has one of everything that is kept, as `cdk synth` does. */
export function synthesizeApp(t: Cleanup, change: AppChange = {}): string {
  const app = new App({ outdir: join(temporaryFolder(t), "cdk.out"), analyticsReporting: false });
  const stack = new Stack(app, "Kept");
  for (const id of change.alarms ?? ["Alarm"]) {
    const alarm = new cloudwatch.Alarm(stack, id, {
      alarmDescription: id,
      metric: new cloudwatch.Metric({
        namespace: "Kept",
        metricName: "Calls",
        statistic: "Sum",
        period: Duration.minutes(1),
      }),
      threshold: change.threshold ?? 10,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.IGNORE,
    });
    new CfnOutput(stack, `${id}Name`, { value: alarm.alarmName });
  }
  for (const id of change.tables ?? ["Table"]) {
    const table = new dynamodb.Table(stack, id, {
      partitionKey: { name: change.key ?? "id", type: dynamodb.AttributeType.STRING },
    });
    if (change.index === true) {
      const partitionKey = { name: "owner", type: dynamodb.AttributeType.STRING };
      table.addGlobalSecondaryIndex({ indexName: "byOwner", partitionKey });
    }
    new CfnOutput(stack, `${id}Name`, { value: table.tableName });
  }
  new cloudwatch.Dashboard(stack, "Dashboard");

  const application = new appconfig.Application(stack, "Application", {
    applicationName: "kept",
  });
  const environment = new appconfig.Environment(stack, "Environment", {
    application,
    environmentName: "prod",
    description: change.description,
  });
  const rollout = (minutes: number) =>
    appconfig.RolloutStrategy.linear({
      growthFactor: minutes === 0 ? 100 : 20,
      deploymentDuration: Duration.minutes(minutes),
      finalBakeTime: Duration.minutes(minutes),
    });
  const profile = new appconfig.HostedConfiguration(stack, "Mode", {
    application,
    name: "mode",
    content: appconfig.ConfigurationContent.fromInlineJson(change.document ?? '{"mode":"old"}'),
    deployTo: [environment],
    deploymentStrategy: new appconfig.DeploymentStrategy(stack, "AtOnce", {
      rolloutStrategy: rollout(0),
    }),
  });
  const slow = new appconfig.DeploymentStrategy(stack, "Slow", { rolloutStrategy: rollout(10) });
  const outputs = {
    ApplicationId: application.applicationId,
    EnvironmentId: environment.environmentId,
    ConfigurationProfileId: profile.configurationProfileId,
    SlowStrategyId: slow.deploymentStrategyId,
  };
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
  if (change.broken === true) {
    new appconfig.CfnDeploymentStrategy(stack, "ZBroken", {
      name: "broken",
      deploymentDurationInMinutes: -1,
      growthFactor: 1,
      replicateTo: "NONE",
    });
  }
  return app.synth().directory;
}
