/** Money that was asked of a card, or given back to it: what must never happen twice. */
export interface CardMovement {
  readonly customerId: string;
  readonly paymentId: string;
  readonly refundId?: string;
  /** Below 0 for what is given back. */
  readonly minorUnits: bigint;
  readonly currency: string;
}

/** The number of a card that has no money. */
export const DECLINED_CARD = "4000000000000002";

/**
 * Whoever moves the money in the end. Both services hand on the key that a write came with, so a write
 * that was done through one of them is not done again through the other.
 */
export class Acquirer {
  readonly #byKey = new Map<string, string>();

  /** Moves money, or has moved it under this key before. */
  move(key: string, movement: CardMovement): "moved" | "known" | "another" {
    const { customerId, paymentId, refundId, minorUnits, currency } = movement;
    const body = [customerId, paymentId, refundId, minorUnits, currency].join();
    const known = this.#byKey.get(key);
    if (known !== undefined) return known === body ? "known" : "another";
    this.#byKey.set(key, body);
    return "moved";
  }
}
