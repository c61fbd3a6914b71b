import { comparator, type Comparator, type CompareRules } from "../comparison/index.ts";
import { messageOf } from "../logger.ts";
import { Tally } from "../metrics/tally.ts";
import type { Version } from "../mode/mode.ts";
import { argumentsFor, type CallArguments } from "./arguments.ts";
import { Attempt, type AttemptOwner } from "./attempt.ts";
import type { CallSite } from "./call-site.ts";
import { afterCallersTurn } from "./callers-turn.ts";
import { performance } from "./clock.ts";
import { keep } from "./conclude.ts";
import type { ReadRules } from "./double-read.ts";
import type { Pending } from "./invocation.ts";
import { judge, notCompared, type Judgement } from "./judge.ts";
import { isAgreement } from "./outcome.ts";
import type { Plan } from "./plan.ts";
import type { SecondaryLimits } from "./secondary-limits.ts";
import { detached, type Settlement } from "./settlement.ts";

/** How an operation's calibrations run, fixed when the migration is defined. */
export interface CalibrationRules {
  /** For each version that may be the primary, what compares two answers of it. */
  readonly comparators: Readonly<Record<Version, Comparator>>;
  /** The cap on second runs in flight. They have no breaker. */
  readonly limits: SecondaryLimits;
}

/** An operation's rules for two answers of one version, which are both normalized as that version's. */
export function selfComparators(rules: CompareRules = {}): CalibrationRules["comparators"] {
  const { v1, v2 } = rules.normalize ?? {};
  return {
    v1: comparator({ ...rules, normalize: { v1, v2: v1 } }),
    v2: comparator({ ...rules, normalize: { v1: v2, v2 } }),
  };
}

/**
 * Has the primary of a read that was drawn for it called once more, and compared with itself.
 *
 * @param weight how many reads the calibration stands for.
 * @returns where the read is to run: its primary is followed from there, and its answer is the very same.
 */
export function calibrated(
  site: CallSite,
  plan: Plan,
  rules: ReadRules,
  args: readonly unknown[],
  weight: number,
): CallSite {
  const { invocation, versions } = site;
  const refused = invocation.closed || rules.calibration.limits.refusal() !== undefined;
  const given = refused ? undefined : argumentsFor(args, rules.maxCopied);
  if (given === undefined || "notCopied" in given.recorded) {
    site.tally.count("CalibrationsSkipped");
    return site;
  }
  const calibration = new Calibration(site, plan, rules, given, weight);
  const { primary } = plan;
  return {
    ...site,
    versions: {
      ...versions,
      [primary]: (...run: Parameters<(typeof versions)[Version]>) => {
        const promise = versions[primary](...run);
        calibration.follow(promise);
        return promise;
      },
    },
  };
}

/**
 * A second run of a read's primary, from its start to what it comes to beside the first. The caller has
 * the first run's promise, and nothing here touches that.
 */
class Calibration implements Pending, AttemptOwner {
  dueAt = 0;
  readonly #site: CallSite;
  readonly #plan: Plan;
  readonly #rules: ReadRules;
  readonly #args: CallArguments;
  readonly #weight: number;
  readonly #sequence: number;
  /** When the call began, in epoch milliseconds. */
  readonly now = Date.now();
  readonly #startedAt = performance.now();
  #second: Attempt | undefined;
  #firstEnd: Settlement | undefined;
  #secondEnd: Settlement | undefined;
  /** Whether both ends are known, or one and that the other will never be. */
  #finished = false;
  #recorded = false;

  constructor(site: CallSite, plan: Plan, rules: ReadRules, args: CallArguments, weight: number) {
    this.#site = site;
    this.#plan = plan;
    this.#rules = rules;
    this.#args = args;
    this.#weight = weight;
    this.#sequence = site.invocation.nextCalibration();
  }

  /** Takes the run that the caller waits for as the first one, before the caller has its promise. */
  follow(first: Promise<unknown>): void {
    this.dueAt = this.#startedAt + this.#rules.timeoutMs;
    this.#site.invocation.began(this);
    const durationMs = () => performance.now() - this.#startedAt;
    first.then(
      (value) => this.#endFirst({ status: "answered", durationMs: durationMs(), value }),
      (error: unknown) => this.#endFirst({ status: "failed", durationMs: durationMs(), error }),
    );
    if (this.#rules.order === "parallel") this.#startSecond();
  }

  #startSecondLater(): void {
    this.dueAt = performance.now() + this.#rules.timeoutMs;
    afterCallersTurn(() => {
      if (!this.#recorded) this.#startSecond();
    });
  }

  #startSecond(): void {
    const { migration, operation, invocation } = this.#site;
    const limitMs = Math.min(this.#rules.timeoutMs, invocation.budgetMs);
    const { limits } = this.#rules.calibration;
    if (limitMs <= 0 || limits.isFull) return this.#skip();
    limits.started();
    // No caller has asked for this run, so it is none of the version's calls, errors or latencies.
    const uncounted = { ...this.#site, tally: new Tally(migration, operation) };
    this.#second = new Attempt(
      uncounted,
      this.#plan.primary,
      "secondary",
      this.#args.secondary,
      this,
    );
    this.dueAt = this.#second.startedAt + limitMs;
    invocation.watch(this);
  }

  #endFirst(end: Settlement): void {
    this.#args.signals?.release();
    if (this.#finished || this.#recorded) return;
    // The caller gets the original from here on.
    this.#firstEnd = detached(end, this.#rules.maxCopied);
    if (this.#second === undefined) {
      if (this.#site.invocation.closed) this.#skip();
      else this.#startSecondLater();
    } else if (this.#secondEnd !== undefined) {
      this.#finish();
    }
  }

  settled(_second: Attempt, end: Settlement): void {
    this.#endSecond(end);
  }

  #endSecond(end: Settlement): void {
    if (this.#secondEnd !== undefined) return;
    // Nor may the comparison see the original of this one: a version that caches gives the caller's.
    this.#secondEnd = detached(end, this.#rules.maxCopied);
    if (this.#firstEnd !== undefined) this.#finish();
  }

  timeOut(): void {
    if (this.#second === undefined || this.#secondEnd !== undefined) return;
    this.#second.giveUp("the second run's time is over");
    this.#endSecond({ status: "timed-out", durationMs: this.#second.elapsedMs });
  }

  abandon(): void {
    if (this.#recorded) return;
    this.#args.signals?.release();
    if (this.#second === undefined) return this.#skip();
    if (!this.#finished) {
      if (this.#secondEnd === undefined) {
        this.#second.giveUp("the invocation is over");
        this.#secondEnd = { status: "timed-out", durationMs: this.#second.elapsedMs };
      }
      this.#finish();
    }
    this.#record(notCompared("the calibration did not finish in its time"));
  }

  /** There is no second run after all, and nothing to compare. */
  #skip(): void {
    this.#recorded = true;
    this.#site.tally.count("CalibrationsSkipped");
    this.#site.invocation.ended(this);
  }

  #finish(): void {
    this.#finished = true;
    const judging = this.#judge();
    if (judging instanceof Promise) void judging.then((judgement) => this.#record(judgement));
    else this.#record(judging);
  }

  #judge(): Judgement | Promise<Judgement> {
    try {
      const own = this.#rules.calibration.comparators[this.#plan.primary];
      // The first run stands where V1 does in a comparison, and the second one where V2 does.
      return judge(own, "v1", this.#firstEnd, this.#secondEnd!);
    } catch (error) {
      // Nothing in there throws; if something does all the same, it is no business of the caller's.
      return notCompared(messageOf(error));
    }
  }

  #record(judgement: Judgement): void {
    if (this.#recorded) return;
    this.#recorded = true;
    const { invocation, tally } = this.#site;
    this.#rules.calibration.limits.ended(judgement.outcome);
    tally.count("Calibrations", this.#weight);
    if (!isAgreement(judgement.outcome)) this.#keep(judgement);
    invocation.ended(this);
  }

  #keep(judgement: Judgement): void {
    const { outcome, signature } = judgement;
    const { mode, primary } = this.#plan;
    const weight = this.#weight;
    this.#site.tally.count("NoisyCalibrations", weight);
    // Apart from the comparisons that came to the same, so that neither takes the other's place.
    const cappedAs = `calibration ${signature}`;
    keep(this.#site, { outcome, cappedAs, weight, redact: this.#rules.redact }, () => ({
      ...judgement,
      mode,
      sequence: this.#sequence,
      time: this.now,
      primary,
      calibration: true,
      fallback: false,
      v1: this.#firstEnd,
      v2: this.#secondEnd,
      arguments: this.#args.recorded,
    }));
  }
}
