import type { Difference, DifferenceKind } from "./difference.ts";
import type { Findings } from "./findings.ts";
import type { PathState } from "./path-states.ts";
import { formatPath } from "./paths.ts";
import type { PathKey } from "./paths.ts";
import { compareValues } from "./values.ts";
import { NotComparable } from "./walk.ts";
import type { Walk } from "./walk.ts";

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
  state: PathState | undefined,
  max: number,
): { differences: Difference[]; truncated: boolean } {
  const list = new DifferenceList(walk, max);
  const truncated = !compareValues(list, v1, v2, state, 0);
  return { differences: list.found, truncated };
}

/** The differences found so far, and the way from the root to where the walk is. */
class DifferenceList implements Findings {
  readonly walk: Walk;
  readonly early = false;
  readonly found: Difference[] = [];
  readonly #max: number;
  /** Text is made of the keys only for what is found. */
  readonly #path: PathKey[] = [];

  /** @param max - differences that fit; one more ends the walk */
  constructor(walk: Walk, max: number) {
    this.walk = walk;
    this.#max = max;
  }

  get listed(): number {
    return this.found.length;
  }

  pair(
    key: PathKey,
    v1: unknown,
    v2: unknown,
    state: PathState | undefined,
    depth: number,
  ): boolean {
    this.#path.push(key);
    const goOn = compareValues(this, v1, v2, state, depth);
    this.#path.pop();
    return goOn;
  }

  differ(kind: DifferenceKind, v1: unknown, v2: unknown): boolean {
    if (this.found.length >= this.#max) return false;
    this.found.push({ path: formatPath(this.#path), kind, v1, v2 });
    return true;
  }

  refuse(what: string, below: readonly PathKey[] = []): never {
    throw new NotComparable(`${what} at ${formatPath([...this.#path, ...below])}`);
  }

  hide(): void {
    // What is ignored is no difference.
  }
}
