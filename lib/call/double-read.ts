import type { Comparator } from "../comparison/index.ts";
import { Attempt } from "./attempt.ts";
import type { CallSite } from "./call-site.ts";
import type { Comparison } from "./comparison.ts";
import type { Pending } from "./invocation.ts";
import { judge, notCompared, type Judgement } from "./judge.ts";
import { OUTCOMES } from "./outcome.ts";
import { detach, type Settlement } from "./settlement.ts";

/** How an operation's reads run, fixed when the migration is defined. */
export interface ReadRules {
  readonly comparator: Comparator;
  /** Whether the secondary starts right after the primary, or when the primary has settled. */
  readonly order: "parallel" | "primary-first";
  /** Milliseconds that the secondary has, from its start. */
  readonly timeoutMs: number;
  /** Milliseconds after which a primary that has a fallback counts as failed; none if unset. */
  readonly primaryTimeoutMs: number | undefined;
}

/** What a caller gets when V2 was too slow and V1 had no answer. */
export class PrimaryTimeoutError extends Error {
  override readonly name = "PrimaryTimeoutError";
}

/** Why a secondary that the plan has is not called. */
export type Skip =
  "SkippedBySampling" | "SkippedForTime" | "SkippedForArguments" | "SkippedAfterResponse";

/**
 * A read of both versions, from its start to its comparison. The caller holds {@link answer} alone, and
 * that depends on the secondary only where the plan has a fallback and the primary has failed.
 */
export class DoubleRead implements Pending {
  readonly answer: Promise<unknown>;
  readonly done: Promise<void>;
  dueAt: number;
  readonly #site: CallSite;
  readonly #rules: ReadRules;
  /** Why the secondary runs only if the primary fails, where it does. */
  readonly #skip: Skip | undefined;
  readonly #secondaryArgs: readonly unknown[];
  readonly #recordedArgs: Comparison["arguments"];
  readonly #time = Date.now();
  readonly #primary: Attempt;
  #secondary: Attempt | undefined;
  #primaryEnd: Settlement | undefined;
  #secondaryEnd: Settlement | undefined;
  #primaryTimer: NodeJS.Timeout | undefined;
  #secondaryTimer: NodeJS.Timeout | undefined;
  #finished = false;
  #resolveDone!: () => void;
  #resolveAnswer: ((answer: unknown) => void) | undefined;
  #abandonJudgement: ((judgement: Judgement) => void) | undefined;

  constructor(
    site: CallSite,
    rules: ReadRules,
    skip: Skip | undefined,
    secondaryArgs: readonly unknown[],
    recordedArgs: Comparison["arguments"],
  ) {
    this.#site = site;
    this.#rules = rules;
    this.#skip = skip;
    this.#secondaryArgs = secondaryArgs;
    this.#recordedArgs = recordedArgs;
    this.dueAt = performance.now() + rules.timeoutMs;
    this.done = new Promise((resolve) => (this.#resolveDone = resolve));
    const { plan } = site;
    this.#primary = new Attempt(
      site,
      { version: plan.primary, role: "primary", args: site.args, now: () => this.#time },
      (end) => this.#endPrimary(end.status === "answered" ? detach(end) : end),
    );
    if (skip === undefined && rules.order === "parallel") this.#startSecondary();
    if (plan.fallback) {
      this.answer = new Promise((resolve) => (this.#resolveAnswer = resolve));
      if (rules.primaryTimeoutMs !== undefined) {
        this.#primaryTimer = setTimeout(() => this.#timeOutPrimary(), rules.primaryTimeoutMs);
      }
    } else {
      this.answer = this.#primary.promise;
    }
    site.invocation.track(this);
  }

  #startSecondary(): void {
    const { invocation, plan, tally } = this.#site;
    const limitMs = Math.min(this.#rules.timeoutMs, invocation.budgetMs);
    if (limitMs <= 0) {
      tally.count("SkippedForTime");
      this.#withoutSecondary();
      return;
    }
    this.dueAt = performance.now() + limitMs;
    this.#secondaryTimer = setTimeout(() => this.#timeOutSecondary(), limitMs);
    this.#secondary = new Attempt(
      this.#site,
      {
        version: plan.secondary!,
        role: "secondary",
        args: this.#secondaryArgs,
        now: () => this.#time,
      },
      (end) => this.#endSecondary(end),
    );
  }

  #endPrimary(end: Settlement): void {
    if (this.#finished || this.#primaryEnd !== undefined) return;
    clearTimeout(this.#primaryTimer);
    this.#primaryEnd = end;
    if (end.status === "answered") this.#resolveAnswer?.(this.#primary.promise);
    if (this.#secondary === undefined) {
      if (this.#skip === undefined || end.status !== "answered") this.#startSecondary();
      else {
        this.#site.tally.count(this.#skip);
        this.#withoutSecondary();
      }
    } else if (this.#secondaryEnd !== undefined) {
      this.#finish();
    }
  }

  #endSecondary(end: Settlement): void {
    if (this.#secondaryEnd !== undefined) return;
    clearTimeout(this.#secondaryTimer);
    this.#secondaryEnd = end;
    if (this.#primaryEnd !== undefined) this.#finish();
  }

  #timeOutPrimary(): void {
    this.#endPrimary({ status: "timed-out", durationMs: this.#primary.elapsedMs });
  }

  #timeOutSecondary(): void {
    const secondary = this.#secondary!;
    secondary.giveUp("the secondary's time is over");
    this.#endSecondary({ status: "timed-out", durationMs: secondary.elapsedMs });
  }

  /** The primary is alone after all: there is its own answer, and nothing to compare. */
  #withoutSecondary(): void {
    this.#finished = true;
    this.#resolveAnswer?.(this.#primaryAnswer());
    this.#resolveDone();
  }

  /** The invocation is over: what has not settled by now has no answer. */
  abandon(): void {
    clearTimeout(this.#primaryTimer);
    clearTimeout(this.#secondaryTimer);
    if (this.#finished) {
      this.#abandonJudgement?.(notCompared("the comparison did not finish in its time"));
    } else if (this.#secondary === undefined) {
      this.#site.tally.count(this.#skip ?? "SkippedAfterResponse");
      this.#withoutSecondary();
    } else {
      if (this.#secondaryEnd === undefined) {
        this.#secondary.giveUp("the invocation is over");
        this.#secondaryEnd = { status: "timed-out", durationMs: this.#secondary.elapsedMs };
      }
      this.#finish();
    }
  }

  /** What the primary alone has to say to the caller, in the time that is left to it. */
  #primaryAnswer(): Promise<unknown> {
    const { promise } = this.#primary;
    if (this.#primaryEnd?.status !== "timed-out") return promise;
    // V1 has no answer, so a V2 that is only slow is the caller's best hope for as long as the call has.
    const leftMs = Math.max(0, this.#rules.timeoutMs - this.#primary.elapsedMs);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          const { operation } = this.#site;
          this.#primary.giveUp("the call's time is over");
          reject(new PrimaryTimeoutError(`${operation}: V2 was too slow and V1 had no answer`));
        },
        Math.min(leftMs, Math.max(0, this.#site.invocation.budgetMs)),
      );
      promise.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    const primary = this.#primaryEnd;
    const secondary = this.#secondaryEnd!;
    const { plan, tally } = this.#site;
    const fallback =
      plan.fallback &&
      primary !== undefined &&
      primary.status !== "answered" &&
      secondary.status === "answered";
    if (fallback) {
      tally.count("Fallbacks");
      // The caller gets the original from here on, so the record needs a copy.
      detach(secondary);
      this.#resolveAnswer?.(this.#secondary!.promise);
      this.#primary.giveUp("the fallback has answered");
    } else {
      this.#resolveAnswer?.(this.#primaryAnswer());
    }
    void this.#compare(primary, secondary, fallback).then(this.#resolveDone);
  }

  async #compare(
    primary: Settlement | undefined,
    secondary: Settlement,
    fallback: boolean,
  ): Promise<void> {
    const { plan, invocation, tally, secondaryShare } = this.#site;
    const [v1, v2] = plan.primary === "v1" ? [primary, secondary] : [secondary, primary];
    const judging = judge(this.#rules.comparator, { primary, secondary, v1, v2 });
    const judgement =
      judging instanceof Promise
        ? await Promise.race([
            judging,
            new Promise<Judgement>((resolve) => (this.#abandonJudgement = resolve)),
          ])
        : judging;
    // A failing primary that has a fallback calls the secondary whether it was sampled or not, so such
    // a comparison stands for itself alone.
    const certain = plan.fallback && primary?.status !== "answered";
    const weight = certain ? 1 : 1 / secondaryShare;
    tally.count("Comparisons", weight);
    const { metric, agreement } = OUTCOMES[judgement.outcome];
    tally.count(metric, weight);
    if (!agreement) tally.count("Disagreements", weight);
    invocation.comparisons.push({
      migration: this.#site.migration,
      operation: this.#site.operation,
      mode: plan.mode,
      documentVersion: this.#site.documentVersion,
      requestId: invocation.requestId,
      sequence: this.#site.sequence,
      time: this.#time,
      primary: plan.primary,
      fallback,
      v1,
      v2,
      arguments: this.#recordedArgs,
      weight,
      ...judgement,
    });
  }
}
