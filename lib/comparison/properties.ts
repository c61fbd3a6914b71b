import { ABSENT } from "./findings.ts";
import type { Findings } from "./findings.ts";
import { hasEnumerable, ownKeys, pathKey, valueAt } from "./own-keys.ts";
import type { PathState } from "./path-states.ts";

type Keys = readonly (string | symbol)[];

/** Compares all own enumerable properties. */
export function compareOwn(
  into: Findings,
  a: object,
  b: object,
  state: PathState | undefined,
  depth: number,
): boolean {
  return compareProperties(into, a, b, ownKeys(a), ownKeys(b), state, depth);
}

/** Compares the properties of the keys given, in V1's order, then those that only V2 has. */
export function compareProperties(
  into: Findings,
  a: object,
  b: object,
  keysOfA: Keys,
  keysOfB: Keys,
  state: PathState | undefined,
  depth: number,
): boolean {
  into.walk.visit(Math.max(keysOfA.length, keysOfB.length));
  let sameKeys = keysOfA.length === keysOfB.length;
  for (let i = 0; i < keysOfA.length; i++) {
    const key = keysOfA[i] as string | symbol;
    const inOrder = keysOfB[i] === key;
    if (!inOrder) sameKeys = false;
    const isInB = inOrder || hasEnumerable(b, key);
    if (!compareProperty(into, a, b, key, true, isInB, state, depth)) return false;
  }
  return (
    sameKeys ||
    keysOfB.every(
      (key) => hasEnumerable(a, key) || compareProperty(into, a, b, key, false, true, state, depth),
    )
  );
}

/** Compares what two objects, or one of them, have under a key. */
export function compareProperty(
  into: Findings,
  a: object,
  b: object,
  key: string | symbol,
  isInA: boolean,
  isInB: boolean,
  state: PathState | undefined,
  depth: number,
): boolean {
  const name = pathKey(a, key);
  // A symbol goes by its description.
  const child = state?.child(typeof name === "symbol" ? String(name) : name);
  if (child?.ignore !== undefined) {
    // Not read before somebody asks, since a getter may throw.
    into.hide(
      child.ignore,
      (apart) => isInA && isInB && apart.equal(valueAt(a, key), valueAt(b, key), undefined, 0),
    );
    return true;
  }
  const x = isInA ? valueAt(a, key) : ABSENT;
  const y = isInB ? valueAt(b, key) : ABSENT;
  return (x === y && x !== 0) || into.pair(name, x, y, child, depth + 1);
}
