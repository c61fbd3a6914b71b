import middy from "@middy/core";
import segue, { type Client } from "../../lib/index.ts";
import { checkEvent, type PaymentsEvent } from "./event.ts";
import {
  PaymentRefused,
  type Payment,
  type PaymentService,
  type RefusalCode,
} from "./payment-service.ts";
import { payments } from "./payments.ts";

export interface PaymentsResponse {
  /** What was asked for, or what was written. */
  readonly payments?: readonly Payment[];
  /** Why nothing was done, and nothing would be if it were tried again. */
  readonly refused?: RefusalCode;
}

export const handler = middy<PaymentsEvent, PaymentsResponse>()
  .use(segue(payments))
  .handler(async (event, context): Promise<PaymentsResponse> => {
    try {
      checkEvent(event);
      return { payments: await answer(event, payments.client(context)) };
    } catch (error) {
      // A refusal is an answer: Lambda would try an error again.
      if (error instanceof PaymentRefused) return { refused: error.code };
      throw error;
    }
  });

async function answer(event: PaymentsEvent, client: Client<PaymentService>): Promise<Payment[]> {
  switch (event.action) {
    case "payment": {
      const payment = await client.payment(event.id);
      return payment === undefined ? [] : [payment];
    }
    case "payments-of":
      return client.paymentsOf(event.customerId);
    case "pay":
      return [await client.pay(event.order)];
    case "refund":
      return [await client.refund(event.refund)];
  }
}
