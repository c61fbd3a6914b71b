import type { Money } from "./money.ts";

/**
 * A payment, by ids of ours: each service has a name of its own for it, and knows nothing of the
 * other's. 1 to 64 letters, digits, dashes and underscores each.
 */
export interface PaymentId {
  readonly customerId: string;
  readonly paymentId: string;
}

export interface Order extends PaymentId {
  readonly amount: Money;
  /** The card to charge. Whoever keeps the books of a payment that was charged elsewhere needs none. */
  readonly card?: Card;
}

export interface Card {
  readonly number: string;
  /** Such as "12/29". */
  readonly expiry: string;
  readonly securityCode: string;
}

export interface RefundOrder extends PaymentId {
  readonly refundId: string;
  /** In the payment's currency, and no more than is left of the payment. */
  readonly amount: Money;
}

export interface Payment extends PaymentId {
  readonly amount: Money;
  readonly status: "paid" | "partly-refunded" | "refunded";
  readonly refunds: readonly { readonly refundId: string; readonly amount: Money }[];
  /** The service's own name of the payment. */
  readonly receipt: string;
  /** When the service heard of the payment, as ISO 8601. */
  readonly createdAt: string;
}

/**
 * What takes payments. A write that comes again, with the same ids and the same amount, is answered as
 * it was the first time, and done once.
 */
export interface PaymentService {
  /** The payment, if there is one. */
  payment(id: PaymentId): Promise<Payment | undefined>;
  /** All payments of a customer, in no order. */
  paymentsOf(customerId: string): Promise<Payment[]>;
  /** @throws {PaymentRefused} */
  pay(order: Order): Promise<Payment>;
  /** @throws {PaymentRefused} */
  refund(refund: RefundOrder): Promise<Payment>;
}

export type RefusalCode =
  "invalid" | "card-declined" | "exists" | "key-reused" | "not-found" | "refund-too-large";

/** The service has said no, and has changed nothing. Any other error leaves that open. */
export class PaymentRefused extends Error {
  override readonly name = "PaymentRefused";
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string = code) {
    super(message);
    this.code = code;
  }
}

/**
 * An id, as both services take it. Any other, such as `..`, would lead elsewhere as a part of a URL.
 *
 * @throws {PaymentRefused} where it is none, whatever its type says: events come as JSON.
 */
export function checkedId(id: unknown): string {
  if (typeof id === "string" && /^[\w-]{1,64}$/.test(id)) return id;
  throw new PaymentRefused("invalid", "an id has 1 to 64 letters, digits, dashes and underscores");
}
