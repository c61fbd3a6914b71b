import {
  CfnOutput,
  CfnParameter,
  Duration,
  RemovalPolicy,
  Stack,
  Validations,
  type StackProps,
} from "aws-cdk-lib";
import { Architecture, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogLevel, NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import type { Construct } from "constructs";
import { Migration } from "../../lib/cdk/index.ts";

/** The worked example of a dependency over HTTP, with dual writes and their repair. */
export class PaymentsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const environment = {
      PAYMENTS_V1_URL: this.#url("V1Url", "V1 of the payments service"),
      PAYMENTS_V2_URL: this.#url("V2Url", "V2 of the payments service"),
    };
    // Time for a primary that takes all of its 5 seconds, and for the secondary and the records after.
    const payments = this.#function("Payments", "handler.ts", Duration.seconds(15), environment);
    const repair = this.#function("Repair", "repair-handler.ts", Duration.minutes(2), environment);

    const migration = new Migration(this, "Migration", {
      migrationName: "payments",
      dualWrites: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    migration.instrument(payments);
    migration.scheduleRepair(repair);

    const outputs = {
      FunctionName: payments.functionName,
      RepairFunctionName: repair.functionName,
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
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }

  #url(name: string, description: string): string {
    const parameter = new CfnParameter(this, name, {
      description: `The URL of ${description}, without a slash at its end`,
      allowedPattern: "https?://.*[^/]",
    });
    return parameter.valueAsString;
  }

  #function(
    id: string,
    file: string,
    timeout: Duration,
    environment: Record<string, string>,
  ): NodejsFunction {
    const fn = new NodejsFunction(this, id, {
      entry: new URL(file, import.meta.url).pathname,
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
}
