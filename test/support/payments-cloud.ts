import { paginateScan, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { printed } from "../local/lambda/harness.ts";
import { openPaymentServices } from "./payment-services.ts";
import { openStack, type StackOptions } from "./stack-cloud.ts";

/** Has a function's process print its id when it starts, so that a test can kill it. */
const PRINT_PID = "--import=data:text/javascript,console.log(`pid:${process.pid}`)";

export interface PaymentsOptions extends StackOptions {
  /**
   * Whether alarms start the guard. A test that sees to disagreements and sets the mode itself does
   * without, lest the guard take a mode back in mid-test, as it ought to.
   * @default true
   */
  readonly guard?: boolean;
}

/** The payments example's stack on the local cloud, with the two services that it calls. */
export async function openPayments({ guard = true, ...options }: PaymentsOptions = {}) {
  const services = await openPaymentServices();
  try {
    const stack = await openStack("Payments", {
      ...options,
      parameters: { V1Url: services.v1.url, V2Url: services.v2.url },
      edit({ Resources }) {
        for (const { Type, Properties } of Object.values<any>(Resources)) {
          if (Type === "AWS::Lambda::Function") {
            Properties.Environment.Variables.NODE_OPTIONS = PRINT_PID;
          }
          const isAlarmRule = Type === "AWS::Events::Rule" && Properties.EventPattern !== undefined;
          if (isAlarmRule && !guard) Properties.State = "DISABLED";
        }
      },
    });
    const table = stack.outputs["RecordsTable"]!;

    /** Everything in the migration's table, as it is stored. */
    async function records(): Promise<Record<string, any>[]> {
      const items = [];
      for await (const { Items = [] } of paginateScan(
        { client: stack.dynamodb },
        { TableName: table },
      )) {
        items.push(...Items.map((item) => unmarshall(item)));
      }
      return items;
    }
    const repairs = async () => (await records()).filter(({ dueAt }) => dueAt !== undefined);

    return {
      ...stack,
      ...services,
      /** Kills the function's newest process, as a machine that fails does. It must be at work. */
      killFunction(): void {
        const lines = stack.cloud.lambda.logs(stack.outputs["FunctionName"]!);
        const newest = lines
          .map(({ line }) => printed(line))
          .findLast((line) => line.startsWith("pid:"));
        process.kill(Number(newest!.slice("pid:".length)), "SIGKILL");
      },
      records,
      repairs,
      /** States of the repairs of one customer's writes. */
      async repairStates(customerId: string): Promise<string[]> {
        return (await repairs())
          .filter(({ idempotencyKey }) => idempotencyKey.split(":")[1] === customerId)
          .map(({ state }) => state);
      },
      /** Makes the repairs as old as they are when nothing of their writes can be under way any more. */
      async makeRepairsDue(): Promise<void> {
        for (const { pk, sk } of await repairs()) {
          await stack.dynamodb.send(
            new UpdateItemCommand({
              TableName: table,
              Key: { pk: { S: pk }, sk: { S: sk } },
              ConditionExpression: "attribute_exists(pk)",
              UpdateExpression: "SET dueAt = :due",
              ExpressionAttributeValues: { ":due": { S: new Date(0).toISOString() } },
            }),
          );
        }
      },
      async close() {
        await stack.close();
        await services.close();
      },
    };
  } catch (error) {
    await services.close();
    throw error;
  }
}

export type PaymentsCloud = Awaited<ReturnType<typeof openPayments>>;
