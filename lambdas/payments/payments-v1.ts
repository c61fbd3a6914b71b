import type { Call, WithCall } from "../../lib/index.ts";
import { known, list, text } from "./json-fields.ts";
import { JsonHttp, undefinedIfMissing } from "./json-http.ts";
import { decimalOf, moneyOfDecimal } from "./money.ts";
import {
  checkedId,
  type Order,
  type Payment,
  type PaymentId,
  type PaymentService,
  type RefundOrder,
} from "./payment-service.ts";

/**
 * V1: the payments team's first service, with amounts as decimal strings. The primary moves money; the
 * secondary is told to keep the books of it.
 */
export class PaymentsV1 implements WithCall<PaymentService> {
  readonly #http: JsonHttp;

  /** @param timeoutMs @default 5000 */
  constructor(url: string, timeoutMs?: number) {
    this.#http = new JsonHttp({
      url,
      timeoutMs,
      keyHeader: "idempotency-key",
      codeOf: (body) => body?.error,
      refusals: {
        invalid: "invalid",
        card_declined: "card-declined",
        already_exists: "exists",
        idempotency_conflict: "key-reused",
        payment_not_found: "not-found",
        refund_too_large: "refund-too-large",
      },
    });
  }

  async payment(call: Call, id: PaymentId): Promise<Payment | undefined> {
    return undefinedIfMissing(this.#http.request(call, pathOf(id), paymentIn));
  }

  async paymentsOf(call: Call, customerId: string): Promise<Payment[]> {
    return this.#http.request(call, pathOfAll(customerId), (body) =>
      list(body.payments).map(paymentIn),
    );
  }

  async pay(call: Call, { customerId, paymentId, amount, card }: Order): Promise<Payment> {
    return this.#http.request(call, pathOfAll(customerId), paymentIn, {
      payment_id: paymentId,
      amount: decimalOf(amount),
      currency: amount.currency,
      ...(call.role === "primary"
        ? { card: card && { number: card.number, expiry: card.expiry, cvc: card.securityCode } }
        : { record_only: true }),
    });
  }

  async refund(call: Call, { refundId, amount, ...id }: RefundOrder): Promise<Payment> {
    return this.#http.request(call, `${pathOf(id)}/refunds`, paymentIn, {
      refund_id: refundId,
      amount: decimalOf(amount),
      currency: amount.currency,
      record_only: call.role === "secondary",
    });
  }
}

const STATUSES: Readonly<Record<string, Payment["status"]>> = {
  PAID: "paid",
  PART_REFUNDED: "partly-refunded",
  REFUNDED: "refunded",
};

function pathOfAll(customerId: string): string {
  return `/customers/${checkedId(customerId)}/payments`;
}

function pathOf({ customerId, paymentId }: PaymentId): string {
  return `${pathOfAll(customerId)}/${checkedId(paymentId)}`;
}

function paymentIn(body: any): Payment {
  return {
    customerId: text(body.customer_id),
    paymentId: text(body.payment_id),
    amount: moneyOfDecimal(body.amount, body.currency),
    status: known(STATUSES, body.status),
    refunds: list(body.refunds).map((refund) => ({
      refundId: text(refund.refund_id),
      amount: moneyOfDecimal(refund.amount, body.currency),
    })),
    receipt: text(body.receipt),
    createdAt: new Date(text(body.created)).toISOString(),
  };
}
