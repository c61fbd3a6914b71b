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
 * @param early - stop at the first element that has no partner
 * @returns undefined when every element has a partner
 */
export function pairUp<T>(
  v1: readonly T[],
  v2: readonly T[],
  matcher: Matcher<T>,
  early: boolean,
): Unpaired | undefined {
  const ordered = matcher.weight === undefined;
  // Arrays that agree for the most part often agree in order too. With tolerances, a first fit
  // could take away the only partner of another.
  const start = ordered ? equalFromStart(v1, v2, matcher) : 0;
  if (start === v1.length && start === v2.length) return undefined;
  if (early && v1.length !== v2.length) return { v1: [], v2: [] };

  const index = new IndexByHash(v2.length);
  const side2 = ordered ? undefined : byWeight(v2, matcher);
  for (let i = v2.length - 1; i >= start; i--)
    if (side2 === undefined) index.addFirst(matcher.hash(v2[i] as T), i);
    else index.addFirst(side2.hashes[i] as number, side2.order[i] as number);

  const fits = (one: number, other: number): boolean => matcher.equal(v1[one] as T, v2[other] as T);
  const side1 = ordered ? undefined : byWeight(v1, matcher);
  const unpaired: number[] = [];
  for (let i = start; i < v1.length; i++) {
    const one = side1 === undefined ? i : (side1.order[i] as number);
    const hash = side1 === undefined ? matcher.hash(v1[i] as T) : (side1.hashes[i] as number);
    if (index.take(hash, one, fits) !== -1) continue;
    unpaired.push(one);
    if (early) return { v1: unpaired, v2: [] };
  }
  const rest = index.rest();
  if (unpaired.length + rest.length === 0) return undefined;
  return { v1: unpaired.sort((a, b) => a - b), v2: rest };
}

function equalFromStart<T>(v1: readonly T[], v2: readonly T[], matcher: Matcher<T>): number {
  const shorter = Math.min(v1.length, v2.length);
  let i = 0;
  while (i < shorter && matcher.equal(v1[i] as T, v2[i] as T)) i++;
  return i;
}

/** The indexes in the order of the elements' weights, and the hashes in that order. */
function byWeight<T>(
  elements: readonly T[],
  matcher: Matcher<T>,
): { order: Uint32Array; hashes: Int32Array } {
  const weights = new Float64Array(elements.length);
  const unsorted = Int32Array.from(elements, (element, i) => {
    const hash = matcher.hash(element);
    weights[i] = matcher.weight?.() ?? 0;
    return hash;
  });
  const order = Uint32Array.from(elements, (_, i) => i);
  order.sort((a, b) => (weights[a] as number) - (weights[b] as number) || a - b);
  return { order, hashes: Int32Array.from(order, (i) => unsorted[i] as number) };
}
