import { Acquirer } from "./acquirer.ts";
import { CARD_NUMBER, checked, CURRENCY, Fields, ID, KEY } from "./fields.ts";
import { RequestError, type HttpAnswer, type HttpRequest } from "./http-service.ts";
import { Ledger, openMinorUnits, type Amount, type LedgerPayment } from "./ledger.ts";
import { openPaymentServer, type PaymentServer } from "./payment-server.ts";

/**
 * The payments team's first service. Snake case, amounts as decimal strings, times to the second, a
 * customer's payments in the order in which they came. Writes want the header `Idempotency-Key`; one
 * that comes back with another body is answered with 409 `idempotency_conflict`. With `record_only` the
 * books are kept of money that was moved elsewhere.
 *
 * @param acquirer whom it has move the money. @default one of its own
 */
export async function openPaymentsV1(acquirer = new Acquirer()): Promise<PaymentServer> {
  const ledger = new Ledger(acquirer, (count) => String(count).padStart(8, "0"));
  return openPaymentServer({
    ledger,
    routes: {
      "GET /customers/:customer/payments": ({ customer }) =>
        answer(200, {
          payments: ledger.paymentsOf(checked("customer_id", customer, ID)).map(bodyOf),
        }),
      "GET /customers/:customer/payments/:payment": (names) =>
        answer(200, bodyOf(ledger.existing(idsIn(names)))),
      "POST /customers/:customer/payments": ({ customer }, request) => {
        const fields = new Fields("body", request.body);
        const payment = ledger.pay({
          customerId: checked("customer_id", customer, ID),
          paymentId: fields.text("payment_id", ID),
          key: keyOf(request),
          amount: amountIn(fields),
          moveMoney: !fields.flag("record_only"),
          cardNumber: fields.optionalObject("card")?.text("number", CARD_NUMBER),
        });
        return answer(201, bodyOf(payment));
      },
      "POST /customers/:customer/payments/:payment/refunds": (names, request) => {
        const fields = new Fields("body", request.body);
        const payment = ledger.refund({
          ...idsIn(names),
          refundId: fields.text("refund_id", ID),
          key: keyOf(request),
          amount: amountIn(fields),
          moveMoney: !fields.flag("record_only"),
        });
        return answer(201, bodyOf(payment));
      },
    },
    refusals: {
      "card-missing": refusal(422, "invalid", "a card is needed"),
      "card-declined": refusal(402, "card_declined", "the card was declined"),
      currency: refusal(422, "invalid", "the payment has another currency"),
      exists: refusal(409, "already_exists", "there is one with this id"),
      "key-reused": refusal(409, "idempotency_conflict", "the key came with another body"),
      "not-found": refusal(404, "payment_not_found", "there is no such payment"),
      "too-much": refusal(422, "refund_too_large", "more than is left of the payment"),
    },
    refusal: ({ status, message }) =>
      refusal(status, status === 404 ? "no_such_path" : "invalid", message),
  });
}

const answer = (status: number, body: unknown): HttpAnswer => ({ status, body });

const refusal = (status: number, error: string, message: string) =>
  answer(status, { error, message });

function idsIn({ customer, payment }: Readonly<Record<string, string>>) {
  return {
    customerId: checked("customer_id", customer, ID),
    paymentId: checked("payment_id", payment, ID),
  };
}

function keyOf({ headers }: HttpRequest): string {
  return checked("Idempotency-Key", headers["idempotency-key"], KEY);
}

/** Digits behind the point. */
const FRACTION_DIGITS: Readonly<Record<string, number>> = {
  EUR: 2,
  GBP: 2,
  JPY: 0,
  KWD: 3,
  USD: 2,
};

function fractionDigits(currency: string): number {
  const digits = FRACTION_DIGITS[currency];
  if (digits === undefined) throw new RequestError(422, `currency is not one that is taken`);
  return digits;
}

function amountIn(fields: Fields): Amount {
  const currency = fields.text("currency", CURRENCY);
  const digits = fractionDigits(currency);
  const fraction = digits === 0 ? "" : `\\.\\d{${digits}}`;
  const text = fields.text("amount", new RegExp(`^\\d{1,12}${fraction}$`));
  const minorUnits = BigInt(text.replace(".", ""));
  if (minorUnits === 0n) throw new RequestError(422, "amount is 0");
  return { minorUnits, currency };
}

function decimal(minorUnits: bigint, currency: string): string {
  const digits = fractionDigits(currency);
  const text = String(minorUnits).padStart(digits + 1, "0");
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

function bodyOf(payment: LedgerPayment) {
  const { currency, minorUnits } = payment.amount;
  const open = openMinorUnits(payment);
  return {
    receipt: payment.receipt,
    payment_id: payment.paymentId,
    customer_id: payment.customerId,
    amount: decimal(minorUnits, currency),
    currency,
    status: open === minorUnits ? "PAID" : open === 0n ? "REFUNDED" : "PART_REFUNDED",
    refunds: payment.refunds.map((refund) => ({
      refund_id: refund.refundId,
      amount: decimal(refund.minorUnits, currency),
    })),
    created: new Date(payment.createdAt).toISOString().replace(/\.\d+Z$/, "Z"),
  };
}
