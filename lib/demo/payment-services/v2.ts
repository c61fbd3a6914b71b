import { randomUUID } from "node:crypto";
import { Acquirer } from "./acquirer.ts";
import { CARD_NUMBER, checked, CURRENCY, Fields, ID, KEY } from "./fields.ts";
import type { HttpAnswer, HttpRequest } from "./http-service.ts";
import { Ledger, openMinorUnits, type Amount, type LedgerPayment } from "./ledger.ts";
import { openPaymentServer, type PaymentServer } from "./payment-server.ts";

/**
 * Its successor. Camel case and other names, amounts as whole numbers of minor units, times in epoch
 * milliseconds, a payer's charges with the newest first. Writes want the header `X-Operation-Id`; one
 * that comes back with another body is answered with 422 `OPERATION_MISMATCH`. With
 * `"execution": "EXTERNAL"` the books are kept of money that was moved elsewhere.
 *
 * @param acquirer whom it has move the money. @default one of its own
 */
export async function openPaymentsV2(acquirer = new Acquirer()): Promise<PaymentServer> {
  const ledger = new Ledger(acquirer, () => randomUUID());
  return openPaymentServer({
    ledger,
    routes: {
      "GET /v2/payers/:payer/charges": ({ payer }) =>
        answer(200, {
          items: ledger
            .paymentsOf(checked("payer", payer, ID))
            .toReversed()
            .map(bodyOf),
        }),
      "GET /v2/payers/:payer/charges/:charge": (names) =>
        answer(200, bodyOf(ledger.existing(idsIn(names)))),
      "POST /v2/payers/:payer/charges": ({ payer }, request) => {
        const fields = new Fields("body", request.body);
        const charge = ledger.pay({
          customerId: checked("payer", payer, ID),
          paymentId: fields.text("reference", ID),
          key: keyOf(request),
          amount: amountIn(fields),
          moveMoney: fields.text("execution", EXECUTION) === "DIRECT",
          cardNumber: fields.optionalObject("card")?.text("pan", CARD_NUMBER),
        });
        return answer(201, bodyOf(charge));
      },
      "POST /v2/payers/:payer/charges/:charge/refunds": (names, request) => {
        const fields = new Fields("body", request.body);
        const charge = ledger.refund({
          ...idsIn(names),
          refundId: fields.text("reference", ID),
          key: keyOf(request),
          amount: amountIn(fields),
          moveMoney: fields.text("execution", EXECUTION) === "DIRECT",
        });
        return answer(201, bodyOf(charge));
      },
    },
    refusals: {
      "card-missing": refusal(422, "INVALID", "a card is needed"),
      "card-declined": refusal(402, "CARD_DECLINED", "the card was declined"),
      currency: refusal(422, "INVALID", "the charge has another currency"),
      exists: refusal(409, "REFERENCE_EXISTS", "there is one with this reference"),
      "key-reused": refusal(422, "OPERATION_MISMATCH", "the operation id came with another body"),
      "not-found": refusal(404, "CHARGE_NOT_FOUND", "there is no such charge"),
      "too-much": refusal(422, "REFUND_TOO_LARGE", "more than is left of the charge"),
    },
    refusal: ({ status, message }) =>
      refusal(status, status === 404 ? "NO_SUCH_PATH" : "INVALID", message),
  });
}

const EXECUTION = /^(?:DIRECT|EXTERNAL)$/;

const answer = (status: number, body: unknown): HttpAnswer => ({ status, body });

const refusal = (status: number, code: string, message: string) =>
  answer(status, { code, message });

function idsIn({ payer, charge }: Readonly<Record<string, string>>) {
  return { customerId: checked("payer", payer, ID), paymentId: checked("charge", charge, ID) };
}

function keyOf({ headers }: HttpRequest): string {
  return checked("X-Operation-Id", headers["x-operation-id"], KEY);
}

function amountIn(fields: Fields): Amount {
  const money = fields.object("money");
  return { minorUnits: money.positive("value"), currency: money.text("currency", CURRENCY) };
}

function bodyOf(charge: LedgerPayment) {
  const { currency, minorUnits } = charge.amount;
  const open = openMinorUnits(charge);
  return {
    id: charge.receipt,
    reference: charge.paymentId,
    payer: charge.customerId,
    money: { value: Number(minorUnits), currency },
    state: open === minorUnits ? "settled" : open === 0n ? "refunded" : "partiallyRefunded",
    refunds: charge.refunds.map((refund) => ({
      reference: refund.refundId,
      value: Number(refund.minorUnits),
    })),
    createdAt: charge.createdAt,
  };
}
