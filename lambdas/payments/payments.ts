import { defineMigration, withCall, type CompareRules } from "../../lib/index.ts";
import { variable } from "../variable.ts";
import type { PaymentId, PaymentService } from "./payment-service.ts";
import { PaymentsV1 } from "./payments-v1.ts";
import { PaymentsV2 } from "./payments-v2.ts";

// All that concerns a customer goes by the customer: in a ramp, nobody has one payment here and the
// next one there.
const key = ({ customerId }: PaymentId) => customerId;

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

/** Payments go to V1 of the payments team's service today, and are to go to V2. */
export const payments = defineMigration<PaymentService>({
  name: "payments",
  v1: withCall(() => new PaymentsV1(variable("PAYMENTS_V1_URL"))),
  v2: withCall(() => new PaymentsV2(variable("PAYMENTS_V2_URL"))),
  operations: {
    payment: { kind: "read", key, compare: ofOnePayment },
    paymentsOf: { kind: "read", key: (customerId) => customerId, compare: ofPayments },
    pay: { kind: "write", key },
    refund: { kind: "write", key },
  },
});
