import { BatchWriteItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";

/** One open payment of a customer to a merchant. */
interface Payment {
  readonly merchant: string;
  readonly customer: string;
  readonly payment: string;
  readonly amountMinor: number;
}

const MERCHANTS = ["bakery", "florist", "bookshop", "cinema", "garage", "market"] as const;

/** Merchants whose older payments were never copied to V2's table. */
const NOT_BACKFILLED: readonly string[] = ["bookshop", "garage"];

const CUSTOMERS_A_MERCHANT = 8;
const MAX_BATCH = 25;

const payments: readonly Payment[] = MERCHANTS.flatMap((merchant) =>
  Array.from({ length: CUSTOMERS_A_MERCHANT }, (_, index) => ({
    merchant,
    customer: `${merchant}-customer-${index + 1}`,
    payment: `payment-${index + 1}`,
    amountMinor: 1_000 + 250 * index,
  })),
);

/** The demo's merchants, and the answer that each of their callers must get, whoever gives it. */
export const expectedAnswers: ReadonlyMap<string, readonly string[]> = new Map(
  MERCHANTS.map((merchant) => [
    merchant,
    payments
      .filter((payment) => payment.merchant === merchant)
      .map(({ customer }) => customer)
      .toSorted(),
  ]),
);

/** Fills V1's table: every payment as an order, beside orders that were paid long ago. */
export async function seedOrders(client: DynamoDBClient, table: string): Promise<void> {
  const order = ({ merchant, customer, payment }: Payment, status: string) => ({
    merchantId: { S: merchant },
    orderId: { S: `${status}-${payment}` },
    customerId: { S: customer },
    status: { S: status },
  });
  await putAll(client, table, [
    ...payments.map((payment) => order(payment, "PAYMENT_PENDING")),
    ...payments.map((payment) =>
      order({ ...payment, customer: `${payment.customer}-paid` }, "PAID"),
    ),
  ]);
}

/** Fills V2's table as its owners left it: without the older payments of some merchants. */
export async function seedPendingPayments(client: DynamoDBClient, table: string): Promise<void> {
  await putAll(client, table, payments.filter((payment) => !isMissing(payment)).map(pending));
}

/** Copies what is missing. Returns how many payments that was. */
export async function backfill(client: DynamoDBClient, table: string): Promise<number> {
  const missing = payments.filter(isMissing);
  await putAll(client, table, missing.map(pending));
  return missing.length;
}

function isMissing({ merchant, payment }: Payment): boolean {
  return NOT_BACKFILLED.includes(merchant) && Number(payment.split("-")[1]) <= 3;
}

function pending({ merchant, customer, payment, amountMinor }: Payment) {
  return {
    pk: { S: `MERCHANT#${merchant}` },
    sk: { S: `CUSTOMER#${customer}#PAYMENT#${payment}` },
    amountMinor: { N: String(amountMinor) },
  };
}

type Item = ReturnType<typeof pending> | Record<string, { S: string }>;

async function putAll(
  client: DynamoDBClient,
  table: string,
  items: readonly Item[],
): Promise<void> {
  for (let at = 0; at < items.length; at += MAX_BATCH) {
    const requests = items.slice(at, at + MAX_BATCH).map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
  }
}
