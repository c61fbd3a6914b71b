import type { Comparator } from "../comparison/index.ts";
import { messageOf } from "../logger.ts";
import type { CallArguments } from "./arguments.ts";
import { Attempt, type AttemptOwner } from "./attempt.ts";
import type { CalibrationRules } from "./calibration.ts";
import type { CallSite } from "./call-site.ts";
import { afterCallersTurn } from "./callers-turn.ts";
import { performance } from "./clock.ts";
import type { Comparison } from "./comparison.ts";
import { conclude, type Particulars } from "./conclude.ts";
import type { Pending } from "./invocation.ts";
import { judge, notCompared, type Judgement } from "./judge.ts";
import type { DoublePlan } from "./plan.ts";
import type { SecondaryLimits } from "./secondary-limits.ts";
import { detached, type Settlement } from "./settlement.ts";

/** How an operation's reads run, fixed when the migration is defined. */
export interface ReadRules {
  readonly comparator: Comparator;
  /** Whether functions of the user's take part in comparing, which may change what they are given. */
  readonly hasUserCode: boolean;
  /** Whether the secondary starts right after the primary, or when the primary has settled. */
  readonly order: "parallel" | "primary-first";
  /** Milliseconds that the secondary has, from its start. */
  readonly timeoutMs: number;
  /** Milliseconds after which a primary that has a fallback counts as failed; none if unset. */
  readonly primaryTimeoutMs: number | undefined;
  readonly limits: SecondaryLimits;
  readonly calibration: CalibrationRules;
  /** Values of an answer, or of the arguments, that are copied at the most. */
  readonly maxCopied: number;
  /** Takes out of a comparison what must not leave the process. */
  readonly redact: ((comparison: Comparison) => Comparison) | undefined;
}

/** Why a secondary that the plan has is not called. */
export type Skip =
  | "SkippedBySampling"
  | "SkippedForTime"
  | "SkippedForArguments"
  | "SkippedAfterResponse"
  | "SkippedByBreaker"
  | "SkippedByCap";

/**
 * A read of both versions, from its start to its comparison. The caller holds {@link answer} alone, and
 * that depends on the secondary only where the plan has a fallback and the primary has failed.
 */
export class DoubleRead implements Pending, AttemptOwner {
  readonly answer: Promise<unknown>;
  dueAt: number;
  readonly #site: CallSite;
  readonly #plan: DoublePlan;
  readonly #rules: ReadRules;
  readonly #args: CallArguments;
  /** Why the secondary runs only if the primary fails, where it does. */
  readonly #skip: Skip | undefined;
  #time: number | undefined;
  readonly #sequence: number;
  readonly #primary: Attempt;
  #secondary: Attempt | undefined;
  #primaryEnd: Settlement | undefined;
  #secondaryEnd: Settlement | undefined;
  #primaryTimer: NodeJS.Timeout | undefined;
  /** Whether `#primaryEnd` is independent of what the caller holds. */
  #detached = false;
  /** Whether both ends are known, or one and that the other will never be. */
  #finished = false;
  #recorded = false;
  /** Whether the secondary waits for its turn. */
  #isWaiting = false;
  #resolveAnswer: ((answer: unknown) => void) | undefined;

  constructor(
    site: CallSite,
    plan: DoublePlan,
    rules: ReadRules,
    args: CallArguments,
    skip: Skip | undefined,
  ) {
    this.#site = site;
    this.#plan = plan;
    this.#rules = rules;
    this.#args = args;
    this.#skip = skip;
    this.#sequence = site.invocation.nextSequence();
    site.invocation.began(this);
    this.#primary = new Attempt(site, plan.primary, "primary", args.primary, this);
    this.dueAt = this.#primary.startedAt + rules.timeoutMs;
    if (plan.fallback) {
      this.answer = new Promise((resolve) => (this.#resolveAnswer = resolve));
      if (rules.primaryTimeoutMs !== undefined) {
        this.#primaryTimer = setTimeout(() => this.#timeOutPrimary(), rules.primaryTimeoutMs);
      }
    }
    if (skip === undefined && rules.order === "parallel") this.#startSecondary();
    // Attached after the secondary's own reaction: when both have settled by the time the caller
    // could look, they have been compared by then, and there is nothing to copy.
    this.answer ??= this.#primary.promise.then(
      (value) => {
        this.#detach();
        return value;
      },
      (error: unknown) => {
        this.#detach();
        throw error;
      },
    );
  }

  /** When the call began, in epoch milliseconds: worked out only if somebody wants to know. */
  get now(): number {
    // A primary that asks does so while it is being started.
    const primary: Attempt | undefined = this.#primary;
    return (this.#time ??= Math.round(Date.now() - (primary?.elapsedMs ?? 0)));
  }

  settled(attempt: Attempt, end: Settlement): void {
    if (attempt === this.#primary) this.#endPrimary(end);
    else this.#endSecondary(end);
  }

  #startSecondaryLater(): void {
    this.#isWaiting = true;
    this.dueAt = performance.now() + this.#rules.timeoutMs;
    afterCallersTurn(() => {
      this.#isWaiting = false;
      if (!this.#finished) this.#startSecondary();
    });
  }

  /** Starts the secondary, once it has what this invocation has written before. */
  #startSecondary(): void {
    const { underWay } = this.#site.writes;
    if (underWay === undefined) {
      this.#startSecondaryNow();
      return;
    }
    this.#isWaiting = true;
    void underWay.then(() => {
      this.#isWaiting = false;
      if (!this.#finished) this.#startSecondaryNow();
    });
  }

  #startSecondaryNow(): void {
    const { invocation, tally } = this.#site;
    const { limits, timeoutMs } = this.#rules;
    const limitMs = Math.min(timeoutMs, invocation.budgetMs);
    // It was let through, but others may have started since. Nothing keeps a fallback from stepping in.
    const isExtra = !this.#plan.fallback || this.#primaryEnd?.status === "answered";
    if (limitMs <= 0 || (isExtra && limits.isFull)) {
      tally.count(limitMs <= 0 ? "SkippedForTime" : "SkippedByCap");
      this.#withoutSecondary();
      return;
    }
    limits.started();
    const { secondary: version } = this.#plan;
    const { secondary: args } = this.#args;
    this.#secondary = new Attempt(this.#site, version, "secondary", args, this);
    this.dueAt = this.#secondary.startedAt + limitMs;
    invocation.watch(this);
  }

  #endPrimary(end: Settlement): void {
    if (this.#finished || this.#primaryEnd !== undefined) return;
    clearTimeout(this.#primaryTimer);
    this.#args.signals?.release();
    this.#primaryEnd = end;
    if (this.#rules.hasUserCode) this.#detach();
    if (end.status === "answered" && this.#resolveAnswer !== undefined) {
      // One turn later, for the same reason that the answer without a fallback has reactions.
      queueMicrotask(() => {
        this.#detach();
        this.#resolveAnswer!(this.#primary.promise);
      });
    }
    if (this.#isWaiting) return;
    if (this.#secondary === undefined) {
      const skip = this.#site.invocation.closed ? "SkippedAfterResponse" : this.#skip;
      const isFallback = this.#plan.fallback && end.status !== "answered";
      if (skip !== undefined && !isFallback) {
        this.#site.tally.count(skip);
        this.#withoutSecondary();
      } else if (end.status === "answered") {
        this.#startSecondaryLater();
      } else {
        this.#startSecondary();
      }
    } else if (this.#secondaryEnd !== undefined) {
      this.#finish(this.#secondaryEnd);
    }
  }

  #endSecondary(end: Settlement): void {
    if (this.#secondaryEnd !== undefined) return;
    this.#secondaryEnd = end;
    if (this.#primaryEnd !== undefined) this.#finish(end);
  }

  #timeOutPrimary(): void {
    this.#endPrimary({ status: "timed-out", durationMs: this.#primary.elapsedMs });
  }

  timeOut(): void {
    if (this.#secondary === undefined || this.#secondaryEnd !== undefined) return;
    this.#secondary.giveUp("the secondary's time is over");
    this.#endSecondary({ status: "timed-out", durationMs: this.#secondary.elapsedMs });
  }

  /** Makes the primary's end independent of the caller, before the caller has it. */
  #detach(): void {
    if (this.#detached || this.#recorded || this.#primaryEnd === undefined) return;
    this.#detached = true;
    this.#primaryEnd = detached(this.#primaryEnd, this.#rules.maxCopied);
  }

  /** The primary is alone after all: there is its own answer, and nothing to compare. */
  #withoutSecondary(): void {
    this.#finished = true;
    this.#recorded = true;
    if (this.#skip === undefined) this.#rules.limits.released();
    if (this.#primaryEnd?.status !== "answered") this.#resolveAnswer?.(this.#primary.promise);
    this.#site.invocation.ended(this);
  }

  abandon(): void {
    if (this.#recorded) return;
    clearTimeout(this.#primaryTimer);
    this.#args.signals?.release();
    if (this.#primaryEnd === undefined) this.#primary.giveUp("the invocation is over");
    if (this.#secondary === undefined) {
      this.#site.tally.count(this.#skip ?? "SkippedAfterResponse");
      this.#withoutSecondary();
      return;
    }
    if (!this.#finished) {
      if (this.#secondaryEnd === undefined) {
        this.#secondary.giveUp("the invocation is over");
        this.#secondaryEnd = { status: "timed-out", durationMs: this.#secondary.elapsedMs };
      }
      this.#finish(this.#secondaryEnd);
    }
    this.#record(notCompared("the comparison did not finish in its time"));
  }

  #finish(secondary: Settlement): void {
    this.#finished = true;
    if (this.#primaryEnd?.status !== "answered" && this.#resolveAnswer !== undefined) {
      if (secondary.status === "answered" && this.#primaryEnd !== undefined) {
        this.#site.tally.count("Fallbacks");
        // The caller gets the original from here on.
        this.#secondaryEnd = detached(secondary, this.#rules.maxCopied);
        this.#resolveAnswer(this.#secondary!.promise);
        this.#primary.giveUp("the fallback has answered");
      } else {
        // V1 has no answer, so V2's own is the caller's, however slow.
        this.#resolveAnswer(this.#primary.promise);
      }
    }
    const judging = this.#judge();
    if (judging instanceof Promise) void judging.then((judgement) => this.#record(judgement));
    else this.#record(judging);
  }

  #judge(): Judgement | Promise<Judgement> {
    try {
      const { comparator } = this.#rules;
      return judge(comparator, this.#plan.primary, this.#primaryEnd, this.#secondaryEnd!);
    } catch (error) {
      // Nothing in there throws; if something does all the same, it is no business of the caller's.
      return notCompared(messageOf(error));
    }
  }

  #record(judgement: Judgement): void {
    if (this.#recorded) return;
    const { invocation, secondaryShare } = this.#site;
    const { fallback } = this.#plan;
    const failed = this.#primaryEnd !== undefined && this.#primaryEnd.status !== "answered";
    this.#rules.limits.ended(judgement.outcome);
    if (invocation.sealed) {
      this.#recorded = true;
      return;
    }
    // A failing primary that has a fallback calls the secondary whether it was drawn or not, so such a
    // comparison stands for itself alone.
    const weight = fallback && failed ? 1 : 1 / secondaryShare;
    const { redact } = this.#rules;
    conclude(this.#site, judgement, { weight, redact }, () => this.#particulars(judgement));
    this.#recorded = true;
    invocation.ended(this);
  }

  #particulars(judged: Judgement): Particulars {
    const { mode, primary, fallback } = this.#plan;
    let judgement = judged;
    if (!this.#detached && this.#primaryEnd !== undefined) {
      // It is to be kept, differences and all, so it has to be of the copy.
      this.#detach();
      const again = this.#judge();
      if (!(again instanceof Promise)) {
        judgement = { ...again, outcome: judged.outcome, signature: judged.signature };
      }
    }
    const primaryEnd = this.#primaryEnd;
    const secondaryEnd = this.#secondaryEnd!;
    return {
      ...judgement,
      mode,
      sequence: this.#sequence,
      time: this.now,
      primary,
      fallback:
        fallback &&
        primaryEnd !== undefined &&
        primaryEnd.status !== "answered" &&
        secondaryEnd.status === "answered",
      v1: primary === "v1" ? primaryEnd : secondaryEnd,
      v2: primary === "v1" ? secondaryEnd : primaryEnd,
      arguments: this.#args.recorded,
    };
  }
}
