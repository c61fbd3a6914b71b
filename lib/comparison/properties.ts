import type { Findings } from "./findings.ts";
import { hasEnumerable, ownKeys, pathKey, valueAt } from "./own-keys.ts";
import type { PathState } from "./path-states.ts";

type Keys = readonly (string | symbol)[];

/** Compares all own enumerable properties. */
export function compareOwn(
  into: Findings,
  a: object,
  b: object,
  state: PathState | null,
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
  state: PathState | null,
  depth: number,
): boolean {
  into.walk.visit(Math.max(keysOfA.length, keysOfB.length));
  let sameKeys = keysOfA.length === keysOfB.length;
  for (let i = 0; i < keysOfA.length; i++) {
    const key = keysOfA[i] as string | symbol;
    const inOrder = keysOfB[i] === key;
    if (!inOrder) sameKeys = false;
    const child = childState(state, a, key);
    if (child !== null && child.ignore !== undefined) {
      into.hide(
        child.ignore,
        (apart) => hasEnumerable(b, key) && apart.equal(valueAt(a, key), valueAt(b, key), null, 0),
      );
      continue;
    }
    const x = valueAt(a, key);
    if (!inOrder && !hasEnumerable(b, key)) {
      if (!into.missing(pathKey(a, key), x)) return false;
      continue;
    }
    const y = valueAt(b, key);
    if (x === y && x !== 0) continue;
    if (!into.pair(pathKey(a, key), x, y, child, depth + 1)) return false;
  }
  if (sameKeys) return true;
  for (const key of keysOfB) {
    if (hasEnumerable(a, key)) continue;
    const ignore = childState(state, b, key)?.ignore;
    if (ignore !== undefined) into.hide(ignore, () => false);
    else if (!into.extra(pathKey(b, key), valueAt(b, key))) return false;
  }
  return true;
}

/** The state of an own property or an element; a symbol goes by its description. */
function childState(
  state: PathState | null,
  parent: object,
  key: string | symbol,
): PathState | null {
  if (state === null) return null;
  const name = pathKey(parent, key);
  return state.child(typeof name === "symbol" ? String(name) : name);
}
