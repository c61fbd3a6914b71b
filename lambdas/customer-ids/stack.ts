import { Duration, RemovalPolicy, Stack, Validations, type StackProps } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { Migration } from "../../lib/cdk/index.ts";
import { exampleFunction, exampleOutputs } from "../example.ts";

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
    const environment = {
      ORDERS_TABLE: orders.tableName,
      PENDING_PAYMENTS_TABLE: pendingPayments.tableName,
    };
    const customerIds = exampleFunction(this, "CustomerIds", {
      entry: new URL("handler.ts", import.meta.url),
      timeout: Duration.seconds(10),
      environment,
    });
    const operator = exampleFunction(this, "Operator", {
      entry: new URL("operator-handler.ts", import.meta.url),
      timeout: Duration.minutes(1),
      environment,
    });
    for (const fn of [customerIds, operator]) {
      orders.grant(fn, "dynamodb:Query");
      pendingPayments.grant(fn, "dynamodb:Query");
    }

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
    migration.operate(operator);

    exampleOutputs(this, migration, {
      FunctionName: customerIds.functionName,
      OperatorFunctionName: operator.functionName,
      OrdersTable: orders.tableName,
      PendingPaymentsTable: pendingPayments.tableName,
    });
  }
}
