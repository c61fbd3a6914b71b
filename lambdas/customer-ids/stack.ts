import {
  CfnOutput,
  Duration,
  RemovalPolicy,
  Stack,
  Validations,
  type StackProps,
} from "aws-cdk-lib";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import { Architecture, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogLevel, NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import type { Construct } from "constructs";
import { Migration } from "../../lib/cdk/index.ts";

/** The worked example: a function, its two tables, and its migration from one to the other. */
export class CustomerIdsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const orders = new Table(this, "Orders", {
      partitionKey: { name: "merchantId", type: AttributeType.STRING },
      sortKey: { name: "orderId", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const pendingPayments = new Table(this, "PendingPayments", {
      partitionKey: { name: "pk", type: AttributeType.STRING },
      sortKey: { name: "sk", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    for (const table of [orders, pendingPayments]) {
      const reason = "The demo fills it anew, and it goes with the stack.";
      Validations.of(table).acknowledge({ id: "AwsSolutions-DDB3", reason });
    }
    const customerIds = new NodejsFunction(this, "CustomerIds", {
      entry: new URL("handler.ts", import.meta.url).pathname,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: Duration.seconds(10),
      environment: {
        ORDERS_TABLE: orders.tableName,
        PENDING_PAYMENTS_TABLE: pendingPayments.tableName,
      },
      bundling: {
        format: OutputFormat.ESM,
        mainFields: ["module", "main"],
        minify: true,
        sourceMap: true,
        logLevel: LogLevel.WARNING,
      },
    });
    Validations.of(customerIds).acknowledge({
      id: "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
      reason: "It lets the function write its log, and nothing else.",
    });
    orders.grant(customerIds, "dynamodb:Query");
    pendingPayments.grant(customerIds, "dynamodb:Query");

    const migration = new Migration(this, "Migration", {
      migrationName: "customer-ids",
      removalPolicy: RemovalPolicy.DESTROY,
      // A demo's numbers, so that minutes of little traffic will do. Without them the gate asks for a
      // thousand comparisons and an hour.
      gate: {
        minimumComparisons: 60,
        mismatchRatePercent: 5,
        latencyAllowance: Duration.millis(200),
        timeInMode: Duration.minutes(2),
        window: Duration.minutes(4),
      },
    });
    migration.instrument(customerIds);

    const outputs = {
      FunctionName: customerIds.functionName,
      OrdersTable: orders.tableName,
      PendingPaymentsTable: pendingPayments.tableName,
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
}
