import { CfnOutput, Validations, type Duration, type Stack } from "aws-cdk-lib";
import { Architecture, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogLevel, NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import type { Migration } from "../lib/cdk/index.ts";

/** A function of an example. */
export function exampleFunction(
  stack: Stack,
  id: string,
  {
    entry,
    timeout,
    environment,
  }: {
    /** The handler's file. */
    readonly entry: URL;
    readonly timeout: Duration;
    readonly environment: Record<string, string>;
  },
): NodejsFunction {
  const fn = new NodejsFunction(stack, id, {
    entry: entry.pathname,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: 512,
    timeout,
    environment,
    bundling: {
      format: OutputFormat.ESM,
      mainFields: ["module", "main"],
      minify: true,
      sourceMap: true,
      logLevel: LogLevel.WARNING,
    },
  });
  Validations.of(fn).acknowledge({
    id: "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
    reason: "It lets the function write its log, and nothing else.",
  });
  return fn;
}

/** An example's outputs: its own, and what an operator wants to know of its migration. */
export function exampleOutputs(
  stack: Stack,
  migration: Migration,
  own: Readonly<Record<string, string>>,
): void {
  const outputs = {
    ...own,
    RecordsTable: migration.table.tableName,
    ApplicationId: migration.application.applicationId,
    EnvironmentId: migration.environment.environmentId,
    ProfileId: migration.profile.configurationProfileId,
    GradualStrategyId: migration.gradualStrategy.deploymentStrategyId,
    ImmediateStrategyId: migration.immediateStrategy.deploymentStrategyId,
    GateFunction: migration.gate.functionName,
    GuardFunction: migration.guard.functionName,
    UnhealthyAlarm: migration.unhealthyAlarm.alarmName,
  };
  for (const [name, value] of Object.entries(outputs)) new CfnOutput(stack, name, { value });
}
