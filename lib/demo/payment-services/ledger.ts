import { DECLINED_CARD, type Acquirer, type CardMovement } from "./acquirer.ts";

/** Money as a service's books have it. */
export interface Amount {
  /** Of the currency's smallest unit, such as cents. */
  readonly minorUnits: bigint;
  readonly currency: string;
}

export interface LedgerRefund {
  readonly refundId: string;
  readonly minorUnits: bigint;
}

export interface LedgerPayment {
  readonly customerId: string;
  readonly paymentId: string;
  readonly amount: Amount;
  /** The oldest first. */
  readonly refunds: readonly LedgerRefund[];
  /** What this ledger calls the payment; another one calls it otherwise. */
  readonly receipt: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export interface PaymentIds {
  readonly customerId: string;
  readonly paymentId: string;
}

/** What every write says. */
interface WriteRequest extends PaymentIds {
  /** A write that comes again under its key is answered as the first one was, and done once. */
  readonly key: string;
  /** Whether money moves, or the books alone are kept of what another service has moved. */
  readonly moveMoney: boolean;
}

export interface PayRequest extends WriteRequest {
  readonly amount: Amount;
  /** The number of the card to charge. */
  readonly cardNumber: string | undefined;
}

export interface RefundRequest extends WriteRequest {
  readonly refundId: string;
  readonly amount: Amount;
}

export type RefusalReason =
  | "card-missing"
  | "card-declined"
  | "currency"
  | "exists"
  | "key-reused"
  | "not-found"
  | "too-much";

/** What the ledger won't do, and hasn't begun to do. */
export class LedgerRefusal extends Error {
  override readonly name = "LedgerRefusal";
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason) {
    super(reason);
    this.reason = reason;
  }
}

/** A payment service's books, in memory. Each write is done whole or not at all. */
export class Ledger {
  readonly #payments = new Map<string, LedgerPayment>();
  readonly #answers = new Map<string, { readonly body: string; readonly payment: LedgerPayment }>();
  readonly #acquirer: Acquirer;
  readonly #receipt: (count: number) => string;
  /** What this service has moved itself. */
  readonly movements: CardMovement[] = [];

  /** @param receipt makes the name of the ledger's n-th payment. */
  constructor(acquirer: Acquirer, receipt: (count: number) => string) {
    this.#acquirer = acquirer;
    this.#receipt = receipt;
  }

  /** @throws {LedgerRefusal} */
  pay(request: PayRequest): LedgerPayment {
    const { customerId, paymentId, amount, cardNumber, moveMoney } = request;
    // Neither the card nor who moves the money is part of what a key stands for: a write that was
    // kept in the books is not to be done again by a caller who tries it again.
    const body = ["pay", customerId, paymentId, amount.minorUnits, amount.currency].join();
    return this.#once(request.key, body, () => {
      const id = idOf(request);
      if (this.#payments.has(id)) throw new LedgerRefusal("exists");
      if (moveMoney) {
        if (cardNumber === undefined) throw new LedgerRefusal("card-missing");
        if (cardNumber === DECLINED_CARD) throw new LedgerRefusal("card-declined");
        this.#move(request.key, { customerId, paymentId, ...amount });
      }
      const receipt = this.#receipt(this.#payments.size + 1);
      const payment = {
        customerId,
        paymentId,
        amount,
        refunds: [],
        receipt,
        createdAt: Date.now(),
      };
      this.#payments.set(id, payment);
      return payment;
    });
  }

  /** @throws {LedgerRefusal} */
  refund(request: RefundRequest): LedgerPayment {
    const { customerId, paymentId, refundId, moveMoney } = request;
    const { minorUnits, currency } = request.amount;
    const body = ["refund", customerId, paymentId, refundId, minorUnits, currency].join();
    return this.#once(request.key, body, () => {
      const payment = this.existing(request);
      if (currency !== payment.amount.currency) throw new LedgerRefusal("currency");
      if (payment.refunds.some((known) => known.refundId === refundId)) {
        throw new LedgerRefusal("exists");
      }
      if (minorUnits > openMinorUnits(payment)) throw new LedgerRefusal("too-much");
      if (moveMoney) {
        this.#move(request.key, {
          customerId,
          paymentId,
          refundId,
          minorUnits: -minorUnits,
          currency,
        });
      }
      const refunded = { ...payment, refunds: [...payment.refunds, { refundId, minorUnits }] };
      this.#payments.set(idOf(request), refunded);
      return refunded;
    });
  }

  /** @throws {LedgerRefusal} where there is no such payment. */
  existing(ids: PaymentIds): LedgerPayment {
    const payment = this.#payments.get(idOf(ids));
    if (payment === undefined) throw new LedgerRefusal("not-found");
    return payment;
  }

  /** A customer's payments, the oldest first. */
  paymentsOf(customerId: string): LedgerPayment[] {
    return [...this.#payments.values()].filter((payment) => payment.customerId === customerId);
  }

  #move(key: string, movement: CardMovement): void {
    const moved = this.#acquirer.move(key, movement);
    if (moved === "another") throw new LedgerRefusal("key-reused");
    if (moved === "moved") this.movements.push(movement);
  }

  #once(key: string, body: string, write: () => LedgerPayment): LedgerPayment {
    const known = this.#answers.get(key);
    if (known === undefined) {
      const payment = write();
      this.#answers.set(key, { body, payment });
      return payment;
    }
    if (known.body !== body) throw new LedgerRefusal("key-reused");
    return known.payment;
  }
}

/** What of a payment has not been given back. */
export function openMinorUnits({ amount, refunds }: LedgerPayment): bigint {
  return refunds.reduce((open, { minorUnits }) => open - minorUnits, amount.minorUnits);
}

function idOf({ customerId, paymentId }: PaymentIds): string {
  return JSON.stringify([customerId, paymentId]);
}
