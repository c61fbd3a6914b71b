import type { Step } from "./paths.ts";

/** How far two values may lie apart and still count as equal. */
export interface Tolerance {
  /** Between two numbers, in their unit. */
  readonly absolute: number | undefined;
  /** Between two numbers, as a share of the larger magnitude: 0.01 is one percent. */
  readonly relative: number | undefined;
  /** Between two Dates or two ISO-8601 strings, in milliseconds. */
  readonly dateMs: number | undefined;
}

/** How an array without order is paired: by equality, or by a key of its elements. */
export interface Unordered {
  readonly by: readonly (string | number)[] | undefined;
}

/** One rule with its path; exactly one of the three says what the rule is. */
export interface PathRule {
  readonly steps: readonly Step[];
  /** The rule's path as the user wrote it. */
  readonly text: string;
  readonly ignore?: true;
  readonly unordered?: Unordered;
  readonly tolerance?: Tolerance;
}

/** How far a rule has matched. */
interface Progress {
  readonly rule: PathRule;
  /** The step that is to match next, and what comes after it; undefined where all have matched. */
  readonly open: { readonly step: Step; readonly then: Progress } | undefined;
  /** Another for each progress of each rule. */
  readonly id: number;
}

/** The states that were made so far: equal progress is one and the same state. */
type States = Map<string, PathState>;

/**
 * Where all rules stand at one place in a value: a state of the automaton that the rules' paths
 * make. Undefined in its place means that no rule applies here or below, so that plain equality will
 * do. States are made when a walk first meets them, and live as long as the comparator.
 */
export class PathState {
  /** The path of the rule that ignores this value. */
  readonly ignore: string | undefined;
  readonly unordered: Unordered | undefined;
  readonly tolerances: readonly Tolerance[] | undefined;
  /** Whether an ignore rule may apply below. */
  readonly mayIgnore: boolean;
  /** Whether a tolerance may apply here or below. */
  readonly mayTolerate: boolean;

  readonly #states: States;
  readonly #progress: readonly Progress[];
  /** Only the keys that a rule names have an entry, so this can't grow with the payload. */
  readonly #named = new Map<string | number, PathState | undefined>();
  #other: { readonly state: PathState | undefined } | undefined;

  constructor(states: States, progress: readonly Progress[]) {
    this.#states = states;
    this.#progress = progress;
    for (const { open } of progress)
      if (open?.step.key !== undefined) this.#named.set(open.step.key, undefined);

    const here = progress.filter(({ open }) => open === undefined).map(({ rule }) => rule);
    this.ignore = here.find((rule) => rule.ignore)?.text;
    // A key pairs better than equality does, whichever of the two rules was written first.
    const unordered = here.flatMap((rule) => rule.unordered ?? []);
    this.unordered = unordered.find((rule) => rule.by !== undefined) ?? unordered[0];
    const tolerances = here.flatMap((rule) => rule.tolerance ?? []);
    this.tolerances = tolerances.length > 0 ? tolerances : undefined;
    this.mayIgnore = progress.some(({ rule, open }) => rule.ignore && open !== undefined);
    this.mayTolerate = progress.some(({ rule }) => rule.tolerance);
  }

  /** The state of a property, by its name, or of an element, by its index. */
  child(key: string | number): PathState | undefined {
    const known = this.#named.get(key);
    if (known !== undefined) return known;
    if (!this.#named.has(key)) return this.anyChild();
    const state = this.#advance(key);
    this.#named.set(key, state);
    return state;
  }

  /** The state of a child that no rule names. */
  anyChild(): PathState | undefined {
    this.#other ??= { state: this.#advance(undefined) };
    return this.#other.state;
  }

  #advance(key: string | number | undefined): PathState | undefined {
    const next: Progress[] = [];
    for (const progress of this.#progress) {
      if (progress.open === undefined) continue;
      const { step, then } = progress.open;
      if (step.deep) next.push(progress);
      if (step.key === undefined || step.key === key) next.push(then);
    }
    return stateOf(this.#states, next);
  }
}

/** The state of the root under path rules, or undefined where there are none. */
export function pathAutomaton(rules: readonly PathRule[]): PathState | undefined {
  let id = 0;
  const begun = rules.map((rule) =>
    rule.steps.reduceRight<Progress>((then, step) => ({ rule, open: { step, then }, id: id++ }), {
      rule,
      open: undefined,
      id: id++,
    }),
  );
  return stateOf(new Map(), begun);
}

function stateOf(states: States, progress: readonly Progress[]): PathState | undefined {
  if (progress.length === 0) return undefined;
  const unique = [...new Set(progress)].toSorted((a, b) => a.id - b.id);
  const name = unique.map(({ id }) => id).join();
  let state = states.get(name);
  if (state === undefined) states.set(name, (state = new PathState(states, unique)));
  return state;
}
