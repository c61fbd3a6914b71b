import { types } from "node:util";
import { hashPrimitive } from "./hash.ts";
import { IndexByHash } from "./index-by-hash.ts";
import { NotComparable } from "./walk.ts";

/** A path inside an element that leads to one value: its key. */
export type KeyPath = readonly (string | number)[];

/** Elements of which the partners are fetched together. */
const SOME_AT_ONCE = 32;

/** Finds for each element of V1's array the one of V2's that has the same key. */
export class KeyedPairs {
  readonly #v1: readonly unknown[];
  readonly #v2: readonly unknown[];
  readonly #by: KeyPath;
  /** Up to here both arrays have the same keys in the same order, and no index is needed. */
  #start = 0;
  #index: IndexByHash | undefined;
  /** V2's keys, from the start on. */
  readonly #keys2: unknown[] = [];
  /** V1's keys, from the start on, but only of the few that are at hand. */
  readonly #keys1: unknown[] = [];
  readonly #hashes1 = new Int32Array(SOME_AT_ONCE);

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
    if (this.#index === undefined) {
      const sameKey =
        i < this.#v2.length && keyOf(this.#v1[i], this.#by) === keyOf(this.#v2[i], this.#by);
      if (sameKey) return i;
      this.#index = this.#indexFrom(i);
    }
    const at = (i - this.#start) % SOME_AT_ONCE;
    if (at === 0) this.#fetch(i, this.#index);
    const found = this.#index.take(this.#hashes1[at] as number, at, this.#fits);
    return found === -1 ? -1 : this.#start + found;
  }

  /** Indexes in V2's array that are nobody's partner, ascending, when all have been asked for. */
  rest(): number[] {
    const index = this.#index ?? this.#indexFrom(this.#v1.length);
    return index.rest().map((other) => this.#start + other);
  }

  readonly #fits = (one: number, other: number): boolean => {
    const [key1, key2] = [this.#keys1[one], this.#keys2[other]];
    return key1 === key2 || (Number.isNaN(key1) && Number.isNaN(key2));
  };

  #indexFrom(start: number): IndexByHash {
    this.#start = start;
    for (let i = start; i < this.#v2.length; i++) this.#keys2.push(keyOf(this.#v2[i], this.#by));
    return new IndexByHash(hashed(this.#keys2, new Int32Array(this.#keys2.length)));
  }

  #fetch(from: number, index: IndexByHash): void {
    const length = Math.min(SOME_AT_ONCE, this.#v1.length - from);
    this.#keys1.length = length;
    for (let at = 0; at < length; at++) this.#keys1[at] = keyOf(this.#v1[from + at], this.#by);
    const hashes = hashed(this.#keys1, this.#hashes1);
    index.fetch(hashes, this.#keys2, 0);
    index.fetch(hashes, this.#v2, this.#start);
  }
}

function hashed(keys: readonly unknown[], hashes: Int32Array): Int32Array {
  for (let i = 0; i < keys.length; i++) hashes[i] = hashPrimitive(keys[i]);
  return hashes;
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
