import type { DifferenceKind } from "./difference.ts";
import type { PathState } from "./path-states.ts";
import type { PathKey } from "./paths.ts";
import type { Walk } from "./walk.ts";

/** Stands where one side has nothing. */
export const ABSENT = Symbol("absent");

/**
 * What becomes of what a walk through two values finds: one and the same walk says whether there is
 * a difference, and lists them. Its methods, like all that compares, return whether to go on.
 */
export interface Findings {
  readonly walk: Walk;
  /** Whether the first difference ends the walk. */
  readonly early: boolean;
  /** Differences listed so far. */
  readonly listed: number;
  /** Compares what stands under a key: two values, or one and {@link ABSENT}. */
  pair(
    key: PathKey,
    v1: unknown,
    v2: unknown,
    state: PathState | undefined,
    depth: number,
  ): boolean;
  differ(kind: DifferenceKind, v1: unknown, v2: unknown): boolean;
  /**
   * For two values that can't be compared, or have such values at a way below.
   *
   * @throws NotComparable where differences are listed
   */
  refuse(what: string, below?: readonly PathKey[]): boolean;
  /** Notes the ignore rule, if `same` says that there is something that it hides. */
  hide(rule: string, same: (walk: Walk) => boolean): void;
}
