import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it, mock } from "node:test";
import type { Order, Payment } from "../../../lambdas/payments/payment-service.ts";
import { payments } from "../../../lambdas/payments/payments.ts";
import type { ServiceFault } from "../../../lib/demo/payment-services/http-service.ts";
import { DECLINED_CARD } from "../../../lib/demo/payment-services/acquirer.ts";
import { repairHandler } from "../../../lib/index.ts";
import { MODES, type Mode } from "../../../lib/mode/mode.ts";
import {
  fixedMode,
  memoryMetrics,
  memoryRecords,
  type MemoryRecords,
} from "../../../lib/testing.ts";
import { lambdaContext, wrapped } from "../../support/invoke.ts";
import { openPaymentServices, type PaymentServices } from "../../support/payment-services.ts";

const card = { number: "4242424242424242", expiry: "12/29", securityCode: "987" };
const eur = (minorUnits: number) => ({ minorUnits, currency: "EUR" }) as const;

/** Beyond any invocation's end. */
const LATER_MS = 3_600_000;

describe("the payments migration's writes", () => {
  let services: PaymentServices;
  let records: MemoryRecords;
  /** A payment of a customer's of its own. */
  let order: Order;
  let customers = 0;

  before(async () => {
    services = await openPaymentServices();
    process.env["PAYMENTS_V1_URL"] = services.v1.url;
    process.env["PAYMENTS_V2_URL"] = services.v2.url;
  });
  after(() => services?.close());
  beforeEach(() => {
    records = memoryRecords();
    order = { customerId: `c-${++customers}`, paymentId: "p-1", amount: eur(1250), card };
  });
  afterEach(() => mock.timers.reset());

  type Write =
    | { readonly pay: Order }
    | { readonly refund: { readonly refundId: string; readonly minorUnits: number } };

  let requests = 0;
  /** One invocation, with one write. */
  function invoke(mode: Mode, write: Write = { pay: order }, remainingMs = 30_000) {
    const handler = wrapped(
      payments,
      mode,
      (_event, context): Promise<Payment> => {
        const client = payments.client(context);
        if ("pay" in write) return client.pay(write.pay);
        const { refundId, minorUnits } = write.refund;
        return client.refund({ ...order, refundId, amount: eur(minorUnits) });
      },
      { records },
    );
    const requestId = `request-${++requests}`;
    return handler.invoke({}, lambdaContext({ requestId, remainingMs: () => remainingMs }));
  }

  /** The repair pass, as it comes when nothing of the writes can be under way any more. */
  async function repair(mode: Mode) {
    mock.timers.enable({ apis: ["Date"], now: Date.now() + LATER_MS });
    const metrics = memoryMetrics();
    const pass = repairHandler(payments, { modeSource: fixedMode(mode), records, metrics });
    const [report] = await pass({}, lambdaContext());
    mock.timers.reset();
    return report!;
  }

  async function withFault(
    version: "v1" | "v2",
    fault: ServiceFault,
    look: () => Promise<unknown>,
  ): Promise<void> {
    const mend = services[version].inject(fault);
    try {
      await look();
    } finally {
      mend();
    }
  }

  const states = () => records.repairs.stored.map(({ state }) => state);
  /** What a service has moved for the customer's payment. */
  const moved = (version: "v1" | "v2") =>
    services[version].ledger.movements
      .filter(({ customerId }) => customerId === order.customerId)
      .map(({ minorUnits }) => Number(minorUnits));
  /** What is in a service's books: the amount, and the refunds by their ids. */
  function books(version: "v1" | "v2") {
    const [payment] = services[version].ledger.paymentsOf(order.customerId);
    if (payment === undefined) return undefined;
    const refunds = payment.refunds.map(
      ({ refundId, minorUnits }) => [refundId, Number(minorUnits)] as const,
    );
    return { amount: Number(payment.amount.minorUnits), ...Object.fromEntries(refunds) };
  }

  for (const mode of MODES) {
    const primary = mode === "old" || mode === "shadow" ? "v1" : "v2";
    const secondary = primary === "v1" ? "v2" : "v1";
    const both = mode === "shadow" || mode === "reverse-shadow";

    it(`${mode}: ${primary} moves the money${both ? `, ${secondary} keeps the books of it` : ""}`, async () => {
      const paid = await invoke(mode);
      assert.equal(paid.status, "paid");
      const refunded = await invoke(mode, { refund: { refundId: "r-1", minorUnits: 250 } });
      assert.equal(refunded.status, "partly-refunded");
      assert.deepEqual(moved(primary), [1250, -250]);
      assert.deepEqual(moved(secondary), []);
      assert.deepEqual(books(primary), { amount: 1250, "r-1": 250 });
      assert.deepEqual(books(secondary), both ? books(primary) : undefined);
      assert.deepEqual(states(), []);
      assert.deepEqual(
        records.comparisons.map(({ operation, outcome }) => `${operation} ${outcome}`),
        both ? ["pay ignored", "refund ignored"] : [],
      );
    });

    it(`${mode}: a refusal is the caller's, and nothing is written anywhere`, async () => {
      const declined = { ...order, card: { ...card, number: DECLINED_CARD } };
      await assert.rejects(invoke(mode, { pay: declined }), { code: "card-declined" });
      await assert.rejects(invoke(mode, { refund: { refundId: "r", minorUnits: 1 } }), {
        code: "not-found",
      });
      assert.deepEqual([books("v1"), books("v2")], [undefined, undefined]);
      assert.deepEqual(states(), []);
    });

    it(`${mode}: a key that comes with another amount is refused, and changes nothing`, async () => {
      await invoke(mode);
      const was = [books("v1"), books("v2")];
      await assert.rejects(invoke(mode, { pay: { ...order, amount: eur(9900) } }), {
        code: "key-reused",
      });
      assert.deepEqual([books("v1"), books("v2")], was);
      assert.deepEqual([...moved("v1"), ...moved("v2")], [1250]);
      assert.deepEqual(states(), []);
    });
  }

  it("charges once, however often the caller tries, and through a whole migration", async () => {
    for (const mode of ["shadow", "shadow", "reverse-shadow", "new", "reverse-shadow", "shadow"]) {
      assert.equal((await invoke(mode as Mode)).status, "paid");
    }
    assert.deepEqual([moved("v1"), moved("v2")], [[1250], []]);
    assert.deepEqual(states(), []);
  });

  for (const [earlier, later, charged] of [
    ["reverse-shadow", "shadow", "v2"],
    ["shadow", "reverse-shadow", "v1"],
  ] as const) {
    it(`charges once when ${charged} has charged, its answer is lost, and the mode goes to ${later} before the caller tries again`, async () => {
      await withFault(charged, { after: "reset" }, () => assert.rejects(invoke(earlier)));
      assert.equal((await invoke(later)).status, "paid");
      assert.deepEqual([...moved("v1"), ...moved("v2")], [1250]);
      await repair(later);
      assert.deepEqual(states(), []);
      assert.deepEqual(books("v1"), books("v2"));
    });
  }

  it("charges once when the same caller tries several times at once", async () => {
    await Promise.all([invoke("shadow"), invoke("shadow"), invoke("shadow")]);
    assert.deepEqual([moved("v1"), moved("v2")], [[1250], []]);
    assert.deepEqual(books("v2"), books("v1"));
    await repair("shadow");
    assert.deepEqual(states(), []);
    assert.deepEqual([moved("v1"), moved("v2")], [[1250], []]);
  });

  for (const [mode, primary, secondary] of [
    ["shadow", "v1", "v2"],
    ["reverse-shadow", "v2", "v1"],
  ] as const) {
    describe(`${mode}, on bad days`, () => {
      for (const [what, fault] of Object.entries({
        "is down": { before: "error" },
        "breaks the connection": { before: "reset" },
        "writes, and then answers with an error": { after: "error" },
        "writes, and then breaks the connection": { after: "reset" },
        "answers nonsense": { answer: () => ({ status: 200, body: "?" }) },
      } satisfies Record<string, ServiceFault>)) {
        it(`the secondary ${what}: the caller has the answer, the repair pass does the rest`, async () => {
          await withFault(secondary, fault, async () => {
            assert.equal((await invoke(mode)).status, "paid");
            assert.deepEqual(states(), ["secondary-failed"]);
            const { done, failed, pending } = await repair(mode);
            assert.deepEqual({ done, failed, pending }, { done: 0, failed: 1, pending: 1 });
          });
          const { done, pending } = await repair(mode);
          assert.deepEqual({ done, pending }, { done: 1, pending: 0 });
          assert.deepEqual(states(), []);
          assert.deepEqual(books(secondary), books(primary));
          assert.deepEqual([moved(primary), moved(secondary)], [[1250], []]);
        });

        it(`the primary ${what}: whatever that came to, the books agree, and a new try charges once`, async () => {
          await withFault(primary, fault, async () => {
            await assert.rejects(invoke(mode));
            assert.deepEqual(states(), ["ambiguous"]);
            assert.equal(books(secondary), undefined, "nothing is done that may not have been");
          });
          const { done, pending } = await repair(mode);
          assert.deepEqual({ done, pending }, { done: 1, pending: 0 });
          assert.deepEqual(books(secondary), books(primary));
          assert.equal((await invoke(mode)).status, "paid");
          assert.deepEqual(books(secondary), books(primary));
          assert.deepEqual([moved(primary), moved(secondary)], [[1250], []]);
          assert.deepEqual(states(), []);
        });
      }

      it("the secondary hangs: the caller waits for it no longer than the invocation may last", async () => {
        await withFault(secondary, { before: "hang" }, async () => {
          assert.equal((await invoke(mode, undefined, 700)).status, "paid");
        });
        assert.deepEqual(states(), ["secondary-failed"]);
        await repair(mode);
        assert.deepEqual(books(secondary), books(primary));
      });

      it("the function is killed after the primary has written: the repair pass does the rest", async () => {
        const written = Promise.withResolvers<void>();
        const killed = Promise.withResolvers<void>();
        let invocation: Promise<unknown> | undefined;
        const fault: ServiceFault = {
          times: 1,
          after: async () => {
            written.resolve();
            await killed.promise;
          },
        };
        await withFault(primary, fault, async () => {
          // It goes no further, as if it were dead.
          invocation = invoke(mode);
          await written.promise;
          assert.deepEqual(states(), ["intended"]);
          assert.equal(books(secondary), undefined);
          const { done, pending } = await repair(mode);
          assert.deepEqual({ done, pending }, { done: 1, pending: 0 });
          assert.deepEqual(books(secondary), books(primary));
          assert.deepEqual([moved(primary), moved(secondary)], [[1250], []]);
        });
        killed.resolve();
        await invocation;
      });

      it("refunds of which the secondary missed some: each is entered under its own key", async () => {
        await invoke(mode);
        await withFault(secondary, { before: "error" }, async () => {
          await invoke(mode, { refund: { refundId: "r-1", minorUnits: 250 } });
          await invoke(mode, { refund: { refundId: "r-2", minorUnits: 250 } });
        });
        await invoke(mode, { refund: { refundId: "r-3", minorUnits: 250 } });
        await repair(mode);
        assert.deepEqual(states(), []);
        assert.deepEqual(books(secondary), books(primary));
        assert.deepEqual([moved(primary), moved(secondary)], [[1250, -250, -250, -250], []]);
        // The caller of a refund that was repaired tries again.
        await invoke(mode, { refund: { refundId: "r-2", minorUnits: 250 } });
        assert.deepEqual(states(), []);
        assert.deepEqual(moved(primary).length, 4);
      });

      it("two refunds at once, in two invocations: the books agree in the end", async () => {
        await invoke(mode);
        await Promise.all([
          invoke(mode, { refund: { refundId: "r-1", minorUnits: 250 } }),
          invoke(mode, { refund: { refundId: "r-2", minorUnits: 250 } }),
        ]);
        await repair(mode);
        assert.deepEqual(states(), []);
        assert.deepEqual(books(secondary), books(primary));
        assert.deepEqual([moved(primary), moved(secondary)], [[1250, -250, -250], []]);
      });

      it("a refund overtakes its payment on the way to the secondary: the books agree in the end", async () => {
        const reached = Promise.withResolvers<void>();
        const goesOn = Promise.withResolvers<void>();
        const fault: ServiceFault = {
          times: 1,
          when: ({ method }) => method === "POST",
          before: async () => {
            reached.resolve();
            await goesOn.promise;
          },
        };
        await withFault(secondary, fault, async () => {
          const paying = invoke(mode);
          await reached.promise;
          await invoke(mode, { refund: { refundId: "r-1", minorUnits: 250 } });
          goesOn.resolve();
          await paying;
        });
        await repair(mode);
        assert.deepEqual(states(), []);
        assert.deepEqual(books(secondary), books(primary));
        assert.deepEqual([moved(primary), moved(secondary)], [[1250, -250], []]);
      });

      it("services that contradict each other are left to a person, for as long as they do", async () => {
        const { customerId, paymentId } = order;
        services[secondary].ledger.pay({
          customerId,
          paymentId,
          key: "somebody else's",
          amount: { minorUnits: 9900n, currency: "EUR" },
          cardNumber: undefined,
          moveMoney: false,
        });
        assert.equal((await invoke(mode)).status, "paid");
        assert.deepEqual(states(), ["secondary-failed"]);
        for (let pass = 0; pass < 2; pass++) {
          const { failed, pending } = await repair(mode);
          assert.deepEqual({ failed, pending }, { failed: 1, pending: 1 });
        }
        assert.deepEqual(books(secondary), { amount: 9900 });
        assert.deepEqual([moved(primary), moved(secondary)], [[1250], []]);
      });

      it("no record has anything of the card", async () => {
        await withFault(secondary, { before: "error" }, () => invoke(mode));
        await withFault(primary, { after: "reset" }, () => assert.rejects(invoke(mode)));
        assert.equal(states().length, 2);
        const kept = [...records.repairs.stored, ...records.comparisons];
        for (const one of kept) {
          const { replay, ...readable } = { replay: undefined, ...one };
          assert.equal(replay, undefined);
          const json = JSON.stringify(readable);
          assert.match(json, /p-1/);
          assert.doesNotMatch(json, /4242424242424242|12\/29|"987"/);
        }
      });
    });
  }
});
