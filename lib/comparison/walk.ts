import type { PathState } from "./path-states.ts";

/** A limit ended the walk; the message says which. */
export class Capped extends Error {
  override readonly name = "Capped";
}

/** Two values can't be compared; the message is the reason. */
export class NotComparable extends Error {
  override readonly name = "NotComparable";
}

/** A value contains itself: the walk starts again as one that expects that. */
export class CycleFound extends Error {
  override readonly name = "CycleFound";
}

/** Whether two values are equal under the rules that apply to them and below. */
export type Equal = (
  walk: Walk,
  v1: unknown,
  v2: unknown,
  state: PathState | undefined,
  depth: number,
) => boolean;

/** What there is to say about a pair of objects before their insides are looked at. */
export type Entry = "look" | "equal" | "different";

/** Levels of nesting that are compared; JSON in the wild has few dozen, and the stack has an end. */
export const MAX_DEPTH = 1_000;
/** Only beyond this depth is it worth a look whether a value contains itself. */
const WATCH_FROM = 64;
/** Visited values between two looks at the clock. */
const CLOCK_EVERY = 1_000;

/** What one walk over two values shares: its caps, the way it came, and what it met. */
export class Walk {
  /**
   * The equality of equality.ts. It comes with the walk, since what compares the inside of objects
   * needs it, and it needs that.
   */
  readonly #equal: Equal;
  /** The depth from which pairs of objects have to be announced by {@link Walk.enter}. */
  readonly watchFrom: number;
  readonly cyclic: boolean;
  readonly maxNodes: number;
  readonly maxMs: number;
  /** The ignore rules that hid a difference. */
  readonly hidden: string[] = [];
  /** False while someone has put enumerable properties on Object.prototype. */
  readonly cleanPrototype: boolean;

  /** On the clock of `performance.now`; it is not looked at for what is done before that. */
  #deadline: number | undefined;
  #ancestors: Map<PathState | undefined, Set<object>> | undefined;
  #visited = 0;
  #limit: number;
  #checkAt: number;

  constructor(equal: Equal, maxNodes: number, maxMs: number, cyclic: boolean, deadline?: number) {
    this.#equal = equal;
    this.maxNodes = maxNodes;
    this.maxMs = maxMs;
    this.cyclic = cyclic;
    this.watchFrom = cyclic ? 0 : WATCH_FROM;
    this.#limit = maxNodes;
    this.#checkAt = Math.min(CLOCK_EVERY, maxNodes + 1);
    this.#deadline = deadline;
    this.cleanPrototype = !hasEnumerableProperties({});
  }

  /** A walk of its own under what is left of this one's caps. */
  fork(cyclic: boolean): Walk {
    return new Walk(this.#equal, this.left, this.maxMs, cyclic, this.#deadline);
  }

  equal(v1: unknown, v2: unknown, state: PathState | undefined, depth: number): boolean {
    return this.#equal(this, v1, v2, state, depth);
  }

  /** An equality that leaves no trace in this walk when it fails. */
  attempt(v1: unknown, v2: unknown, state: PathState | undefined, depth: number): boolean {
    const { left } = this;
    const { length } = this.hidden;
    if (this.equal(v1, v2, state, depth)) return true;
    this.refund(left);
    this.hidden.length = length;
    return false;
  }

  /** Notes that an ignore rule hid a difference, if `same` says that there is one. Never throws. */
  hide(rule: string, same: (walk: Walk) => boolean): void {
    if (this.hidden.includes(rule)) return;
    let cyclic = false;
    for (;;)
      try {
        if (!same(this.fork(cyclic))) this.hidden.push(rule);
        return;
      } catch (error) {
        // What is ignored may be too large, or throw: then it isn't known to be the same.
        if (cyclic || !(error instanceof CycleFound)) {
          this.hidden.push(rule);
          return;
        }
        cyclic = true;
      }
  }

  /** Counts visited values. @throws Capped */
  visit(count: number): void {
    this.#visited += count;
    if (this.#visited >= this.#checkAt) this.#check();
  }

  /** Values that may still be visited. */
  get left(): number {
    return this.#limit - this.#visited;
  }

  /** Counts what was visited since `left` was read as not visited; the clock goes on. @throws Capped */
  refund(left: number): void {
    this.#visited += 1;
    this.#limit = this.#visited + left;
    if (this.#visited >= this.#checkAt) this.#check();
  }

  /**
   * Announces a pair of objects on the way down.
   *
   * On the first walk a value that contains itself ends the walk: it starts again, watching from
   * the root, and then the pair counts as equal when both sides are on their way already, and as
   * different when one is. That is how isDeepStrictEqual has it.
   *
   * @throws CycleFound, Capped
   */
  enter(a: object, b: object, state: PathState | undefined, depth: number): Entry {
    if (depth >= MAX_DEPTH) throw new Capped(`more than ${MAX_DEPTH} levels of nesting`);
    if (!this.cyclic) {
      const ancestors = this.#ancestorsUnder(undefined);
      if (ancestors.has(a)) throw new CycleFound();
      ancestors.add(a);
      return "look";
    }
    const ancestors = this.#ancestorsUnder(state);
    const [hasA, hasB] = [ancestors.has(a), ancestors.has(b)];
    if (hasA || hasB) return hasA && hasB ? "equal" : "different";
    ancestors.add(a).add(b);
    return "look";
  }

  /** Takes back an `enter` that answered "look". */
  leave(a: object, b: object, state: PathState | undefined): void {
    const ancestors = this.#ancestorsUnder(this.cyclic ? state : undefined);
    ancestors.delete(a);
    if (this.cyclic) ancestors.delete(b);
  }

  #ancestorsUnder(state: PathState | undefined): Set<object> {
    this.#ancestors ??= new Map();
    let ancestors = this.#ancestors.get(state);
    if (ancestors === undefined) this.#ancestors.set(state, (ancestors = new Set()));
    return ancestors;
  }

  #check(): void {
    if (this.#visited > this.#limit)
      throw new Capped(`more than ${this.maxNodes} values (maxNodes)`);
    const now = performance.now();
    this.#deadline ??= now + this.maxMs;
    if (now > this.#deadline) throw new Capped(`longer than ${this.maxMs} ms (maxMs)`);
    this.#checkAt = Math.min(this.#visited + CLOCK_EVERY, this.#limit + 1);
  }
}

/** Of its own or inherited. */
function hasEnumerableProperties(value: object): boolean {
  for (const _ in value) return true;
  return false;
}
