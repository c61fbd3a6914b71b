import { types } from "node:util";
import { describe } from "./describe.ts";
import { Hasher } from "./hash.ts";
import { isSparse } from "./own-keys.ts";
import { pairUp } from "./pairing.ts";
import type { Matcher, Unpaired } from "./pairing.ts";
import type { PathState } from "./path-states.ts";
import { NotComparable } from "./walk.ts";
import type { Walk } from "./walk.ts";

/**
 * The elements of an array without order, counted as visited.
 *
 * @throws Capped, NotComparable
 */
export function elementsOf(walk: Walk, array: readonly unknown[]): readonly unknown[] {
  if (isSparse(walk, array)) throw new NotComparable("an array of holes, in a place without order");
  const { length } = array;
  if (!Number.isSafeInteger(length) || length < 0)
    throw new NotComparable(`an array with a length of ${describe(length)}`);
  walk.visit(length);
  // A Proxy may have another length each time it is asked.
  return types.isProxy(array) ? Array.from({ length }, (_, i) => array[i]) : array;
}

/**
 * Pairs elements that are equal under the rules.
 *
 * @param state - of every element
 * @param early - give up as soon as it is clear that some element has no partner
 * @returns undefined when it gave up
 */
export function pairElements(
  walk: Walk,
  v1: readonly unknown[],
  v2: readonly unknown[],
  state: PathState | undefined,
  depth: number,
  early: boolean,
): Unpaired | undefined {
  const matcher = elementMatcher(walk, state, depth);
  if (!state?.mayIgnore || state.mayTolerate) return pairUp(v1, v2, matcher, early);
  // Those that are the same in what is ignored too find each other first, so that the order of
  // the elements can't make a match an "ignored".
  const rest = pairUp(v1, v2, elementMatcher(walk, undefined, depth), false) as Unpaired;
  const rest1 = rest.v1.map((index) => v1[index]);
  const rest2 = rest.v2.map((index) => v2[index]);
  const unpaired = pairUp(rest1, rest2, matcher, early);
  return (
    unpaired && {
      v1: unpaired.v1.map((index) => rest.v1[index] as number),
      v2: unpaired.v2.map((index) => rest.v2[index] as number),
    }
  );
}

export type MapEntry = readonly [key: unknown, value: unknown];

/** Pairs the entries of Maps whose keys are objects: keys by deep equality, values by the rules. */
export function pairEntries(
  walk: Walk,
  v1: readonly MapEntry[],
  v2: readonly MapEntry[],
  state: PathState | undefined,
  depth: number,
  early: boolean,
): Unpaired | undefined {
  const keys = elementMatcher(walk, undefined, depth);
  const values = elementMatcher(walk, state, depth);
  const matcher: Matcher<MapEntry> = {
    hash: ([key]) => keys.hash(key),
    equal: (a, b) => keys.equal(a[0], b[0]) && values.equal(a[1], b[1]),
  };
  return pairUp(v1, v2, matcher, early);
}

function elementMatcher(walk: Walk, state: PathState | undefined, depth: number): Matcher<unknown> {
  const hasher = new Hasher(walk);
  return {
    // What is only tried does not count as visited, since it is visited again.
    hash: (element) => {
      const { left } = walk;
      const hash = hasher.hash(element, state);
      walk.refund(left);
      return hash;
    },
    equal: (a, b) => walk.attempt(a, b, state, depth),
    weight: state?.mayTolerate ? () => hasher.weight : undefined,
  };
}
