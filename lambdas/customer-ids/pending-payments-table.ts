import { paginateQuery } from "@aws-sdk/client-dynamodb";
import { variable } from "../variable.ts";
import type { CustomerDirectory } from "./customer-directory.ts";
import { dynamodb } from "./dynamodb.ts";

/**
 * V2: nothing but open payments, as `{ pk: "MERCHANT#m", sk: "CUSTOMER#c#PAYMENT#p", amountMinor }`. A
 * payment that is settled leaves the table, and the answer can be read off the keys.
 */
export class PendingPaymentsTable implements CustomerDirectory {
  readonly #table = variable("PENDING_PAYMENTS_TABLE");

  async customerIds(merchantId: string): Promise<string[]> {
    const ids = new Set<string>();
    const pages = paginateQuery(
      { client: dynamodb },
      {
        TableName: this.#table,
        KeyConditionExpression: "pk = :merchant AND begins_with(sk, :customers)",
        ProjectionExpression: "sk",
        ExpressionAttributeValues: {
          ":merchant": { S: `MERCHANT#${merchantId}` },
          ":customers": { S: "CUSTOMER#" },
        },
      },
    );
    for await (const { Items = [] } of pages) {
      for (const { sk } of Items) {
        const customerId = sk?.S?.split("#")[1];
        if (customerId !== undefined) ids.add(customerId);
      }
    }
    return [...ids];
  }
}
