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

  /** Whether one more record with this signature may be stored now. */
  admits(signature: string): boolean {
    const minute = Math.floor(Date.now() / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#stored = new Map();
    }
    const slot =
      this.#stored.has(signature) || this.#stored.size < MAX_SIGNATURES ? signature : "all others";
    const stored = this.#stored.get(slot) ?? 0;
    if (stored >= MAX_RECORDS_A_MINUTE) return false;
    this.#stored.set(slot, stored + 1);
    return true;
  }
}
