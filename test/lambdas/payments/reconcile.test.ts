import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Payment, PaymentService } from "../../../lambdas/payments/payment-service.ts";
import { PaymentsV1 } from "../../../lambdas/payments/payments-v1.ts";
import { PaymentsV2 } from "../../../lambdas/payments/payments-v2.ts";
import { reconcilePayment } from "../../../lambdas/payments/reconcile.ts";
import type { Call, WithCall } from "../../../lib/index.ts";
import { openPaymentServices, type PaymentServices } from "../../support/payment-services.ts";

const card = { number: "4242424242424242", expiry: "12/29", securityCode: "123" };
const eur = (minorUnits: number) => ({ minorUnits, currency: "EUR" }) as const;
const id = { customerId: "c-1", paymentId: "p-1" };
const order = { ...id, amount: eur(1250), card };

/** What must be the same in both books. */
function essentials(payment: Payment | undefined) {
  if (payment === undefined) return undefined;
  const { receipt, createdAt, ...rest } = payment;
  return rest;
}

for (const [first, second] of [
  ["v1", "v2"],
  ["v2", "v1"],
] as const) {
  describe(`reconcilePayment, with ${first} as the primary`, () => {
    let services: PaymentServices;
    let primary: PaymentService;
    let secondary: PaymentService;

    beforeEach(async () => {
      services = await openPaymentServices();
      primary = clientOf(first, "primary");
      secondary = clientOf(second, "secondary");
    });
    afterEach(() => services.close());

    function clientOf(version: "v1" | "v2", role: Call["role"]): PaymentService {
      const { url } = services[version];
      const adapter: WithCall<PaymentService> =
        version === "v1" ? new PaymentsV1(url) : new PaymentsV2(url);
      const { signal } = new AbortController();
      const call = (idempotencyKey?: string): Call => ({
        version,
        role,
        signal,
        idempotencyKey,
        requestId: "repair",
        now: 0,
      });
      return {
        payment: (asked) => adapter.payment(call(), asked),
        paymentsOf: (customerId) => adapter.paymentsOf(call(), customerId),
        pay: (asked) => adapter.pay(call(`pay:${asked.paymentId}`), asked),
        refund: (asked) => adapter.refund(call(`refund:${asked.refundId}`), asked),
      };
    }

    const reconcile = () => reconcilePayment(primary, secondary, id);
    const agree = async () =>
      assert.deepEqual(
        essentials(await secondary.payment(id)),
        essentials(await primary.payment(id)),
      );

    it("enters what the secondary lacks, and moves no money for it", async () => {
      await primary.pay(order);
      await primary.refund({ ...id, refundId: "r-1", amount: eur(250) });
      await primary.refund({ ...id, refundId: "r-2", amount: eur(1000) });
      await reconcile();
      await agree();
      assert.equal((await secondary.payment(id))?.status, "refunded");
      assert.deepEqual(services[second].ledger.movements, []);
      assert.equal(services[first].ledger.movements.length, 3);
    });

    it("enters the refunds alone where the secondary has the payment", async () => {
      await primary.pay(order);
      await secondary.pay(order);
      await primary.refund({ ...id, refundId: "r-1", amount: eur(250) });
      await secondary.refund({ ...id, refundId: "r-1", amount: eur(250) });
      await primary.refund({ ...id, refundId: "r-2", amount: eur(250) });
      await reconcile();
      await agree();
    });

    it("may be run as often as one likes, also at once with itself", async () => {
      await primary.pay(order);
      await primary.refund({ ...id, refundId: "r-1", amount: eur(250) });
      await Promise.all([reconcile(), reconcile(), reconcile()]);
      await reconcile();
      await agree();
    });

    it("leaves both alone where the primary has not the write", async () => {
      await reconcile();
      assert.equal(await secondary.payment(id), undefined);
      await primary.pay(order);
      await reconcile();
      await reconcile();
      assert.deepEqual((await secondary.payment(id))?.refunds, []);
    });

    it("calls a person where the secondary has what the primary has not", async () => {
      await secondary.pay(order);
      await assert.rejects(reconcile, { name: "BooksDisagree" });
      assert.equal(await primary.payment(id), undefined, "nobody is charged for it");
    });

    it("calls a person where the amounts differ", async () => {
      await primary.pay(order);
      await secondary.pay({ ...order, amount: eur(1251) });
      await assert.rejects(reconcile, { name: "BooksDisagree" });
    });

    it("calls a person where a refund is only the secondary's, or another one", async () => {
      await primary.pay(order);
      await secondary.pay(order);
      await secondary.refund({ ...id, refundId: "r-1", amount: eur(250) });
      await assert.rejects(reconcile, { name: "BooksDisagree" });
      await primary.refund({ ...id, refundId: "r-1", amount: eur(249) });
      await assert.rejects(reconcile, { name: "BooksDisagree" });
    });

    it("enters what it can where the other one has something, too, so that both ways round make all", async () => {
      await primary.pay(order);
      await secondary.pay(order);
      await primary.refund({ ...id, refundId: "r-1", amount: eur(250) });
      await secondary.refund({ ...id, refundId: "r-2", amount: eur(250) });
      await assert.rejects(reconcile, { name: "BooksDisagree" });
      await reconcilePayment(secondary, primary, id);
      await reconcile();
      const refunds = async (client: PaymentService) =>
        (await client.payment(id))?.refunds.map(({ refundId }) => refundId).toSorted();
      assert.deepEqual(await refunds(primary), ["r-1", "r-2"]);
      assert.deepEqual(await refunds(secondary), ["r-1", "r-2"]);
    });

    it("takes nothing for a disagreement that is to be entered the other way round", async () => {
      const isCrossing = (refundId?: string) => refundId === undefined || refundId === "r-2";
      const beside = () => reconcilePayment(primary, secondary, id, isCrossing);
      await secondary.pay(order);
      await beside();
      assert.equal(await primary.payment(id), undefined);
      await primary.pay(order);
      await primary.refund({ ...id, refundId: "r-1", amount: eur(250) });
      await secondary.refund({ ...id, refundId: "r-2", amount: eur(250) });
      await beside();
      assert.equal((await secondary.payment(id))?.refunds.length, 2);
      await secondary.refund({ ...id, refundId: "r-3", amount: eur(1) });
      await assert.rejects(beside, { name: "BooksDisagree" }, "nobody is to enter that one");
      await primary.refund({ ...id, refundId: "r-2", amount: eur(249) });
      await assert.rejects(beside, { name: "BooksDisagree" }, "it is there, and another one");
    });

    it("fails where one of them can't be asked, and is right the next time", async () => {
      await primary.pay(order);
      for (const version of [first, second]) {
        for (const fault of [{ before: "error" }, { after: "reset" }] as const) {
          const mend = services[version].inject(fault);
          await assert.rejects(reconcile);
          mend();
        }
      }
      await reconcile();
      await agree();
    });

    it("is right where a refund comes while it runs", async () => {
      await primary.pay(order);
      const refund = { ...id, refundId: "r-1", amount: eur(250) };
      // After the secondary was asked, and before the primary is.
      services[first].inject({
        when: ({ method }) => method === "GET",
        times: 1,
        before: async () => {
          await primary.refund(refund);
          await secondary.pay(order);
          await secondary.refund(refund);
        },
      });
      await reconcile();
      await agree();
      assert.equal((await secondary.payment(id))?.refunds.length, 1);
    });
  });
}
