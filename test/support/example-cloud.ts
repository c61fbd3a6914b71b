import { backfill, expectedAnswers, seedOrders, seedPendingPayments } from "../../lib/demo/data.ts";
import { openStack } from "./stack-cloud.ts";

/** The example's stack on the local cloud, its tables filled alike, and what a test does with it. */
export async function openExample(options: Parameters<typeof openStack>[1] = {}) {
  const stack = await openStack("CustomerIds", options);
  const { dynamodb, outputs } = stack;
  await seedOrders(dynamodb, outputs["OrdersTable"]!);
  await seedPendingPayments(dynamodb, outputs["PendingPaymentsTable"]!);

  return {
    ...stack,
    backfill: () => backfill(dynamodb, outputs["PendingPaymentsTable"]!),
    /** Makes one caller's request, and checks the answer. */
    async request(merchant = "bookshop"): Promise<void> {
      const answer = await stack.invoke(outputs["FunctionName"]!, { merchantId: merchant });
      const { customerIds } = answer as { customerIds: string[] };
      const right = expectedAnswers.get(merchant)!.join();
      if (customerIds.toSorted((a, b) => a.localeCompare(b)).join() !== right) {
        throw new Error(JSON.stringify(answer));
      }
    },
  };
}

export type Example = Awaited<ReturnType<typeof openExample>>;
