import { CfnParameter, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { Migration } from "../../lib/cdk/index.ts";
import { exampleFunction, exampleOutputs } from "../example.ts";

/** The worked example of a dependency over HTTP, with dual writes and their repair. */
export class PaymentsStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const environment = {
      PAYMENTS_V1_URL: this.#url("V1Url", "V1 of the payments service"),
      PAYMENTS_V2_URL: this.#url("V2Url", "V2 of the payments service"),
    };
    // Time for a primary that takes all of its 5 seconds, and for the secondary and the records after.
    const payments = exampleFunction(this, "Payments", {
      entry: new URL("handler.ts", import.meta.url),
      timeout: Duration.seconds(15),
      environment,
    });
    const repair = exampleFunction(this, "Repair", {
      entry: new URL("repair-handler.ts", import.meta.url),
      timeout: Duration.minutes(2),
      environment,
    });
    const operator = exampleFunction(this, "Operator", {
      entry: new URL("operator-handler.ts", import.meta.url),
      timeout: Duration.minutes(1),
      environment,
    });

    const migration = new Migration(this, "Migration", {
      migrationName: "payments",
      dualWrites: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    migration.instrument(payments);
    migration.scheduleRepair(repair);
    migration.operate(operator);

    exampleOutputs(this, migration, {
      FunctionName: payments.functionName,
      RepairFunctionName: repair.functionName,
      OperatorFunctionName: operator.functionName,
    });
  }

  #url(name: string, description: string): string {
    const parameter = new CfnParameter(this, name, {
      description: `The URL of ${description}, without a slash at its end`,
      allowedPattern: "https?://.*[^/]",
    });
    return parameter.valueAsString;
  }
}
