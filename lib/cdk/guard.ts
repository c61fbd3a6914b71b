import { Duration, Stack } from "aws-cdk-lib";
import type {
  HostedConfiguration,
  IApplication,
  IDeploymentStrategy,
  IEnvironment,
} from "aws-cdk-lib/aws-appconfig";
import type { CompositeAlarm } from "aws-cdk-lib/aws-cloudwatch";
import { Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Function } from "aws-cdk-lib/aws-lambda";
import type { ITopic } from "aws-cdk-lib/aws-sns";
import type { Construct } from "constructs";
import { GUARD_VARIABLE, type GuardEnvironment } from "../rollout/guard-environment.ts";
import { justifyWildcards } from "./justify.ts";
import { ownFunction } from "./own-function.ts";
import { lookPermissions, movePermissions } from "./rollout-permissions.ts";

/** Makes the guard's function, and the rule that starts it when the alarm goes off. */
export function createGuard(
  scope: Construct,
  options: {
    readonly migrationName: string;
    readonly application: IApplication;
    readonly environment: IEnvironment;
    readonly profile: HostedConfiguration;
    readonly immediateStrategy: IDeploymentStrategy;
    readonly unhealthy: CompositeAlarm;
    readonly mismatchRatePercent: number;
    /** How long before an alarm a step back is an answer to it. */
    readonly settle: Duration;
    readonly topic: ITopic | undefined;
  },
): Function {
  const { migrationName, application, environment, profile, immediateStrategy, topic } = options;
  const variable: GuardEnvironment = {
    migration: migrationName,
    application: application.applicationId,
    environment: environment.environmentId,
    profile: profile.configurationProfileId,
    immediateStrategy: immediateStrategy.deploymentStrategyId,
    alarm: options.unhealthy.alarmName,
    mismatchRatePercent: options.mismatchRatePercent,
    settleSeconds: options.settle.toSeconds(),
    ...(topic !== undefined && { topic: topic.topicArn }),
  };
  const fn = ownFunction(scope, "Guard", "rollback-guard", {
    description: `Takes the migration ${migrationName} one step back when V2 is not well`,
    // A deployment that stands in the way has to be rolled back first.
    timeout: Duration.minutes(3),
    environment: { [GUARD_VARIABLE]: Stack.of(scope).toJsonString(variable) },
  });
  const { applicationArn } = application;
  const arns = {
    application: applicationArn,
    environment: `${applicationArn}/environment/${environment.environmentId}`,
    profile: profile.configurationProfileArn,
  };
  for (const { actions, resourceArns: resources } of [
    ...lookPermissions(arns),
    ...movePermissions(arns, [immediateStrategy.deploymentStrategyArn]),
  ]) {
    fn.addToRolePolicy(new PolicyStatement({ actions, resources }));
    justifyWildcards(
      fn,
      resources,
      "It deals with deployments and documents that are yet to come.",
    );
  }
  fn.addToRolePolicy(
    new PolicyStatement({
      // Neither metrics nor composite alarms can be granted one by one.
      actions: ["cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"],
      resources: ["*"],
    }),
  );
  justifyWildcards(fn, ["*"], "CloudWatch knows no resources for metrics and composite alarms.");
  topic?.grantPublish(fn);
  new Rule(scope, "UnhealthyRule", {
    description: `Starts the guard of the migration ${migrationName}`,
    eventPattern: {
      source: ["aws.cloudwatch"],
      detailType: ["CloudWatch Alarm State Change"],
      resources: [options.unhealthy.alarmArn],
      detail: { state: { value: ["ALARM"] } },
    },
    targets: [new LambdaFunction(fn)],
  });
  return fn;
}
