import { paginateQuery } from "@aws-sdk/client-dynamodb";
import { variable } from "../variable.ts";
import type { CustomerDirectory } from "./customer-directory.ts";
import { dynamodb } from "./dynamodb.ts";

/**
 * V1: every order of a merchant, whatever became of it, as `{ merchantId, orderId, customerId, status }`.
 * The open ones are picked out of all that the merchant ever had.
 */
export class OrdersTable implements CustomerDirectory {
  readonly #table = variable("ORDERS_TABLE");

  async customerIds(merchantId: string): Promise<string[]> {
    const ids = new Set<string>();
    const pages = paginateQuery(
      { client: dynamodb },
      {
        TableName: this.#table,
        KeyConditionExpression: "merchantId = :merchant",
        FilterExpression: "#status = :open",
        ExpressionAttributeNames: { "#status": "status" },
        ExpressionAttributeValues: {
          ":merchant": { S: merchantId },
          ":open": { S: "PAYMENT_PENDING" },
        },
      },
    );
    for await (const { Items = [] } of pages) {
      for (const { customerId } of Items) if (customerId?.S !== undefined) ids.add(customerId.S);
    }
    return [...ids];
  }
}
