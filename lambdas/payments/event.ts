import { money } from "./money.ts";
import {
  checkedId,
  PaymentRefused,
  type Order,
  type PaymentId,
  type RefundOrder,
} from "./payment-service.ts";

export type PaymentsEvent =
  | { readonly action: "payment"; readonly id: PaymentId }
  | { readonly action: "payments-of"; readonly customerId: string }
  | { readonly action: "pay"; readonly order: Order }
  | { readonly action: "refund"; readonly refund: RefundOrder };

/**
 * Checks an event, which is JSON and may be anything. A write that both services would choke on must not
 * begin: it would be left to the repair pass, which could do nothing about it.
 *
 * @throws {PaymentRefused}
 */
export function checkEvent(event: PaymentsEvent): void {
  try {
    switch (event.action) {
      case "payment":
        return checkIds(event.id);
      case "payments-of":
        return void checkedId(event.customerId);
      case "pay":
        return checkWrite(event.order);
      case "refund":
        checkedId(event.refund.refundId);
        return checkWrite(event.refund);
      default:
        throw new TypeError("not a known action");
    }
  } catch (error) {
    throw new PaymentRefused("invalid", (error as Error).message);
  }
}

function checkIds({ customerId, paymentId }: PaymentId): void {
  checkedId(customerId);
  checkedId(paymentId);
}

function checkWrite(write: Order | RefundOrder): void {
  checkIds(write);
  money(write.amount.minorUnits, write.amount.currency);
}
