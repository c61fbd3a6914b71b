import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import type { ServiceFault } from "../../../lib/demo/payment-services/http-service.ts";
import { DECLINED_CARD } from "../../../lib/demo/payment-services/acquirer.ts";
import type { PaymentServer } from "../../../lib/demo/payment-services/payment-server.ts";
import { openPaymentsV1 } from "../../../lib/demo/payment-services/v1.ts";
import { openPaymentsV2 } from "../../../lib/demo/payment-services/v2.ts";

const CARD = "4242424242424242";

interface PaySpec {
  readonly customer: string;
  readonly id: string;
  readonly key: string;
  /** Minor units of EUR, two digits at the least. */
  readonly cents?: string;
  readonly currency?: string;
  readonly card?: string;
  readonly recordOnly?: boolean;
}

/** One service's words for what both can do. */
interface Words {
  readonly open: () => Promise<PaymentServer>;
  readonly paymentsOf: (customer: string) => string;
  readonly keyHeader: string;
  pay(spec: PaySpec): object;
  refund(spec: { id: string; cents: string; currency?: string; recordOnly?: boolean }): object;
  readonly code: (body: any) => string;
  readonly ids: (body: any) => string[];
  readonly codes: Readonly<
    Record<"invalid" | "declined" | "exists" | "reused" | "missing" | "tooMuch", [number, string]>
  >;
  readonly bad: Readonly<Record<string, object>>;
}

const decimal = (cents: string) => `${cents.slice(0, -2)}.${cents.slice(-2)}`;

const v1: Words = {
  open: openPaymentsV1,
  paymentsOf: (customer) => `/customers/${customer}/payments`,
  keyHeader: "Idempotency-Key",
  pay: ({ id, cents = "1250", currency = "EUR", card = CARD, recordOnly }) => ({
    payment_id: id,
    amount: decimal(cents),
    currency,
    ...(recordOnly ? { record_only: true } : { card: { number: card } }),
  }),
  refund: ({ id, cents, currency = "EUR", recordOnly }) => ({
    refund_id: id,
    amount: decimal(cents),
    currency,
    record_only: recordOnly,
  }),
  code: (body) => body.error,
  ids: (body) => body.payments.map(({ payment_id }: any) => payment_id),
  codes: {
    invalid: [422, "invalid"],
    declined: [402, "card_declined"],
    exists: [409, "already_exists"],
    reused: [409, "idempotency_conflict"],
    missing: [404, "payment_not_found"],
    tooMuch: [422, "refund_too_large"],
  },
  bad: {
    "an amount that is a number": { amount: 12.5 },
    "an amount with one digit behind the point": { amount: "12.5" },
    "an amount with three": { amount: "12.500" },
    "an amount of nothing": { amount: "0.00" },
    "a negative amount": { amount: "-12.50" },
    "an amount in words": { amount: "1e3" },
    "a currency of nobody's": { currency: "XYZ" },
    "an id that leads elsewhere": { payment_id: ".." },
    "an id that is no text": { payment_id: 7 },
    "a card that is a text": { card: "4242" },
    "no card": { card: undefined },
    "a flag that is a text": { record_only: "yes" },
  },
};

const v2: Words = {
  open: openPaymentsV2,
  paymentsOf: (customer) => `/v2/payers/${customer}/charges`,
  keyHeader: "X-Operation-Id",
  pay: ({ id, cents = "1250", currency = "EUR", card = CARD, recordOnly }) => ({
    reference: id,
    money: { value: Number(cents), currency },
    ...(recordOnly ? { execution: "EXTERNAL" } : { execution: "DIRECT", card: { pan: card } }),
  }),
  refund: ({ id, cents, currency = "EUR", recordOnly }) => ({
    reference: id,
    money: { value: Number(cents), currency },
    execution: recordOnly ? "EXTERNAL" : "DIRECT",
  }),
  code: (body) => body.code,
  ids: (body) => body.items.map(({ reference }: any) => reference),
  codes: {
    invalid: [422, "INVALID"],
    declined: [402, "CARD_DECLINED"],
    exists: [409, "REFERENCE_EXISTS"],
    reused: [422, "OPERATION_MISMATCH"],
    missing: [404, "CHARGE_NOT_FOUND"],
    tooMuch: [422, "REFUND_TOO_LARGE"],
  },
  bad: {
    "a decimal text": { money: { value: "12.50", currency: "EUR" } },
    "a fraction": { money: { value: 12.5, currency: "EUR" } },
    "an amount of nothing": { money: { value: 0, currency: "EUR" } },
    "a negative amount": { money: { value: -1, currency: "EUR" } },
    "an amount that no number holds": { money: { value: 2 ** 53, currency: "EUR" } },
    "no currency": { money: { value: 1250 } },
    "no money": { money: null },
    "an id that leads elsewhere": { reference: ".." },
    "no card": { card: undefined },
    "a list for a card": { card: [] },
    "an execution of nobody's": { execution: "direct" },
  },
};

for (const [name, words] of Object.entries({ v1, v2 })) {
  describe(`the payment service ${name}`, () => {
    let server: PaymentServer;
    before(async () => (server = await words.open()));
    after(() => server?.close());

    const get = (path: string) => ask(path);
    const post = (path: string, body: unknown, key?: string) =>
      ask(path, {
        method: "POST",
        headers: key === undefined ? {} : { [words.keyHeader]: key },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
    const pay = (spec: PaySpec) => post(words.paymentsOf(spec.customer), words.pay(spec), spec.key);

    async function ask(path: string, init?: RequestInit) {
      const response = await fetch(`${server.url}${path}`, {
        ...init,
        signal: AbortSignal.timeout(5_000),
      });
      const body: any = await response.json();
      return { status: response.status, body, is: [response.status, words.code(body)] };
    }

    async function withFault(fault: ServiceFault, look: () => Promise<void>) {
      const mend = server.inject(fault);
      try {
        await look();
      } finally {
        mend();
      }
    }

    const movementsOf = (id: string) =>
      server.ledger.movements
        .filter(({ paymentId }) => paymentId === id)
        .map(({ minorUnits }) => minorUnits);

    it("takes a payment, and tells of it", async () => {
      const paid = await pay({ customer: "c-1", id: "p-1", key: "k-1" });
      assert.equal(paid.status, 201);
      assert.deepEqual((await get(`${words.paymentsOf("c-1")}/p-1`)).body, paid.body);
      assert.deepEqual(words.ids((await get(words.paymentsOf("c-1"))).body), ["p-1"]);
      assert.deepEqual(words.ids((await get(words.paymentsOf("c-2"))).body), []);
      assert.deepEqual(movementsOf("p-1"), [1250n]);
    });

    it("answers a key that comes again as it did, and charges once", async () => {
      const spec = { customer: "c-1", id: "p-again", key: "k-again" };
      const answers = await Promise.all([pay(spec), pay(spec), pay(spec)]);
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
      assert.deepEqual(answers[1].body, answers[0].body);
      assert.deepEqual(movementsOf("p-again"), [1250n]);
    });

    it("refuses a key that comes with another body, and a second payment with one id", async () => {
      const spec = { customer: "c-1", id: "p-twice", key: "k-twice" };
      await pay(spec);
      assert.deepEqual((await pay({ ...spec, cents: "9900" })).is, words.codes.reused);
      assert.deepEqual((await pay({ ...spec, key: "k-other" })).is, words.codes.exists);
      assert.deepEqual(movementsOf("p-twice"), [1250n]);
    });

    it("keeps the books of what was moved elsewhere, and never moves it again", async () => {
      const spec = { customer: "c-1", id: "p-books", key: "k-books" };
      const recorded = await pay({ ...spec, recordOnly: true });
      assert.equal(recorded.status, 201);
      assert.deepEqual((await pay(spec)).body, recorded.body);
      assert.deepEqual(movementsOf("p-books"), []);
    });

    it("gives money back once, and no more than there is", async () => {
      await pay({ customer: "c-1", id: "p-back", key: "k-back" });
      const path = `${words.paymentsOf("c-1")}/p-back/refunds`;
      const first = words.refund({ id: "r-1", cents: "250" });
      const [refunded, again] = [
        await post(path, first, "k-r-1"),
        await post(path, first, "k-r-1"),
      ];
      assert.equal(refunded.status, 201);
      assert.deepEqual(again.body, refunded.body);
      const is = async (body: object, key: string) => (await post(path, body, key)).is;
      assert.deepEqual(
        await is(words.refund({ id: "r-1", cents: "251" }), "k-r-1"),
        words.codes.reused,
      );
      assert.deepEqual(await is(first, "k-r-1-again"), words.codes.exists);
      assert.deepEqual(
        await is(words.refund({ id: "r-2", cents: "1001" }), "k-r-2"),
        words.codes.tooMuch,
      );
      assert.deepEqual(
        await is(words.refund({ id: "r-3", cents: "100", currency: "USD" }), "k-r-3"),
        words.codes.invalid,
      );
      const rest = await post(path, words.refund({ id: "r-4", cents: "1000" }), "k-r-4");
      assert.equal(rest.status, 201);
      assert.deepEqual(movementsOf("p-back"), [1250n, -250n, -1000n]);
    });

    it("refuses a card without money, and takes another one under the same key", async () => {
      const spec = { customer: "c-1", id: "p-declined", key: "k-declined" };
      assert.deepEqual((await pay({ ...spec, card: DECLINED_CARD })).is, words.codes.declined);
      assert.equal((await pay(spec)).status, 201);
    });

    it("knows a payment that is missing from a path that leads nowhere", async () => {
      assert.deepEqual((await get(`${words.paymentsOf("c-1")}/nobody`)).is, words.codes.missing);
      assert.deepEqual(
        (
          await post(
            `${words.paymentsOf("c-1")}/nobody/refunds`,
            words.refund({ id: "r", cents: "100" }),
            "k-nobody",
          )
        ).is,
        words.codes.missing,
      );
      const nowhere = await get("/nowhere");
      assert.equal(nowhere.status, 404);
      assert.notDeepEqual(nowhere.is, words.codes.missing);
    });

    for (const [what, wrong] of Object.entries(words.bad)) {
      it(`refuses ${what}`, async () => {
        const body = { ...words.pay({ customer: "c-1", id: "p-bad", key: "" }), ...wrong };
        assert.deepEqual(
          (await post(words.paymentsOf("c-1"), body, "k-bad")).is,
          words.codes.invalid,
        );
      });
    }

    it("refuses what is no JSON, too long, no object, and without a key", async () => {
      const path = words.paymentsOf("c-1");
      assert.equal((await post(path, "{", "k")).status, 400);
      assert.equal((await post(path, `"${"x".repeat(70_000)}"`, "k")).status, 413);
      assert.deepEqual((await post(path, "[]", "k")).is, words.codes.invalid);
      const body = words.pay({ customer: "c-1", id: "p-no-key", key: "" });
      assert.deepEqual((await post(path, body)).is, words.codes.invalid);
      assert.deepEqual((await post(path, body, "a key with blanks")).is, words.codes.invalid);
      assert.deepEqual(movementsOf("p-no-key"), []);
    });

    it("outlives a client that leaves in the middle, and one that speaks no HTTP", async () => {
      const { port } = new URL(server.url);
      for (const bytes of [
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{",
        "\0\0\0\r\n\r\n",
      ]) {
        const socket = connect(Number(port), "127.0.0.1");
        await once(socket, "connect");
        socket.write(bytes);
        socket.destroy();
        await once(socket, "close");
      }
      assert.equal((await get(words.paymentsOf("c-1"))).status, 200);
    });

    it("fails before it has done anything, and after, as a fault says", async () => {
      const spec = { customer: "c-1", id: "p-fault", key: "k-fault" };
      await withFault({ before: "error", times: 1 }, async () => {
        assert.equal((await pay(spec)).status, 500);
        assert.deepEqual(movementsOf("p-fault"), []);
        assert.equal((await get(words.paymentsOf("c-1"))).status, 200, "once is once");
      });
      await withFault({ after: "error" }, async () => {
        assert.equal((await pay(spec)).status, 500);
        assert.deepEqual(movementsOf("p-fault"), [1250n]);
      });
      assert.equal((await pay(spec)).status, 201);
      assert.deepEqual(movementsOf("p-fault"), [1250n]);
    });

    it("breaks the connection when all is done, as a fault says", async () => {
      const spec = { customer: "c-1", id: "p-reset", key: "k-reset" };
      await withFault({ after: "reset", when: ({ method }) => method === "POST" }, async () => {
        await assert.rejects(pay(spec), TypeError);
        assert.equal((await get(words.paymentsOf("c-1"))).status, 200, "only what is meant");
      });
      assert.deepEqual(movementsOf("p-reset"), [1250n]);
    });

    it("is slow, hangs, and answers wrongly, as a fault says", async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      const slow = async () => {
        reached.resolve();
        await promise;
      };
      await withFault({ before: slow }, async () => {
        const answer = pay({ customer: "c-1", id: "p-slow", key: "k-slow" });
        await reached.promise;
        assert.deepEqual(movementsOf("p-slow"), []);
        resolve();
        assert.equal((await answer).status, 201);
      });
      const wrong = { status: 200, body: { any: "thing" } };
      await withFault({ answer: () => wrong }, async () => {
        assert.deepEqual((await get(words.paymentsOf("c-1"))).body, wrong.body);
      });
      const gone = new AbortController();
      await withFault({ before: "hang", when: () => (gone.abort(), true) }, async () => {
        const hung = fetch(`${server.url}${words.paymentsOf("c-1")}`, { signal: gone.signal });
        await assert.rejects(hung, { name: "AbortError" });
      });
    });
  });
}

it("closes with a request that hangs", async () => {
  const server = await openPaymentsV1();
  const reached = Promise.withResolvers<void>();
  server.inject({ before: "hang", when: () => (reached.resolve(), true) });
  const hung = assert.rejects(fetch(`${server.url}/customers/c/payments`), TypeError);
  await reached.promise;
  await server.close();
  await hung;
});
