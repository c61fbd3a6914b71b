import { Acquirer } from "../../lib/demo/payment-services/acquirer.ts";
import { openPaymentsV1 } from "../../lib/demo/payment-services/v1.ts";
import { openPaymentsV2 } from "../../lib/demo/payment-services/v2.ts";

/** Both payment services, on ports of their own, with one acquirer. */
export async function openPaymentServices() {
  const acquirer = new Acquirer();
  const [v1, v2] = await Promise.all([openPaymentsV1(acquirer), openPaymentsV2(acquirer)]);
  return {
    v1,
    v2,
    async close() {
      await Promise.all([v1.close(), v2.close()]);
    },
  };
}

export type PaymentServices = Awaited<ReturnType<typeof openPaymentServices>>;
