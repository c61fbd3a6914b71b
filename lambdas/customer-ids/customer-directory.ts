import { defineMigration } from "../../lib/index.ts";
import { OrdersTable } from "./orders-table.ts";
import { PendingPaymentsTable } from "./pending-payments-table.ts";

/** Who a merchant's customers are. */
export interface CustomerDirectory {
  /** The ids of the customers with an open payment to the merchant, each once, in no order. */
  customerIds(merchantId: string): Promise<string[]>;
}

/** Customer ids come from `orders` today, and are to come from `pendingPayments`. */
export const customerDirectory = defineMigration<CustomerDirectory>({
  name: "customer-ids",
  v1: () => new OrdersTable(),
  v2: () => new PendingPaymentsTable(),
  operations: {
    customerIds: { kind: "read", key: (merchantId) => merchantId, compare: { unordered: ["$"] } },
  },
});
