import { types } from "node:util";
import { hashPrimitive } from "./hash.ts";
import { IndexByHash } from "./index-by-hash.ts";
import { NotComparable } from "./walk.ts";

/** A path inside an element that leads to one value: its key. */
export type KeyPath = readonly (string | number)[];

/** Finds for each element of V1's array the one of V2's that has the same key. */
export class KeyedPairs {
  readonly #v1: readonly unknown[];
  readonly #v2: readonly unknown[];
  readonly #by: KeyPath;
  /** Up to here both arrays have the same keys in the same order, and no index is needed. */
  #start = 0;
  /** V2's keys from the start on, and their positions from there. */
  #keys: unknown[] = [];
  #index: IndexByHash | undefined;
  #wanted: unknown;

  constructor(v1: readonly unknown[], v2: readonly unknown[], by: KeyPath) {
    this.#v1 = v1;
    this.#v2 = v2;
    this.#by = by;
  }

  /**
   * The index of an element's partner in V2's array, or -1. To be asked for each index, in
   * ascending order, since elements that share a key are paired in their order.
   *
   * @throws NotComparable when a key is an object, other than a Date or bytes
   */
  partnerOf(i: number): number {
    this.#wanted = keyOf(this.#v1[i], this.#by);
    if (this.#index === undefined) {
      if (i < this.#v2.length && this.#wanted === keyOf(this.#v2[i], this.#by)) return i;
      this.#index = this.#indexFrom(i);
    }
    const found = this.#index.take(hashPrimitive(this.#wanted), 0, this.#fits);
    return found === -1 ? -1 : this.#start + found;
  }

  /** Indexes in V2's array that are nobody's partner, ascending, when all have been asked for. */
  rest(): number[] {
    const index = this.#index ?? this.#indexFrom(this.#v1.length);
    return index.rest().map((i) => this.#start + i);
  }

  readonly #fits = (_: number, other: number): boolean => {
    const key = this.#keys[other];
    return key === this.#wanted || (Number.isNaN(key) && Number.isNaN(this.#wanted));
  };

  #indexFrom(start: number): IndexByHash {
    this.#start = start;
    this.#keys = this.#v2.slice(start).map((element) => keyOf(element, this.#by));
    const index = new IndexByHash(this.#keys.length);
    for (let i = this.#keys.length - 1; i >= 0; i--)
      index.addFirst(hashPrimitive(this.#keys[i]), i);
    return index;
  }
}

function keyOf(element: unknown, by: KeyPath): unknown {
  let key = element;
  for (const name of by) {
    if (typeof key !== "object" || key === null) return undefined;
    key = types.isMap(key)
      ? Map.prototype.get.call(key, name)
      : (key as Record<string | number, unknown>)[name];
  }
  if (typeof key !== "object" || key === null) return key;
  // Text that no other key is likely to be.
  if (types.isDate(key)) return `\0date ${Date.prototype.getTime.call(key)}`;
  if (ArrayBuffer.isView(key))
    return `\0bytes ${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("base64")}`;
  throw new NotComparable(
    `an object as the key ${JSON.stringify(by)} of an element; allowed is a primitive, a Date or bytes`,
  );
}
