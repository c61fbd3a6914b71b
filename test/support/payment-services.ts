import { openPaymentsV1 } from "../../lib/demo/payment-services/v1.ts";
import { openPaymentsV2 } from "../../lib/demo/payment-services/v2.ts";

/** Both payment services, on ports of their own. */
export async function openPaymentServices() {
  const v1 = await openPaymentsV1();
  const v2 = await openPaymentsV2();
  return {
    v1,
    v2,
    async close() {
      await v1.close();
      await v2.close();
    },
  };
}

export type PaymentServices = Awaited<ReturnType<typeof openPaymentServices>>;
