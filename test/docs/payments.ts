import type { PaymentsEvent } from "../../lambdas/payments/event.ts";
import { manualClock } from "../../lib/local/clock.ts";
import { openPayments } from "../support/payments-cloud.ts";
import { segue } from "../support/segue-command.ts";
import type { Transcript } from "./transcript.ts";

const MINUTE_MS = 60_000;

/** A payment that V2 has missed, and goes on missing, until a person puts its books right. */
export async function payments(transcript: Transcript): Promise<void> {
  const clock = manualClock(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
  const example = await openPayments({ clock });
  try {
    const { environment: env } = example.cloud;
    await example.deploy('{"mode":"shadow"}');
    await clock.advance(MINUTE_MS);
    example.v2.inject({ before: "error" });
    const order = {
      customerId: "customer-7",
      paymentId: "p-1",
      amount: { minorUnits: 1250, currency: "EUR" },
      card: { number: "4242424242424242", expiry: "12/29", securityCode: "987" },
    } as const;
    const event: PaymentsEvent = { action: "pay", order };
    await example.invoke(example.outputs["FunctionName"]!, event);
    await example.makeRepairsDue();
    await transcript.type("segue repair payments --run --yes", env);
    await transcript.type("segue repair payments", env);
    const { stdout } = await segue(["repair", "payments", "--json"], env);
    const [{ id }] = JSON.parse(stdout).repairs;
    const why = "paid in V2 by hand";
    await transcript.type(`segue repair payments --id '${id}' --dismiss '${why}' --yes`, env);
  } finally {
    await example.close();
  }
}
