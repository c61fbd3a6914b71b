import assert from "node:assert/strict";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { after, before, describe, it } from "node:test";
import { PaymentRefused, type Order } from "../../../lambdas/payments/payment-service.ts";
import { PaymentsV1 } from "../../../lambdas/payments/payments-v1.ts";
import { PaymentsV2 } from "../../../lambdas/payments/payments-v2.ts";
import type { ServiceFault } from "../../../lib/demo/payment-services/http-service.ts";
import { DECLINED_CARD } from "../../../lib/demo/payment-services/acquirer.ts";
import type { PaymentServer } from "../../../lib/demo/payment-services/payment-server.ts";
import type { Call } from "../../../lib/index.ts";
import { closeServer, listen } from "../../../lib/local/listen.ts";
import { openPaymentServices, type PaymentServices } from "../../support/payment-services.ts";

const card = { number: "4242424242424242", expiry: "12/29", securityCode: "123" };
const eur = (minorUnits: number) => ({ minorUnits, currency: "EUR" }) as const;

function* forever(text: string): Generator<string> {
  for (;;) yield text;
}

let services: PaymentServices;
before(async () => (services = await openPaymentServices()));
after(() => services?.close());

for (const version of ["v1", "v2"] as const) {
  describe(`the adapter of ${version}`, () => {
    let server: PaymentServer;
    let adapter: PaymentsV1 | PaymentsV2;
    const adapterOf = (url: string, timeoutMs?: number) =>
      version === "v1" ? new PaymentsV1(url, timeoutMs) : new PaymentsV2(url, timeoutMs);
    before(() => {
      server = services[version];
      adapter = adapterOf(server.url);
    });

    let count = 0;
    const newOrder = (change: Partial<Order> = {}): Order => ({
      customerId: `${version}-${++count}`,
      paymentId: "p-1",
      amount: eur(1250),
      card,
      ...change,
    });
    const call = (idempotencyKey?: string, change: Partial<Call> = {}): Call => ({
      version,
      role: "primary",
      signal: new AbortController().signal,
      idempotencyKey: idempotencyKey && `${version}:${idempotencyKey}`,
      requestId: "request-1",
      now: 0,
      ...change,
    });
    const asPrimary = ({ customerId, paymentId }: Order) => call(`pay:${customerId}:${paymentId}`);
    const refused = (code: string) => (error: unknown) =>
      error instanceof PaymentRefused && error.code === code;

    async function withFault(fault: ServiceFault, look: () => Promise<void>) {
      const mend = server.inject(fault);
      try {
        await look();
      } finally {
        mend();
      }
    }

    it("pays, gives back, and reads what it wrote", async () => {
      const order = newOrder();
      const { customerId, paymentId } = order;
      const paid = await adapter.pay(asPrimary(order), order);
      const { receipt, createdAt, ...rest } = paid;
      assert.deepEqual(rest, {
        customerId,
        paymentId,
        amount: eur(1250),
        status: "paid",
        refunds: [],
      });
      assert.notEqual(receipt, "");
      assert.equal(new Date(createdAt).toISOString(), createdAt);
      assert.deepEqual(await adapter.payment(call(), order), paid);

      const refund = { customerId, paymentId, refundId: "r-1", amount: eur(250) };
      const partly = await adapter.refund(call("refund:1"), refund);
      assert.equal(partly.status, "partly-refunded");
      assert.deepEqual(partly.refunds, [{ refundId: "r-1", amount: eur(250) }]);
      const rest2 = { ...refund, refundId: "r-2", amount: eur(1000) };
      assert.equal((await adapter.refund(call("refund:2"), rest2)).status, "refunded");
      const all = await adapter.paymentsOf(call(), customerId);
      assert.deepEqual(all, [await adapter.payment(call(), order)]);
      assert.deepEqual(
        server.ledger.movements.slice(-3).map(({ minorUnits }) => minorUnits),
        [1250n, -250n, -1000n],
      );
    });

    it("keeps every currency's amounts exact", async () => {
      for (const [currency, minorUnits] of [
        ["JPY", 1250],
        ["KWD", 1005],
        ["EUR", 435],
      ] as const) {
        const order = newOrder({ amount: { currency, minorUnits } });
        const paid = await adapter.pay(asPrimary(order), order);
        assert.deepEqual(paid.amount, order.amount);
        assert.equal(server.ledger.movements.at(-1)!.minorUnits, BigInt(minorUnits));
      }
    });

    it("has the secondary keep the books, without card and without moving money", async () => {
      const order = newOrder();
      const bodies: unknown[] = [];
      const watch = { when: ({ body }: { body: unknown }) => (bodies.push(body), false) };
      const moved = server.ledger.movements.length;
      await withFault(watch, async () => {
        const secondary = (key: string) => call(key, { role: "secondary" });
        const paid = await adapter.pay(secondary("pay:1"), order);
        assert.deepEqual(paid.amount, order.amount);
        await adapter.refund(secondary("refund:s"), { ...order, refundId: "r", amount: eur(1) });
      });
      assert.equal(server.ledger.movements.length, moved);
      assert.equal(bodies.length, 2);
      assert.doesNotMatch(JSON.stringify(bodies), /4242424242424242|12\/29|"123"/);
    });

    it("does a write once, however often it comes, be it as primary or as secondary", async () => {
      const order = newOrder();
      const moved = server.ledger.movements.length;
      const first = await adapter.pay(asPrimary(order), order);
      assert.deepEqual(await adapter.pay(asPrimary(order), order), first);
      const secondary = { ...asPrimary(order), role: "secondary" as const };
      assert.deepEqual(await adapter.pay(secondary, order), first);
      assert.equal(server.ledger.movements.length, moved + 1);
    });

    it("tells a payment that is missing, and none of a customer, from a wrong address", async () => {
      assert.equal(await adapter.payment(call(), newOrder()), undefined);
      assert.deepEqual(await adapter.paymentsOf(call(), "nobody"), []);
      const astray = adapterOf(`${server.url}/elsewhere`);
      await assert.rejects(astray.payment(call(), newOrder()), { name: "UnexpectedAnswer" });
      await assert.rejects(astray.paymentsOf(call(), "nobody"), { name: "UnexpectedAnswer" });
    });

    it("says which refusals are final", async () => {
      const order = newOrder();
      const pay = (change: Partial<Order>, key: string) =>
        adapter.pay(call(key), { ...order, ...change });
      const declined = { ...card, number: DECLINED_CARD };
      await assert.rejects(pay({ card: declined }, "final:1"), refused("card-declined"));
      await assert.rejects(pay({ card: undefined }, "final:1"), refused("invalid"));
      await pay({}, "final:1");
      await assert.rejects(pay({ amount: eur(1) }, "final:1"), refused("key-reused"));
      await assert.rejects(pay({}, "final:2"), refused("exists"));
      const refund = { ...order, refundId: "r", amount: eur(9_999) };
      await assert.rejects(adapter.refund(call("final:3"), refund), refused("refund-too-large"));
      const missing = { ...refund, paymentId: "nobody" };
      await assert.rejects(adapter.refund(call("final:4"), missing), refused("not-found"));
      const foreign = { ...refund, amount: { minorUnits: 1, currency: "USD" } as const };
      await assert.rejects(adapter.refund(call("final:5"), foreign), refused("invalid"));
    });

    for (const id of ["..", ".", "", "a/b", "a?b", "a%2Fb", "a b", "x".repeat(65), 7, undefined]) {
      it(`sends nothing for the id ${JSON.stringify(id)?.slice(0, 20)}`, async () => {
        const had = server.requestCount();
        const order = newOrder({ customerId: id as string });
        await assert.rejects(adapter.payment(call(), order), refused("invalid"));
        await assert.rejects(adapter.paymentsOf(call(), id as string), refused("invalid"));
        await assert.rejects(adapter.pay(call("k"), order), refused("invalid"));
        assert.equal(server.requestCount(), had);
      });
    }

    it("sends no write without a key, and no amount that is none", async () => {
      const had = server.requestCount();
      await assert.rejects(adapter.pay(call(), newOrder()), TypeError);
      const half = newOrder({ amount: { minorUnits: 0.5, currency: "EUR" } });
      await assert.rejects(adapter.pay(asPrimary(half), half), RangeError);
      await assert.rejects(adapter.refund(call("k"), { ...half, refundId: "r" }), RangeError);
      assert.equal(server.requestCount(), had);
    });

    it("leaves open what a write came to whose connection broke; trying it again is safe", async () => {
      const order = newOrder();
      const moved = server.ledger.movements.length;
      for (const fault of [
        { before: "reset" },
        { after: "reset" },
        { after: "error" },
      ] satisfies ServiceFault[]) {
        await withFault(fault, async () => {
          await assert.rejects(
            adapter.pay(asPrimary(order), order),
            (error) => !(error instanceof PaymentRefused),
          );
        });
      }
      await adapter.pay(asPrimary(order), order);
      assert.equal(server.ledger.movements.length, moved + 1);
    });

    it("gives up when nobody waits any more, and when the service is too slow", async () => {
      const gone = new AbortController();
      await withFault({ before: "hang", when: () => (gone.abort(), true) }, async () => {
        const asked = adapter.payment(call(undefined, { signal: gone.signal }), newOrder());
        await assert.rejects(asked, { name: "AbortError" });
      });
      await withFault({ before: "hang" }, async () => {
        const asked = adapterOf(server.url, 20).payment(call(), newOrder());
        await assert.rejects(asked, { name: "TimeoutError" });
      });
    });

    const order = newOrder({ customerId: "c-wrong" });
    const wrongs: Readonly<Record<string, (right: any) => unknown>> = {
      "no JSON object": () => "oops",
      null: () => null,
      "an empty one": () => ({}),
      "an amount of another kind": (right) => ({
        ...right,
        amount: 12.5,
        money: { ...right.money, value: "12.50" },
      }),
      "an amount that no number holds": (right) => ({
        ...right,
        amount: "90071992547409.92",
        money: { ...right.money, value: 2 ** 53 },
      }),
      "a currency of nobody's": (right) => ({
        ...right,
        currency: "XYZ",
        money: { ...right.money, currency: "XYZ" },
      }),
      "a state of nobody's": (right) => ({ ...right, status: "LOST", state: "lost" }),
      "a time that is none": (right) => ({ ...right, created: "today", createdAt: null }),
      "refunds that are none": (right) => ({ ...right, refunds: null }),
    };
    for (const [what, wrong] of Object.entries(wrongs)) {
      it(`does not take ${what} for an answer`, async () => {
        await adapter.pay(asPrimary(order), order);
        const answer = ({ status, body }: { status: number; body: any }) => {
          const all = body.payments ?? body.items;
          const items = all?.map(wrong);
          return { status, body: all === undefined ? wrong(body) : { payments: items, items } };
        };
        await withFault({ answer }, async () => {
          const unexpected = { name: "UnexpectedAnswer" };
          await assert.rejects(adapter.payment(call(), order), unexpected);
          await assert.rejects(adapter.paymentsOf(call(), "c-wrong"), unexpected);
          await assert.rejects(adapter.pay(asPrimary(order), order), unexpected);
        });
      });
    }

    it("takes ids that are as long as they may be", async () => {
      const long = (letter: string) => letter.repeat(64);
      const ids = { customerId: long(version === "v1" ? "a" : "b"), paymentId: long("p") };
      const key = Object.values(ids).join(":");
      const withKey = (idempotencyKey: string) => ({ ...call(), idempotencyKey });
      await adapter.pay(withKey(`pay:${key}`), newOrder(ids));
      const refund = { ...ids, refundId: long("r"), amount: eur(1) };
      const refunded = await adapter.refund(withKey(`refund:${key}:${long("r")}`), refund);
      assert.equal(refunded.refunds.length, 1);
    });

    it("reads no answer that has no end", async () => {
      const endless = createServer((_, outgoing) => {
        outgoing.writeHead(200);
        Readable.from(forever("x".repeat(65_536))).pipe(outgoing);
      });
      const port = await listen(endless);
      try {
        const asked = adapterOf(`http://127.0.0.1:${port}`, 60_000).payment(call(), newOrder());
        await assert.rejects(asked, { name: "UnexpectedAnswer" });
      } finally {
        await closeServer(endless);
      }
    });

    it("follows no redirect", async () => {
      const elsewhere = { status: 307, body: {} };
      await withFault({ answer: () => elsewhere }, async () => {
        await assert.rejects(adapter.pay(asPrimary(order), order));
      });
    });
  });
}
