import { hash } from "node:crypto";
import type { Comparator } from "../comparison/index.ts";
import { messageOf } from "../logger.ts";
import { redactWrite, type Redact } from "../records/redaction.ts";
import { LONGEST_INVOCATION_MS } from "../time-limit.ts";
import type { RepairBook } from "../records/repair-book.ts";
import { argumentsFor, type CallArguments } from "./arguments.ts";
import { Attempt } from "./attempt.ts";
import type { CallSite } from "./call-site.ts";
import { performance } from "./clock.ts";
import { conclude } from "./conclude.ts";
import type { Pending } from "./invocation.ts";
import { judge, notCompared } from "./judge.ts";
import type { DoublePlan } from "./plan.ts";
import type { Repair, RepairState } from "./repair.ts";
import type { SecondaryLimits } from "./secondary-limits.ts";
import { isSame, replayOf, replayed } from "./replay.ts";
import { detached, type Answered, type Failed, type Settlement } from "./settlement.ts";
import type { Turn } from "./write-order.ts";

/** How an operation's dual writes run, fixed when the migration is defined. */
export interface WriteRules {
  readonly comparator: Comparator;
  readonly redact: Redact | undefined;
  /** Values of an answer, or of the arguments, that are copied at the most. */
  readonly maxCopied: number;
  /** Milliseconds that the secondary has, from its start. */
  readonly timeoutMs: number;
  readonly limits: SecondaryLimits;
  /** Whether a write that failed with this error may have been done all the same. */
  readonly isAmbiguous: (error: unknown) => boolean;
}

/** What a write goes by. */
export interface WriteKeys {
  /** What both versions know the write by; unset where the operation's function failed. */
  readonly idempotencyKey: string | undefined;
  /** What it changes, the idempotency key at the least. */
  readonly key: string;
  /** The key's place in the ramp. */
  readonly bucket: number;
}

/** Milliseconds beyond the invocation's end after which nothing of it can still be on its way. */
const GRACE_MS = 60_000;

/** Milliseconds that the intent has to be stored, however little time is left. */
const MIN_BEGIN_MS = 50;

/** 128 bits of SHA-256 tell any two keys apart. */
const SUBJECT_CHARACTERS = 32;

const LATE = "it ended when it was long due, and others may have come in between";

/** Why a secondary that the plan has is not called. */
type Skip = "SkippedForTime" | "SkippedForArguments" | "SkippedByBreaker" | "SkippedByCap";

const BECAUSE: Readonly<Record<Skip, string>> = {
  SkippedForTime: "the secondary was not called: the invocation's time was over",
  SkippedForArguments:
    "the secondary was not called: no copy of the arguments, or no idempotency key",
  SkippedByBreaker: "the secondary was not called: its breaker was open",
  SkippedByCap: "the secondary was not called: too many were in flight",
};

/**
 * A write of both versions. Its intent is stored before the primary runs, so that whatever happens from
 * then on, a repair pass finds what was left half done. The caller holds {@link answer}, which settles
 * as the primary does; the secondary runs after that, in the order of the primaries.
 */
export class DualWrite implements Pending {
  readonly answer: Promise<unknown>;
  readonly #site: CallSite;
  readonly #repairs: RepairBook;
  readonly #plan: DoublePlan;
  readonly #rules: WriteRules;
  readonly #keys: WriteKeys;
  readonly #args: CallArguments;
  /** The arguments as they were, where they can be made again. */
  readonly #replay: Uint8Array | undefined;
  readonly #time = Date.now();
  readonly #sequence: number;
  readonly #repair: Repair;
  /** Resolves when the secondary's time is over. */
  readonly #timeIsUp = Promise.withResolvers<void>();
  /** Resolves when the invocation's time is over. */
  readonly #abandoned = Promise.withResolvers<void>();
  /** Resolves when all is done, the book-keeping included. */
  readonly #done = Promise.withResolvers<void>();
  /** Whether the secondary's time is running, for how long the primary takes is the caller's business. */
  #timed = false;
  #isTimeUp = false;
  /** In epoch milliseconds. */
  #primarySettledAt: number | undefined;
  #isLeft = false;
  #comparing: Promise<void> | undefined;
  #dueAt: number;

  constructor(
    site: CallSite,
    plan: DoublePlan,
    rules: WriteRules,
    keys: WriteKeys,
    args: readonly unknown[],
    repairs: RepairBook,
  ) {
    this.#site = site;
    this.#repairs = repairs;
    this.#plan = plan;
    this.#rules = rules;
    this.#keys = keys;
    this.#args = argumentsFor(args, rules.maxCopied);
    this.#replay = replayOf(this.#args);
    this.#sequence = site.invocation.nextSequence();
    this.#repair = this.#intent();
    this.#dueAt = performance.now() + rules.timeoutMs;
    site.invocation.began(this);
    this.answer = this.#run();
  }

  get dueAt(): number {
    return this.#dueAt;
  }

  timeOut(): void {
    if (!this.#timed) return;
    this.#isTimeUp = true;
    this.#timeIsUp.resolve();
  }

  abandon(): Promise<void> | undefined {
    this.#timed = true;
    this.timeOut();
    this.#abandoned.resolve();
    if (this.#primarySettledAt !== undefined) return this.#done.promise;
    // How long the primary takes is not for us to wait out; its intent is what stays.
    this.#args.signals?.release();
    this.#countLeft();
    return undefined;
  }

  /** The answer: the primary's very value, or its very error. */
  async #run(): Promise<unknown> {
    const { invocation, tally, writes } = this.#site;
    const mirrored = Promise.withResolvers<void>();
    const { id, subject } = this.#repair;
    const turn: Turn = {
      id,
      subject,
      startedAt: Infinity,
      settledAt: Infinity,
      mirrored: mirrored.promise,
    };
    // Before the intent is stored: a write that ends meanwhile finds it, and has to know it.
    writes.began(turn);
    const limitMs = Math.max(MIN_BEGIN_MS, invocation.budgetMs / 2);
    const entered = await this.#repairs.begin(this.#repair, limitMs);
    if (entered === "diverted") tally.count("RepairsDiverted");
    turn.startedAt = performance.now();
    const { attempt, settled } = this.#start("primary", this.#primaryArguments());
    const end = await settled;
    this.#primarySettledAt = Date.now();
    this.#args.signals?.release();
    if (end.status === "failed") {
      this.#follow(this.#primaryFailed(end));
    } else {
      // A copy, before the caller can change it.
      const answered = detached(end, this.#rules.maxCopied) as Answered;
      const mirroring = this.#mirror(answered, turn, writes.settled(turn));
      // What comes next waits for the secondary and the book, and not for a comparison.
      this.#follow(mirroring.finally(mirrored.resolve).then(() => this.#comparing));
    }
    return attempt.promise;
  }

  /**
   * The caller's very arguments, which some adapters fill in; or what they were, if the caller has
   * changed them while the intent was being stored.
   */
  #primaryArguments(): readonly unknown[] {
    const { primary, recorded } = this.#args;
    return this.#replay === undefined || isSame(primary, recorded)
      ? primary
      : replayed(this.#replay);
  }

  #start(role: "primary" | "secondary", args: readonly unknown[]) {
    const { promise: settled, resolve } = Promise.withResolvers<Answered | Failed>();
    const attempt = new Attempt(
      this.#site,
      this.#plan[role],
      role,
      args,
      { now: this.#time, settled: (_, end) => resolve(end) },
      this.#keys.idempotencyKey,
    );
    return { attempt, settled };
  }

  #follow(work: Promise<void>): void {
    void work.finally(() => {
      this.#done.resolve();
      this.#site.invocation.ended(this);
    });
  }

  async #primaryFailed(end: Failed): Promise<void> {
    if (this.#isAmbiguous(end.error)) await this.#stay("ambiguous", messageOf(end.error), [end]);
    else await this.#repairs.cancel(this.#repair);
  }

  #isAmbiguous(error: unknown): boolean {
    try {
      const answer: unknown = this.#rules.isAmbiguous(error);
      // An async function, by mistake: what it rejects with must not go unhandled.
      if (answer instanceof Promise) answer.catch(() => {});
      return Boolean(answer);
    } catch {
      return true;
    }
  }

  /**
   * Has the secondary do what the primary has done.
   *
   * @param before settles when the secondary has what the primary had before.
   */
  async #mirror(
    primary: Answered,
    turn: Turn,
    before: Promise<unknown> | undefined,
  ): Promise<void> {
    if (before !== undefined) {
      this.#watch(this.#site.invocation.budgetMs);
      await Promise.race([before, this.#timeIsUp.promise]);
    }
    const skip = this.#reasonToSkip();
    if (skip !== undefined) {
      this.#site.tally.count(skip);
      await this.#stay("secondary-failed", BECAUSE[skip], [primary]);
      return;
    }
    const secondary = await this.#runSecondary();
    this.#comparing = this.#compare(primary, secondary);
    // What comes next waits for this too: where this write stays, the next one must find it so.
    await this.#keepBook(primary, secondary, turn);
  }

  #reasonToSkip(): Skip | undefined {
    if (this.#isTimeUp || this.#site.invocation.budgetMs <= 0) return "SkippedForTime";
    if ("notCopied" in this.#args.recorded || this.#keys.idempotencyKey === undefined) {
      return "SkippedForArguments";
    }
    return this.#rules.limits.refusal();
  }

  async #runSecondary(): Promise<Settlement> {
    this.#rules.limits.started();
    const { attempt, settled } = this.#start("secondary", this.#args.secondary);
    this.#watch(Math.min(this.#rules.timeoutMs, this.#site.invocation.budgetMs));
    const end = await Promise.race([settled, this.#timeIsUp.promise]);
    if (end !== undefined) return end;
    attempt.giveUp("the secondary's time is over");
    return { status: "timed-out", durationMs: attempt.elapsedMs };
  }

  #watch(ms: number): void {
    this.#timed = true;
    // A context that is not Lambda's may have more time than a timer can be set to.
    this.#dueAt = performance.now() + Math.min(ms, LONGEST_INVOCATION_MS);
    this.#site.invocation.watch(this);
  }

  async #keepBook(primary: Answered, secondary: Settlement, turn: Turn): Promise<void> {
    const { writes } = this.#site;
    switch (secondary.status) {
      case "answered": {
        if (this.#isLate) {
          await this.#stay("secondary-failed", LATE, [primary, secondary]);
          break;
        }
        const removed = await this.#repairs.finish(this.#repair, (id) => writes.follows(id, turn));
        if (removed) break;
        this.#countLeft();
        if (removed === false) await this.#repairs.overlapped(this.#ended);
        break;
      }
      case "failed":
        await this.#stay("secondary-failed", messageOf(secondary.error), [primary, secondary]);
        break;
      case "timed-out":
        await this.#stay("secondary-failed", "the secondary did not settle in its time", [primary]);
        break;
    }
  }

  /** @param ends what the reason may quote from. */
  async #stay(state: RepairState, reason: string, ends: readonly Settlement[]): Promise<void> {
    this.#countLeft();
    const { recorded } = this.#args;
    const { text } = redactWrite(this.#rules.redact, { args: recorded, text: reason, ends });
    const entered = await this.#repairs.stay(this.#ended, state, text, this.#isLate);
    if (entered === "diverted") this.#site.tally.count("RepairsDiverted");
  }

  /** The repair of a write whose primary has settled. */
  get #ended(): Repair {
    return { ...this.#repair, endedAt: this.#primarySettledAt };
  }

  /** Whether a repair pass may have been at it, as in an environment that was frozen meanwhile. */
  get #isLate(): boolean {
    return Date.now() >= this.#repair.dueAt;
  }

  #countLeft(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#site.tally.count("RepairsLeft");
  }

  async #compare(primary: Answered, secondary: Settlement): Promise<void> {
    const { mode, primary: primaryVersion } = this.#plan;
    const judgement = await Promise.race([
      judge(this.#rules.comparator, primaryVersion, primary, secondary),
      this.#abandoned.promise.then(() => notCompared("the comparison did not finish in its time")),
    ]);
    this.#rules.limits.ended(judgement.outcome);
    if (this.#site.invocation.sealed) return;
    conclude(this.#site, judgement, { weight: 1, redact: this.#rules.redact }, () => ({
      ...judgement,
      mode,
      sequence: this.#sequence,
      time: this.#time,
      primary: primaryVersion,
      fallback: false,
      v1: primaryVersion === "v1" ? primary : secondary,
      v2: primaryVersion === "v1" ? secondary : primary,
      arguments: this.#args.recorded,
    }));
  }

  #intent(): Repair {
    const { invocation, migration, operation, documentVersion } = this.#site;
    const { idempotencyKey, key, bucket } = this.#keys;
    const { recorded } = this.#args;
    const kept = redactWrite(this.#rules.redact, { args: recorded, text: idempotencyKey ?? "" });
    // What is to be redacted can't be kept for another run; half a key would be that of other writes.
    const isKeyWhole = kept.text === (idempotencyKey ?? "");
    const isWhole = isKeyWhole && isSame(kept.args, recorded);
    const leftMs = Math.max(0, Math.min(invocation.budgetMs, LONGEST_INVOCATION_MS));
    return {
      id: `${invocation.requestId}#${operation}#${this.#sequence}#${crypto.randomUUID()}`,
      migration,
      operation,
      mode: this.#plan.mode,
      documentVersion,
      requestId: invocation.requestId,
      time: this.#time,
      dueAt: this.#time + leftMs + GRACE_MS,
      endedAt: undefined,
      primary: this.#plan.primary,
      idempotencyKey: isKeyWhole ? idempotencyKey : undefined,
      subject: hash("sha256", `${migration}\0${key}`).slice(0, SUBJECT_CHARACTERS),
      bucket,
      arguments: kept.args,
      replay: isWhole ? this.#replay : undefined,
    };
  }
}
