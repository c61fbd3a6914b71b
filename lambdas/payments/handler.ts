import middy from "@middy/core";
import segue from "../../lib/index.ts";
import {
  PaymentRefused,
  type Order,
  type Payment,
  type PaymentId,
  type RefundOrder,
  type RefusalCode,
} from "./payment-service.ts";
import { payments } from "./payments.ts";

export type PaymentsEvent =
  | { readonly action: "payment"; readonly id: PaymentId }
  | { readonly action: "payments-of"; readonly customerId: string }
  | { readonly action: "pay"; readonly order: Order }
  | { readonly action: "refund"; readonly refund: RefundOrder };

export interface PaymentsResponse {
  /** What was asked for, or what was written. */
  readonly payments?: readonly Payment[];
  /** Why nothing was done, and nothing will be if it is tried again. */
  readonly refused?: RefusalCode;
}

export const handler = middy<PaymentsEvent, PaymentsResponse>()
  .use(segue(payments))
  .handler(async (event, context): Promise<PaymentsResponse> => {
    const client = payments.client(context);
    try {
      switch (event.action) {
        case "payment": {
          const payment = await client.payment(event.id);
          return { payments: payment === undefined ? [] : [payment] };
        }
        case "payments-of":
          return { payments: await client.paymentsOf(event.customerId) };
        case "pay":
          return { payments: [await client.pay(event.order)] };
        case "refund":
          return { payments: [await client.refund(event.refund)] };
        default:
          // Events are JSON, whatever their type says.
          return { refused: "invalid" };
      }
    } catch (error) {
      // A refusal is an answer: Lambda would try an error again.
      if (error instanceof PaymentRefused) return { refused: error.code };
      throw error;
    }
  });
