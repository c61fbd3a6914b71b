import type { Client } from "../../lib/index.ts";
import type { Money } from "./money.ts";
import type { PaymentId, PaymentService } from "./payment-service.ts";

/** The two services contradict each other about a payment, and only a person can find out who is right. */
export class BooksDisagree extends Error {
  override readonly name = "BooksDisagree";

  constructor({ customerId, paymentId }: PaymentId) {
    super(`payment ${paymentId} of ${customerId}: the secondary has what the primary has not`);
  }
}

/**
 * Enters into the secondary's books what the primary has of one payment, its refunds included. The
 * secondary moves no money for it. It may be run at any time and as often as one likes: while the
 * payment is being refunded, and for a payment that neither service has.
 *
 * @param isCrossing whether the payment, or a refund of it, is to be entered the other way round after
 *   this: then the primary may lack it. By default none is.
 * @throws {BooksDisagree} where the secondary has what the primary hasn't, or has it otherwise.
 */
export async function reconcilePayment(
  primary: Client<PaymentService>,
  secondary: Client<PaymentService>,
  { customerId, paymentId }: PaymentId,
  isCrossing: (refundId?: string) => boolean = () => false,
): Promise<void> {
  const id = { customerId, paymentId };
  // The secondary first. It is the last to hear of a write, so whatever it has by now, the primary has.
  const copy = await secondary.payment(id);
  const truth = await primary.payment(id);
  if (truth === undefined) {
    if (copy === undefined || isCrossing()) return;
    throw new BooksDisagree(id);
  }
  if (copy !== undefined && !sameMoney(truth.amount, copy.amount)) throw new BooksDisagree(id);
  if (copy === undefined) await secondary.pay({ ...id, amount: truth.amount });
  const entered = copy?.refunds ?? [];
  for (const { refundId, amount } of truth.refunds) {
    const known = entered.some((refund) => refund.refundId === refundId);
    if (!known) await secondary.refund({ ...id, refundId, amount });
  }
  // At the end, so that what there is to enter is entered all the same.
  const refunded = new Map(truth.refunds.map(({ refundId, amount }) => [refundId, amount]));
  for (const { refundId, amount } of entered) {
    const isExpected = !refunded.has(refundId) && isCrossing(refundId);
    if (!isExpected && !sameMoney(refunded.get(refundId), amount)) throw new BooksDisagree(id);
  }
}

function sameMoney(one: Money | undefined, other: Money): boolean {
  return one?.minorUnits === other.minorUnits && one.currency === other.currency;
}
