import type { Difference, DifferenceKind } from "./difference.ts";
import type { PathState } from "./path-states.ts";
import { formatPath } from "./paths.ts";
import type { PathKey } from "./paths.ts";
import { NotComparable } from "./walk.ts";
import type { Walk } from "./walk.ts";

/** Ends the walk when the list is full. */
export class Full extends Error {
  override readonly name = "Full";
}

/** What the walk for differences hands to those that know one kind of object. */
export interface DifferenceWalk {
  readonly walk: Walk;
  readonly list: DifferenceList;
  /** Compares two values at the present path. */
  compare(v1: unknown, v2: unknown, state: PathState | null, depth: number): void;
  /** Compares the properties of the keys given. */
  properties(
    v1: object,
    v2: object,
    keysOfV1: readonly (string | symbol)[],
    keysOfV2: readonly (string | symbol)[],
    state: PathState | null,
    depth: number,
  ): void;
}

/** The differences found so far, and the way from the root to where the walk is. */
export class DifferenceList {
  readonly found: Difference[] = [];
  /** Text is made of the keys only for what is found. */
  readonly path: PathKey[] = [];
  readonly #max: number;

  /** @param max - differences that fit; one more throws Full */
  constructor(max: number) {
    this.#max = max;
  }

  report(kind: DifferenceKind, v1: unknown, v2: unknown): void {
    if (this.found.length >= this.#max) throw new Full();
    this.found.push({ path: formatPath(this.path), kind, v1, v2 });
  }

  missing(key: PathKey, v1: unknown): void {
    this.path.push(key);
    this.report("missing", v1, undefined);
    this.path.pop();
  }

  extra(key: PathKey, v2: unknown): void {
    this.path.push(key);
    this.report("extra", undefined, v2);
    this.path.pop();
  }

  /** @throws NotComparable */
  refuse(what: string): never {
    throw new NotComparable(`${what} at ${formatPath(this.path)}`);
  }
}
