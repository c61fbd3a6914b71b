import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkEvent } from "../../../lambdas/payments/event.ts";

const id = { customerId: "c-1", paymentId: "p_1" };
const amount = { minorUnits: 1250, currency: "EUR" };

describe("an event", () => {
  for (const event of [
    { action: "payment", id },
    { action: "payments-of", customerId: "c-1" },
    { action: "pay", order: { ...id, amount } },
    { action: "refund", refund: { ...id, refundId: "r-1", amount } },
  ]) {
    it(`may be ${JSON.stringify(event)}`, () => checkEvent(event as any));
  }

  for (const event of [
    null,
    undefined,
    "pay",
    {},
    { action: "payout" },
    { action: "payment" },
    { action: "payment", id: { customerId: "c-1" } },
    { action: "payments-of", customerId: ".." },
    { action: "payments-of", customerId: ["c-1"] },
    { action: "pay" },
    { action: "pay", order: id },
    { action: "pay", order: { ...id, amount: { minorUnits: 12.5, currency: "EUR" } } },
    { action: "pay", order: { ...id, amount: { minorUnits: "1250", currency: "EUR" } } },
    { action: "pay", order: { ...id, amount: { minorUnits: 1250, currency: "XYZ" } } },
    { action: "pay", order: { ...id, customerId: "c:1", amount } },
    { action: "refund", refund: { ...id, amount } },
    { action: "refund", refund: { ...id, refundId: "r-1", amount: { ...amount, minorUnits: -1 } } },
  ]) {
    it(`may not be ${JSON.stringify(event)}`, () =>
      assert.throws(() => checkEvent(event as any), { name: "PaymentRefused", code: "invalid" }));
  }
});
