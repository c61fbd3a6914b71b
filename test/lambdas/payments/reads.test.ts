import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { payments } from "../../../lambdas/payments/payments.ts";
import { MODES } from "../../../lib/mode/mode.ts";
import { wrapped } from "../../support/invoke.ts";
import { openPaymentServices, type PaymentServices } from "../../support/payment-services.ts";

const CARD = "4242424242424242";

describe("the payments migration's reads", () => {
  let services: PaymentServices;
  before(async () => {
    services = await openPaymentServices();
    process.env["PAYMENTS_V1_URL"] = services.v1.url;
    process.env["PAYMENTS_V2_URL"] = services.v2.url;
  });
  after(() => services?.close());

  // A customer of its own for each test, with two payments, one of them partly given back.
  let customerId: string;
  let customers = 0;
  beforeEach(() => {
    customerId = `customer-${++customers}`;
    for (const { ledger } of [services.v1, services.v2]) {
      for (const paymentId of ["p-1", "p-2"]) {
        ledger.pay({
          customerId,
          paymentId,
          key: `pay:${customerId}:${paymentId}`,
          amount: { minorUnits: 1250n, currency: "EUR" },
          cardNumber: CARD,
          moveMoney: true,
        });
      }
      // In another order in each of them.
      for (const refundId of ledger === services.v1.ledger ? ["r-1", "r-2"] : ["r-2", "r-1"]) {
        ledger.refund({
          customerId,
          paymentId: "p-2",
          refundId,
          key: `refund:${customerId}:${refundId}`,
          amount: { minorUnits: 250n, currency: "EUR" },
          moveMoney: true,
        });
      }
    }
  });

  function invocations(mode: (typeof MODES)[number]) {
    return wrapped(payments, { mode, sample: { matches: 1 } }, async (event, context) => {
      const client = payments.client(context);
      return event === "all"
        ? (await client.paymentsOf(customerId)).map(({ paymentId }) => paymentId)
        : (await client.payment({ customerId, paymentId: event }))?.status;
    });
  }

  for (const mode of MODES) {
    const both = mode === "shadow" || mode === "reverse-shadow";
    const answers = mode === "old" || mode === "shadow" ? "v1" : "v2";
    it(`${mode}: ${answers} answers, ${both ? "and both agree" : "alone"}`, async () => {
      const { invoke, traces } = invocations(mode);
      assert.deepEqual(await invoke("all"), answers === "v1" ? ["p-1", "p-2"] : ["p-2", "p-1"]);
      assert.equal(await invoke("p-1"), "paid");
      assert.equal(await invoke("p-2"), "partly-refunded");
      assert.equal(await invoke("nobody"), undefined);
      const { counts, comparisons } = traces();
      assert.equal(counts[answers === "v1" ? "V1Calls" : "V2Calls"], 4);
      assert.equal(counts[answers === "v1" ? "V2Calls" : "V1Calls"] ?? 0, both ? 4 : 0);
      assert.equal(counts["Disagreements"] ?? 0, 0);
      assert.deepEqual(
        comparisons.map(({ outcome }) => outcome),
        both ? ["ignored", "ignored", "ignored", "match"] : [],
      );
    });
  }

  it("sees a payment that V2 lacks, has with another amount, and has refunded otherwise", async () => {
    const { invoke, traces } = invocations("shadow");
    const wrong = async (change: (charge: any) => unknown, event: string) => {
      const mend = services.v2.inject({
        answer: ({ status, body }: any) => ({
          status,
          body: body.items === undefined ? change(body) : { items: body.items.map(change).flat() },
        }),
      });
      await invoke(event);
      mend();
    };
    await wrong((charge) => (charge.reference === "p-1" ? [] : charge), "all");
    await wrong((charge) => ({ ...charge, money: { ...charge.money, value: 1249 } }), "p-1");
    await wrong((charge) => ({ ...charge, refunds: charge.refunds.slice(1) }), "p-2");
    await wrong((charge) => ({ ...charge, state: "refunded" }), "all");
    const { comparisons } = traces();
    assert.deepEqual(
      comparisons.map(({ outcome, signature }) => `${outcome} ${signature}`),
      [
        "mismatch $[*] missing",
        "mismatch $.amount.minorUnits value",
        "mismatch $.refunds[*] missing",
        "mismatch $[*].status value",
      ],
    );
  });

  it("shadow: a V2 that fails, hangs or answers nonsense is nothing to the caller", async () => {
    const { invoke, traces } = invocations("shadow");
    for (const fault of [
      { before: "error" },
      { before: "reset" },
      { answer: () => ({ status: 200, body: "?" }) },
    ] as const) {
      const mend = services.v2.inject(fault);
      assert.equal(await invoke("p-1"), "paid");
      mend();
    }
    assert.equal(traces().counts["SecondaryErrors"], 3);
  });

  it("reverse-shadow: V1 steps in for a V2 that fails", async () => {
    const { invoke, traces } = invocations("reverse-shadow");
    const mend = services.v2.inject({ before: "error" });
    assert.equal(await invoke("p-1"), "paid");
    mend();
    assert.equal(traces().counts["Fallbacks"], 1);
  });
});
