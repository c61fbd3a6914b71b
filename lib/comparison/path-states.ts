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

/** A rule whose first `done` steps have matched. */
interface Progress {
  readonly rule: number;
  readonly done: number;
}

/**
 * Where all rules stand at one place in a value: a state of the automaton that the rules' paths
 * make. `null` in its place means that no rule applies here or below, so that plain equality will
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

  readonly #automaton: Automaton;
  readonly #progress: readonly Progress[];
  /** Only the keys that a rule names have an entry, so this can't grow with the payload. */
  readonly #named = new Map<string | number, PathState | null | undefined>();
  #other: PathState | null | undefined;

  constructor(automaton: Automaton, progress: readonly Progress[]) {
    this.#automaton = automaton;
    const { rules } = automaton;
    const here: PathRule[] = [];
    const open: Progress[] = [];
    for (const step of progress) {
      const rule = rules[step.rule] as PathRule;
      const next = rule.steps[step.done];
      if (next === undefined) here.push(rule);
      else {
        open.push(step);
        if (next.key !== undefined) this.#named.set(next.key, undefined);
      }
    }
    this.#progress = open;
    this.ignore = here.find((rule) => rule.ignore)?.text;
    // A key pairs better than equality does, whichever of the two rules was written first.
    const unordered = here.flatMap((rule) => rule.unordered ?? []);
    this.unordered = unordered.find((rule) => rule.by !== undefined) ?? unordered[0];
    const tolerances = here.flatMap((rule) => rule.tolerance ?? []);
    this.tolerances = tolerances.length > 0 ? tolerances : undefined;
    const below = open.map((step) => rules[step.rule] as PathRule);
    this.mayIgnore = below.some((rule) => rule.ignore);
    this.mayTolerate = tolerances.length > 0 || below.some((rule) => rule.tolerance);
  }

  /** The state of a property, by its name, or of an element, by its index. */
  child(key: string | number): PathState | null {
    let state = this.#named.get(key);
    if (state !== undefined) return state;
    if (!this.#named.has(key)) return this.anyChild();
    state = this.#advance(key);
    this.#named.set(key, state);
    return state;
  }

  /** The state of a child that no rule names. */
  anyChild(): PathState | null {
    if (this.#other === undefined) this.#other = this.#advance(undefined);
    return this.#other;
  }

  #advance(key: string | number | undefined): PathState | null {
    const next: Progress[] = [];
    for (const step of this.#progress) {
      const { steps } = this.#automaton.rules[step.rule] as PathRule;
      const { key: wanted, deep } = steps[step.done] as Step;
      if (deep) next.push(step);
      if (wanted === undefined || (key !== undefined && wanted === key))
        next.push({ rule: step.rule, done: step.done + 1 });
    }
    return this.#automaton.state(next);
  }
}

/** The rules' paths, compiled together: equal progress is one and the same state. */
export class Automaton {
  readonly rules: readonly PathRule[];
  readonly #states = new Map<string, PathState>();

  constructor(rules: readonly PathRule[]) {
    this.rules = rules;
  }

  /** The state of the root, or null when there are no rules. */
  root(): PathState | null {
    return this.state(this.rules.map((_, rule) => ({ rule, done: 0 })));
  }

  state(progress: readonly Progress[]): PathState | null {
    if (progress.length === 0) return null;
    const names = new Set(progress.map(({ rule, done }) => `${rule}:${done}`));
    const id = [...names].toSorted().join();
    let state = this.#states.get(id);
    if (state === undefined) {
      const unique = [...names].map((name) => {
        const [rule, done] = name.split(":");
        return { rule: Number(rule), done: Number(done) };
      });
      state = new PathState(this, unique);
      this.#states.set(id, state);
    }
    return state;
  }
}

/** The state of the root under path rules, or null where there are none. */
export function pathAutomaton(rules: readonly PathRule[]): PathState | null {
  return new Automaton(rules).root();
}
