import { performance } from "./clock.ts";

/** One dual write, as the writes that come after it see it. */
export interface Turn {
  readonly id: string;
  /** What it changes. */
  readonly subject: string;
  /** When its primary began and settled, by `performance.now()`; infinite until then. */
  startedAt: number;
  settledAt: number;
  /** Resolves when the secondary has it, or won't have it in this invocation. */
  readonly mirrored: Promise<void>;
}

/**
 * The dual writes of one invocation and migration. What the secondary is to do waits for the writes that
 * the primary had before, so that both see the same order.
 */
export class WriteOrder {
  readonly #turns = new Map<string, Turn>();
  readonly #waiting = new Set<Turn>();

  began(turn: Turn): void {
    this.#turns.set(turn.id, turn);
  }

  /**
   * The primary has done a write; the secondary is to follow.
   *
   * @returns what to wait for before that, and nothing if its turn has come already.
   */
  settled(turn: Turn): Promise<unknown> | undefined {
    turn.settledAt = performance.now();
    const before = this.#before((earlier) => earlier.subject === turn.subject);
    this.#waiting.add(turn);
    void turn.mirrored.then(() => this.#waiting.delete(turn));
    return before;
  }

  /** What a read's secondary waits for, and nothing if the secondary has all that the primary has. */
  get underWay(): Promise<unknown> | undefined {
    return this.#waiting.size === 0 ? undefined : this.#before(() => true);
  }

  /** Whether a write began when the turn's primary had settled, so that their order is no question. */
  follows(id: string, { settledAt }: Turn): boolean {
    const other = this.#turns.get(id);
    return other !== undefined && other.startedAt >= settledAt;
  }

  #before(counts: (turn: Turn) => boolean): Promise<unknown> | undefined {
    const earlier = [...this.#waiting].filter(counts);
    return earlier.length === 0 ? undefined : Promise.all(earlier.map(({ mirrored }) => mirrored));
  }
}
