/** Slots for each index, so that a free one is near. */
const SLOTS_PER_INDEX = 2;
/** In place of a head: nothing was ever here. */
const EMPTY = 0;
/** In place of a head: all that was here is taken. */
const TAKEN = -1;

/**
 * Indexes by their 32-bit hashes, to be taken out in a given order: what a Map of lists would be,
 * in two arrays of integers, so that a million of them are quick to go through.
 */
export class IndexByHash {
  /** Pairs of a hash and the first index that has it, plus one; found by linear probing. */
  readonly #slots: Int32Array;
  readonly #mask: number;
  /** For each index the next one of the same hash, plus one; made when two have the same. */
  #next: Int32Array | undefined;

  /**
   * @param hashes - of the indexes from 0
   * @param order - in which those of one hash are found; @default ascending
   */
  constructor(hashes: Int32Array, order?: Uint32Array) {
    const { length } = hashes;
    const size = 2 ** Math.ceil(Math.log2(length * SLOTS_PER_INDEX + 1));
    this.#mask = size - 1;
    this.#slots = new Int32Array(2 * size);
    // From the end, so that the first stands at the head.
    for (let at = length - 1; at >= 0; at--) {
      const index = order === undefined ? at : (order[at] as number);
      this.#addFirst(hashes[index] as number, index, length);
    }
  }

  /** Takes out the first index of this hash that fits, and returns it; -1 when there is none. */
  take(hash: number, wanted: number, fits: (wanted: number, index: number) => boolean): number {
    const slots = this.#slots;
    const at = this.#find(hash);
    let before = -1;
    for (let link = slots[at + 1] as number; link > 0;) {
      const index = link - 1;
      const after = this.#next === undefined ? EMPTY : (this.#next[index] as number);
      if (fits(wanted, index)) {
        if (before === -1) slots[at + 1] = after === EMPTY ? TAKEN : after;
        else (this.#next as Int32Array)[before] = after;
        return index;
      }
      before = index;
      link = after;
    }
    return -1;
  }

  /**
   * Touches what hashes lead to. Partners lie anywhere in memory, and to wait for one after the
   * other is what large arrays cost most; those that are asked for together arrive together.
   *
   * @param elements - that the indexes stand for, counted from `start`
   */
  fetch(hashes: Int32Array, elements: readonly unknown[], start: number): number {
    let objects = 0;
    for (let i = 0; i < hashes.length; i++) {
      const link = this.#slots[this.#find(hashes[i] as number) + 1] as number;
      if (link > 0 && typeof elements[start + link - 1] === "object") objects++;
    }
    // Nobody needs to know, but work without a result could be left out.
    return objects;
  }

  /** The indexes that were not taken, ascending. */
  rest(): number[] {
    const rest: number[] = [];
    for (let at = 1; at < this.#slots.length; at += 2)
      for (let link = this.#slots[at] as number; link > 0;) {
        rest.push(link - 1);
        link = this.#next === undefined ? EMPTY : (this.#next[link - 1] as number);
      }
    return rest.toSorted((a, b) => a - b);
  }

  #addFirst(hash: number, index: number, length: number): void {
    const slots = this.#slots;
    const at = this.#find(hash);
    const head = slots[at + 1] as number;
    if (head !== EMPTY) {
      this.#next ??= new Int32Array(length);
      this.#next[index] = head;
    }
    slots[at] = hash;
    slots[at + 1] = index + 1;
  }

  /** Where a hash stands, or would stand. */
  #find(hash: number): number {
    const slots = this.#slots;
    let slot = hash & this.#mask;
    while (slots[2 * slot + 1] !== EMPTY && slots[2 * slot] !== hash)
      slot = (slot + 1) & this.#mask;
    return 2 * slot;
  }
}
