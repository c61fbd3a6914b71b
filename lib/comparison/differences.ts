import { isDeepStrictEqual } from "node:util";
import { compareArrays } from "./array-differences.ts";
import { compareMaps, compareSets } from "./collection-differences.ts";
import type { Difference, DifferenceKind } from "./difference.ts";
import { DifferenceList, Full } from "./difference-list.ts";
import type { DifferenceWalk } from "./difference-list.ts";
import { childState, equalDates, ERROR_KEYS, searchText } from "./inside.ts";
import { kindOf, opaqueReason, sameClass } from "./kinds.ts";
import { hasEnumerable, ownKeys, pathKey } from "./own-keys.ts";
import type { PathState } from "./path-states.ts";
import { tolerates } from "./tolerance.ts";
import type { Walk } from "./walk.ts";

type Properties = Record<PropertyKey, unknown>;

/**
 * Lists what is different, in the order of V1's keys, then of those that only V2 has. It finds
 * something exactly when the equality under the same rules is false.
 *
 * @throws Capped, CycleFound, NotComparable with the path of what can't be compared, and what
 * getters and Proxies throw
 */
export function listDifferences(
  walk: Walk,
  v1: unknown,
  v2: unknown,
  state: PathState | null,
  max: number,
): { differences: Difference[]; truncated: boolean } {
  const list = new DifferenceList(max);
  let truncated = false;
  try {
    new ValueDifferences(walk, list).compare(v1, v2, state, 0);
  } catch (error) {
    if (!(error instanceof Full)) throw error;
    truncated = true;
  }
  return { differences: list.found, truncated };
}

class ValueDifferences implements DifferenceWalk {
  readonly walk: Walk;
  readonly list: DifferenceList;

  constructor(walk: Walk, list: DifferenceList) {
    this.walk = walk;
    this.list = list;
  }

  compare(a: unknown, b: unknown, state: PathState | null, depth: number): void {
    if (Object.is(a, b) || state?.ignore !== undefined) return;
    if (state?.tolerances !== undefined && tolerates(state.tolerances, a, b)) return;
    const type = typeName(a);
    if (type !== typeName(b)) this.list.report("type", a, b);
    else if (type === "function") this.list.refuse("a function");
    else if (type !== "object") this.list.report("value", a, b);
    else this.#objects(a as object, b as object, state, depth);
  }

  properties(
    a: object,
    b: object,
    keysOfA: readonly (string | symbol)[],
    keysOfB: readonly (string | symbol)[],
    state: PathState | null,
    depth: number,
  ): void {
    this.walk.visit(Math.max(keysOfA.length, keysOfB.length));
    let sameKeys = keysOfA.length === keysOfB.length;
    for (let i = 0; i < keysOfA.length; i++) {
      const key = keysOfA[i] as string | symbol;
      const inOrder = keysOfB[i] === key;
      if (!inOrder) sameKeys = false;
      const child = state === null ? null : childState(state, a, key);
      if (child !== null && child.ignore !== undefined) continue;
      if (inOrder || hasEnumerable(b, key))
        this.#property(a as Properties, b as Properties, key, child, depth);
      else this.list.missing(pathKey(a, key), (a as Properties)[key]);
    }
    if (sameKeys) return;
    for (const key of keysOfB)
      if (!hasEnumerable(a, key) && childState(state, b, key)?.ignore === undefined)
        this.list.extra(pathKey(b, key), (b as Properties)[key]);
  }

  #property(
    a: Properties,
    b: Properties,
    key: string | symbol,
    state: PathState | null,
    depth: number,
  ): void {
    const x = a[key];
    const y = b[key];
    if (x === y && x !== 0) return;
    this.list.path.push(pathKey(a, key));
    this.compare(x, y, state, depth + 1);
    this.list.path.pop();
  }

  #objects(a: object, b: object, state: PathState | null, depth: number): void {
    if (depth < this.walk.watchFrom) return this.#inside(a, b, state, depth);
    const entry = this.walk.enter(a, b, state, depth);
    if (entry === "different") this.list.report("value", a, b);
    if (entry !== "look") return;
    this.#inside(a, b, state, depth);
    this.walk.leave(a, b, state);
  }

  #inside(a: object, b: object, state: PathState | null, depth: number): void {
    const kind = kindOf(a);
    if (kind === "opaque" && kindOf(b) === kind) this.list.refuse(opaqueReason(a) as string);
    if (kind !== kindOf(b) || !sameClass(a, b)) return this.list.report("type", a, b);
    switch (kind) {
      case "opaque":
        return;
      case "leaf":
        if (!isDeepStrictEqual(a, b)) this.list.report(leafDifference(a, b), a, b);
        return;
      case "array":
        return compareArrays(this, a as unknown[], b as unknown[], state, depth);
      case "map":
        compareMaps(this, a as Map<unknown, unknown>, b as Map<unknown, unknown>, state, depth);
        break;
      case "set":
        compareSets(this, a as Set<unknown>, b as Set<unknown>, state, depth);
        break;
      case "date":
        if (!equalDates(a as Date, b as Date, state)) this.list.report("value", a, b);
        break;
      case "search-params":
        if (searchText(a) !== searchText(b)) this.list.report("value", a, b);
        break;
      case "error":
        this.#errors(a, b, state, depth);
        break;
      case "object":
        break;
    }
    this.properties(a, b, ownKeys(a), ownKeys(b), state, depth);
  }

  #errors(a: object, b: object, state: PathState | null, depth: number): void {
    for (const key of ERROR_KEYS) {
      const child = state === null ? null : state.child(key);
      if (hasEnumerable(b, key) || child?.ignore !== undefined) continue;
      const [x, y] = [(a as Properties)[key], (b as Properties)[key]];
      if (key === "cause" && Object.hasOwn(a, key) !== Object.hasOwn(b, key)) {
        if (Object.hasOwn(a, key)) this.list.missing(key, x);
        else this.list.extra(key, y);
        continue;
      }
      this.list.path.push(key);
      this.compare(x, y, child, depth + 1);
      this.list.path.pop();
    }
  }
}

function typeName(value: unknown): string {
  return value === null ? "null" : typeof value;
}

function leafDifference(a: object, b: object): DifferenceKind {
  const [length1, length2] = [a, b].map((each) =>
    "byteLength" in each ? each.byteLength : undefined,
  );
  return length1 === length2 ? "value" : "length";
}
