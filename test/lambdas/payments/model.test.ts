import assert from "node:assert/strict";
import { after, before, it, mock } from "node:test";
import {
  assert as checkThat,
  asyncProperty,
  array,
  constantFrom,
  option,
  record,
} from "../../support/property.ts";
import { payments } from "../../../lambdas/payments/payments.ts";
import type { ServiceFault } from "../../../lib/demo/payment-services/http-service.ts";
import { repairHandler } from "../../../lib/index.ts";
import { fixedMode, memoryMetrics, memoryRecords } from "../../../lib/testing.ts";
import { lambdaContext, wrapped } from "../../support/invoke.ts";
import { openPaymentServices, type PaymentServices } from "../../support/payment-services.ts";

const card = { number: "4242424242424242", expiry: "12/29", securityCode: "987" };
const eur = (minorUnits: number) => ({ minorUnits, currency: "EUR" }) as const;

/** Beyond any invocation's end. */
const LATER_MS = 3_600_000;

/** Passes after which all that can be repaired is: one repair may have to wait for another. */
const PASSES = 4;

let services: PaymentServices;
before(async () => {
  services = await openPaymentServices();
  process.env["PAYMENTS_V1_URL"] = services.v1.url;
  process.env["PAYMENTS_V2_URL"] = services.v2.url;
});
after(() => services?.close());

const faults = constantFrom<ServiceFault[]>(
  { before: "error" },
  { before: "reset" },
  { after: "error" },
  { after: "reset" },
);

/** One caller's try, in a mode that may be another one each time, on a good day or a bad one. */
const tries = record({
  mode: constantFrom("shadow", "reverse-shadow"),
  write: constantFrom("pay", "refund r-1", "refund r-2"),
  paymentId: constantFrom("p-1", "p-2"),
  faultOfV1: option(faults, { freq: 3 }),
  faultOfV2: option(faults, { freq: 3 }),
});

let customers = 0;

it("moves no money twice, and ends with books that agree, whatever happened", async () => {
  await checkThat(
    asyncProperty(array(tries, { minLength: 1, maxLength: 12 }), async (steps) => {
      const customerId = `model-${++customers}`;
      const records = memoryRecords();
      for (const { mode, write, paymentId, faultOfV1, faultOfV2 } of steps) {
        const mends = [
          faultOfV1 && services.v1.inject(faultOfV1),
          faultOfV2 && services.v2.inject(faultOfV2),
        ];
        const ids = { customerId, paymentId };
        const { invoke } = wrapped(
          payments,
          mode,
          (_event, context) => {
            const client = payments.client(context);
            return write === "pay"
              ? client.pay({ ...ids, amount: eur(1250), card })
              : client.refund({ ...ids, refundId: write.split(" ")[1]!, amount: eur(250) });
          },
          { records },
        );
        // Whether this one came through is the caller's business; some will try again.
        await invoke().catch(() => {});
        for (const mend of mends) mend?.();
      }

      const mode = steps.at(-1)!.mode;
      mock.timers.enable({ apis: ["Date"], now: Date.now() + LATER_MS });
      const metrics = memoryMetrics();
      const pass = repairHandler(payments, {
        modeSource: fixedMode(mode),
        records,
        metrics,
        // It tells of repairs that wait for others, again and again.
        logger: { warn: () => {}, error: () => {} },
      });
      for (let one = 0; one < PASSES; one++) await pass({}, lambdaContext());
      mock.timers.reset();

      assert.deepEqual(records.repairs.stored, []);
      const [v1, v2] = [services.v1.ledger, services.v2.ledger];
      const books = [v1, v2].map((ledger) =>
        ledger
          .paymentsOf(customerId)
          .map(({ paymentId, amount, refunds }) => ({
            paymentId,
            amount,
            refunds: refunds.toSorted((a, b) => a.refundId.localeCompare(b.refundId)),
          }))
          .toSorted((a, b) => a.paymentId.localeCompare(b.paymentId)),
      );
      assert.deepEqual(books[0], books[1]);
      const entries = books[0]!.flatMap(({ paymentId, amount, refunds }) => [
        `${paymentId} ${amount.minorUnits}`,
        ...refunds.map(({ refundId, minorUnits }) => `${paymentId} ${refundId} -${minorUnits}`),
      ]);
      const movements = [...v1.movements, ...v2.movements]
        .filter((movement) => movement.customerId === customerId)
        .map(({ paymentId, refundId, minorUnits }) =>
          [paymentId, refundId, minorUnits].filter((part) => part !== undefined).join(" "),
        );
      assert.deepEqual(movements.toSorted(), entries.toSorted(), "the books are of what was moved");
    }),
    { numRuns: 60 },
  );
});
