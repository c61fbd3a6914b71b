import {
  defineMigration,
  withCall,
  type Client,
  type CompareRules,
  type UnfinishedWrite,
} from "../../lib/index.ts";
import { variable } from "../variable.ts";
import { PaymentRefused, type PaymentId, type PaymentService } from "./payment-service.ts";
import { PaymentsV1 } from "./payments-v1.ts";
import { PaymentsV2 } from "./payments-v2.ts";
import { reconcilePayment } from "./reconcile.ts";

// All that concerns a customer goes by the customer: in a ramp, nobody has one payment in one mode and
// the next one in another, and two writes of one customer's are kept in their order.
const key = ({ customerId }: PaymentId) => customerId;

// What both services know a write by.
const payKey = ({ customerId, paymentId }: PaymentId) => `pay:${customerId}:${paymentId}`;

const refundKey = ({ customerId, paymentId, refundId }: PaymentId & { refundId: string }) =>
  `refund:${customerId}:${paymentId}:${refundId}`;

/**
 * What may differ: each service names its payments itself, and hears of them at its own time, which is
 * much later for one that was repaired.
 */
const ignore = ["$..receipt", "$..createdAt"];

const ofOnePayment: CompareRules = { ignore, unordered: [{ path: "$.refunds", by: "refundId" }] };

const ofPayments: CompareRules = {
  ignore,
  unordered: [
    { path: "$", by: "paymentId" },
    { path: "$[*].refunds", by: "refundId" },
  ],
};

const dualWrite = {
  kind: "write",
  dual: true,
  key,
  compare: ofOnePayment,
  // Money: whatever isn't a clear no may have been done.
  isAmbiguous: (error: unknown) => !(error instanceof PaymentRefused),
  reconcile,
} as const;

/**
 * Payments go to V1 of the payments team's service today, and are to go to V2.
 *
 * The primary charges, and both get one key. That alone doesn't keep a card from being charged by both: V2
 * charges, its answer is lost, the mode goes back, and the caller's next try goes to V1, which knows nothing
 * of it. So both services must hand the key on to whoever moves the money in the end, as these do; where
 * they don't, no mode may change while `RepairsPending` is above 0.
 */
export const payments = defineMigration<PaymentService>({
  name: "payments",
  v1: withCall(() => new PaymentsV1(variable("PAYMENTS_V1_URL"))),
  v2: withCall(() => new PaymentsV2(variable("PAYMENTS_V2_URL"))),
  operations: {
    payment: { kind: "read", key, compare: ofOnePayment },
    paymentsOf: { kind: "read", key: (customerId) => customerId, compare: ofPayments },
    pay: {
      ...dualWrite,
      idempotencyKey: payKey,
      // The card's number, and whatever else of the card there will be.
      redact: ["$[*].card"],
    },
    refund: {
      ...dualWrite,
      idempotencyKey: refundKey,
    },
  },
});

/** An order is never kept whole, for its card, so a write's payment is read off its key. */
async function reconcile(
  primary: Client<PaymentService>,
  secondary: Client<PaymentService>,
  { idempotencyKey = "", crossing }: UnfinishedWrite,
): Promise<void> {
  const [, customerId, paymentId] = idempotencyKey.split(":");
  if (customerId === undefined || paymentId === undefined) {
    throw new TypeError(`not the key of a payment: ${idempotencyKey}`);
  }
  const id = { customerId, paymentId };
  await reconcilePayment(primary, secondary, id, (refundId) =>
    crossing.includes(refundId === undefined ? payKey(id) : refundKey({ ...id, refundId })),
  );
}
