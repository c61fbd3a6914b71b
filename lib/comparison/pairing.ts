import { IndexByHash } from "./index-by-hash.ts";

/** What has no partner, by index, ascending. */
export interface Unpaired {
  readonly v1: number[];
  readonly v2: number[];
}

/** How elements are told apart: equal ones must have the same hash. */
export interface Matcher<T> {
  hash(element: T): number;
  equal(v1: T, v2: T): boolean;
  /**
   * By which near elements can be found, when "equal" allows for tolerances. It is asked right
   * after `hash`, about the same element.
   */
  weight?(): number;
}

/**
 * Pairs the elements of two arrays, in whatever order they stand, in time linear in their number:
 * only elements of the same hash are compared. With weights those are gone through in the order of
 * their weight, so that of values on a line as many find a partner as can.
 *
 * @param early - stop as soon as it is clear that some element has no partner; not all of them are
 * listed then
 * @returns undefined when every element has a partner
 */
export function pairUp<T>(
  v1: readonly T[],
  v2: readonly T[],
  matcher: Matcher<T>,
  early: boolean,
): Unpaired | undefined {
  // Arrays that agree for the most part often agree in order too. With tolerances, a first fit
  // could take away the only partner of another.
  const start = matcher.weight === undefined ? equalFromStart(v1, v2, matcher) : 0;
  if (start === v1.length && start === v2.length) return undefined;
  if (early && v1.length !== v2.length) return { v1: [], v2: [] };

  const fits = (one: number, other: number): boolean =>
    matcher.equal(v1[start + one] as T, v2[start + other] as T);
  const side2 = hashed(v2, start, v2.length, matcher);
  const index = new IndexByHash(side2.hashes, side2.order);
  const unpaired: number[] = [];
  // A few at a time, so that an element is still at hand when its partner is looked for.
  const some = matcher.weight === undefined ? SOME_AT_ONCE : v1.length;
  const buffer = new Int32Array(some);
  for (let from = start; from < v1.length; from += some) {
    const { hashes, order } = hashed(v1, from, Math.min(from + some, v1.length), matcher, buffer);
    index.fetch(hashes, v2, start);
    for (let at = 0; at < hashes.length; at++) {
      const one = order === undefined ? at : (order[at] as number);
      if (index.take(hashes[one] as number, from - start + one, fits) !== -1) continue;
      if (early) return { v1: [from + one], v2: [] };
      unpaired.push(from + one);
    }
  }
  const rest = index.rest();
  if (unpaired.length + rest.length === 0) return undefined;
  return { v1: unpaired.toSorted((a, b) => a - b), v2: rest.map((other) => start + other) };
}

/** Elements of which the partners are fetched together. */
const SOME_AT_ONCE = 32;

function equalFromStart<T>(v1: readonly T[], v2: readonly T[], matcher: Matcher<T>): number {
  const shorter = Math.min(v1.length, v2.length);
  let i = 0;
  while (i < shorter && matcher.equal(v1[i] as T, v2[i] as T)) i++;
  return i;
}

interface Hashed {
  /** By index, counted from the first that was hashed. */
  readonly hashes: Int32Array;
  /** Those indexes in the order of their weights, if they have any. */
  readonly order: Uint32Array | undefined;
}

function hashed<T>(
  elements: readonly T[],
  from: number,
  to: number,
  matcher: Matcher<T>,
  buffer: Int32Array = new Int32Array(to - from),
): Hashed {
  const length = to - from;
  const hashes = length === buffer.length ? buffer : buffer.subarray(0, length);
  const weights = matcher.weight === undefined ? undefined : new Float64Array(length);
  for (let i = 0; i < length; i++) {
    hashes[i] = matcher.hash(elements[from + i] as T);
    if (weights !== undefined) weights[i] = matcher.weight?.() as number;
  }
  return { hashes, order: weights && ascending(weights) };
}

function ascending(weights: Float64Array): Uint32Array {
  const order = new Uint32Array(weights.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  return order.toSorted((a, b) => (weights[a] as number) - (weights[b] as number) || a - b);
}
