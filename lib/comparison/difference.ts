/**
 * What is different:
 * - `missing`: V1 has it, V2 has not; `extra`: only V2 has it (a property that is undefined is there)
 * - `type`: another type, or another class
 * - `value`: the same type, another value
 * - `order`: an array with the same elements in another order; the values are the whole arrays
 * - `length`: another length of something whose elements are not compared one by one, such as a
 *   Buffer, or an array that ends in holes
 */
export type DifferenceKind = "missing" | "extra" | "type" | "value" | "order" | "length";

/** One difference between the two versions' answers. */
export interface Difference {
  /**
   * Where: `$.items[3].price`, `$['odd key']`. It can be used as the path of a rule.
   *
   * A Map's entry is written like a property, its key as text (`$.map.key`, `$.map[3]`); an entry
   * whose key is an object, and a Set's member, by its position (`$.set[0]`); a symbol by its
   * description (`$['Symbol(tag)']`). In an array without order the position is V1's, and V2's
   * for what is `extra`.
   */
  path: string;
  kind: DifferenceKind;
  /** V1's value at the path, undefined where there is none; of an entry by position, `[key, value]`. */
  v1: unknown;
  /** V2's value at the path, like `v1`. */
  v2: unknown;
}
