import { IndexByHash } from "./index-by-hash.ts";

/** What has no partner, by index, ascending. */
export interface Unpaired {
  readonly v1: readonly number[];
  readonly v2: readonly number[];
}

/** Which elements of two arrays belong together. */
export interface Pairing extends Unpaired {
  /** For each element of V1's array the index of its partner in V2's; -1 where it has none. */
  readonly partners: Int32Array;
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

/** Elements of which the partners are fetched together. */
const SOME_AT_ONCE = 128;

/**
 * Pairs the elements of two arrays, in whatever order they stand, in time linear in their number:
 * only elements of the same hash are compared. With weights those are gone through in the order of
 * their weight, so that of values on a line as many find a partner as can.
 *
 * @param early - give up as soon as it is clear that some element has no partner
 * @returns undefined when it gave up
 */
export function pairUp<T>(
  v1: readonly T[],
  v2: readonly T[],
  matcher: Matcher<T>,
  early: boolean,
): Pairing | undefined {
  const partners = new Int32Array(v1.length).fill(-1);
  // Arrays that agree for the most part often agree in order too. With tolerances, a first fit
  // could take away the only partner of another.
  const start = matcher.weight === undefined ? equalFromStart(v1, v2, matcher) : 0;
  for (let i = 0; i < start; i++) partners[i] = i;
  if (start === v1.length && start === v2.length) return { partners, v1: [], v2: [] };
  if (early && v1.length !== v2.length) return undefined;

  const fits = (one: number, other: number): boolean =>
    matcher.equal(v1[one] as T, v2[start + other] as T);
  const side2 = hashed(v2, start, v2.length, matcher);
  const index = new IndexByHash(side2.hashes, side2.order);
  const unpaired: number[] = [];
  // A few at a time, so that an element is still at hand when its partner is looked for.
  const some = matcher.weight === undefined ? SOME_AT_ONCE : v1.length;
  for (let from = start; from < v1.length; from += some) {
    const { hashes, order } = hashed(v1, from, Math.min(from + some, v1.length), matcher);
    index.fetch(hashes, v2, start);
    for (let at = 0; at < hashes.length; at++) {
      const next = order === undefined ? at : (order[at] as number);
      const partner = index.take(hashes[next] as number, from + next, fits);
      if (partner !== -1) partners[from + next] = start + partner;
      else if (early) return undefined;
      else unpaired.push(from + next);
    }
  }
  return {
    partners,
    v1: unpaired.toSorted((a, b) => a - b),
    v2: early ? [] : index.rest().map((other) => start + other),
  };
}

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

function hashed<T>(elements: readonly T[], from: number, to: number, matcher: Matcher<T>): Hashed {
  const hashes = new Int32Array(to - from);
  const weights = matcher.weight === undefined ? undefined : new Float64Array(hashes.length);
  for (let i = 0; i < hashes.length; i++) {
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
