/** Disagreements of one signature that an environment stores in a minute. */
export const MAX_RECORDS_A_MINUTE = 10;

// Signatures may be as many as there are keys in the answers, so the count of them is bounded too.
const MAX_SIGNATURES = 1_000;
const MINUTE_MS = 60_000;

/**
 * Bounds how many records with the same signature are stored in a minute, so that a dead V2 under heavy
 * traffic doesn't fill the table with the same finding.
 */
export class RecordCap {
  #minute = -1;
  #stored = new Map<string, number>();
  readonly #leftOut = new Map<string, number>();

  /**
   * Whether one more record with this signature may be stored now.
   *
   * @param weight how many calls it stands for.
   */
  admits(signature: string, weight: number): boolean {
    const minute = Math.floor(Date.now() / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#stored = new Map();
    }
    const slot =
      this.#stored.has(signature) || this.#stored.size < MAX_SIGNATURES ? signature : "all others";
    const stored = this.#stored.get(slot) ?? 0;
    if (stored >= MAX_RECORDS_A_MINUTE) {
      const leftOut = this.#leftOut.get(signature);
      if (leftOut !== undefined || this.#leftOut.size < MAX_SIGNATURES) {
        this.#leftOut.set(signature, (leftOut ?? 0) + weight);
      }
      return false;
    }
    this.#stored.set(slot, stored + 1);
    return true;
  }

  /**
   * The weight of what was not admitted since this was last asked. The next record that is stored
   * carries it, so that a finding that is capped all day doesn't look rarer than one that never is.
   */
  takeLeftOut(signature: string): number {
    const leftOut = this.#leftOut.get(signature) ?? 0;
    this.#leftOut.delete(signature);
    return leftOut;
  }
}
