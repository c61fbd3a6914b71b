import type { Call, WithCall } from "../../lib/index.ts";
import { known, list, text, wholeNumber } from "./json-fields.ts";
import { JsonHttp, undefinedIfMissing } from "./json-http.ts";
import { money, type Money } from "./money.ts";
import {
  checkedId,
  type Order,
  type Payment,
  type PaymentId,
  type PaymentService,
  type RefundOrder,
} from "./payment-service.ts";

/**
 * V2: the payments team's new service, with amounts in minor units. The primary moves money; the
 * secondary is told to keep the books of it.
 */
export class PaymentsV2 implements WithCall<PaymentService> {
  readonly #http: JsonHttp;

  /** @param timeoutMs @default 5000 */
  constructor(url: string, timeoutMs?: number) {
    this.#http = new JsonHttp({
      url,
      timeoutMs,
      keyHeader: "x-operation-id",
      codeOf: (body) => body?.code,
      refusals: {
        INVALID: "invalid",
        CARD_DECLINED: "card-declined",
        REFERENCE_EXISTS: "exists",
        OPERATION_MISMATCH: "key-reused",
        CHARGE_NOT_FOUND: "not-found",
        REFUND_TOO_LARGE: "refund-too-large",
      },
    });
  }

  async payment(call: Call, id: PaymentId): Promise<Payment | undefined> {
    return undefinedIfMissing(this.#http.request(call, pathOf(id), paymentIn));
  }

  async paymentsOf(call: Call, customerId: string): Promise<Payment[]> {
    return this.#http.request(call, pathOfAll(customerId), (body) =>
      list(body.items).map(paymentIn),
    );
  }

  async pay(call: Call, { customerId, paymentId, amount, card }: Order): Promise<Payment> {
    return this.#http.request(call, pathOfAll(customerId), paymentIn, {
      reference: paymentId,
      money: moneyBody(amount),
      ...(call.role === "primary"
        ? {
            execution: "DIRECT",
            card: card && { pan: card.number, expires: card.expiry, cvv: card.securityCode },
          }
        : { execution: "EXTERNAL" }),
    });
  }

  async refund(call: Call, { refundId, amount, ...id }: RefundOrder): Promise<Payment> {
    return this.#http.request(call, `${pathOf(id)}/refunds`, paymentIn, {
      reference: refundId,
      money: moneyBody(amount),
      execution: call.role === "primary" ? "DIRECT" : "EXTERNAL",
    });
  }
}

const STATES: Readonly<Record<string, Payment["status"]>> = {
  settled: "paid",
  partiallyRefunded: "partly-refunded",
  refunded: "refunded",
};

function pathOfAll(customerId: string): string {
  return `/v2/payers/${checkedId(customerId)}/charges`;
}

function pathOf({ customerId, paymentId }: PaymentId): string {
  return `${pathOfAll(customerId)}/${checkedId(paymentId)}`;
}

function moneyBody(amount: Money) {
  const { minorUnits, currency } = money(amount.minorUnits, amount.currency);
  return { value: minorUnits, currency };
}

function paymentIn(body: any): Payment {
  const { currency } = body.money;
  return {
    customerId: text(body.payer),
    paymentId: text(body.reference),
    amount: money(body.money.value, currency),
    status: known(STATES, body.state),
    refunds: list(body.refunds).map((refund) => ({
      refundId: text(refund.reference),
      amount: money(refund.value, currency),
    })),
    receipt: text(body.id),
    createdAt: new Date(wholeNumber(body.createdAt)).toISOString(),
  };
}
