import type { CallSite } from "../call/call-site.ts";
import type { Comparison } from "../call/comparison.ts";
import { argumentsFor } from "../call/arguments.ts";
import { DoubleRead } from "../call/double-read.ts";
import { Invocation } from "../call/invocation.ts";
import type { DoublePlan } from "../call/plan.ts";
import { SecondaryLimits } from "../call/secondary-limits.ts";
import { WriteOrder } from "../call/write-order.ts";
import type { DefinedMigration } from "../migration.ts";
import type { ModeReading } from "../mode-source/mode-source.ts";
import type { CheckedRead } from "../operation.ts";
import type { ComparisonRecord } from "../records/record.ts";
import type { RepairBook } from "../records/repair-book.ts";
import { within } from "../time-limit.ts";
import { recordedArguments } from "./recorded.ts";
import { Undecided, verdictOn, type Verdict } from "./verdict.ts";

/** Milliseconds that one call may take, its comparison included. */
const CALL_MS = 20_000;

/** What a call is made again with. */
export interface ReplayOptions {
  readonly migration: DefinedMigration;
  /** What stands in the `Call` for a request id. */
  readonly requestId: string;
  /** Milliseconds that are left. */
  readonly remainingMs: () => number;
}

/**
 * Calls both versions of a recorded read again, the one that was the primary then as the primary. Nothing is
 * stored or counted, and no breaker keeps the secondary from being called.
 *
 * @throws {Undecided | NotDecodable} where it can't be called, or not be compared.
 */
export async function replayRead(
  record: ComparisonRecord,
  { rules }: CheckedRead,
  options: ReplayOptions,
): Promise<Verdict> {
  const { migration } = options;
  const { operation, primary } = record;
  const args = argumentsFor(recordedArguments(record), rules.maxCopied);
  if ("notCopied" in args.recorded) throw new Undecided("its arguments can't be copied");
  const invocation = newInvocation(options);
  const site: CallSite = {
    migration: migration.name,
    operation,
    documentVersion: record.documentVersion,
    secondaryShare: 1,
    unstoredFate: () => undefined,
    takeLeftOut: () => 0,
    versions: migration.versions,
    invocation,
    tally: invocation.tally(migration.name, operation),
    writes: new WriteOrder(),
  };
  const plan: DoublePlan =
    primary === "v1"
      ? { mode: "shadow", primary, secondary: "v2", fallback: false }
      : { mode: "reverse-shadow", primary, secondary: "v1", fallback: false };
  const unlimited = { ...rules, limits: new SecondaryLimits(NO_LIMITS) };
  const { answer } = new DoubleRead(site, plan, unlimited, args, undefined);
  return verdictOn(record, await comparisonOf(invocation, answer));
}

const NO_LIMITS = { maxInFlight: Infinity, breakAfter: undefined, probeAfterMs: 0 };

/** What a write is made again with: the mode in force, and the book that all dual writes are entered in. */
export interface WriteOptions extends ReplayOptions {
  readonly reading: ModeReading;
  readonly book: RepairBook;
}

/**
 * Makes a recorded dual write again, in every respect as a handler would, under the key that it had.
 *
 * @throws {Undecided | NotDecodable} where it can't be made, or not be compared.
 */
export async function replayWrite(
  record: ComparisonRecord,
  options: WriteOptions,
): Promise<Verdict> {
  const { migration, reading, book } = options;
  const args = recordedArguments(record);
  const { operation } = record;
  assertDual(reading);
  if (migration.idempotencyKey(operation, args) === undefined) {
    throw new Undecided("it has no idempotency key any more");
  }
  const invocation = newInvocation(options);
  const context = {};
  migration.pin(context, invocation, reading, { repairs: book, keepsAll: true });
  const answer = migration.client(context)[operation]!(...args);
  return verdictOn(record, await comparisonOf(invocation, answer));
}

/** @throws {Undecided} unless every write goes to both versions, in the mode and in its ramp. */
function assertDual({ document: { mode, ramp }, counts }: ModeReading): void {
  if (counts.includes("ModeDefaulted")) {
    throw new Undecided("the mode can't be read, so no write is made again");
  }
  for (const one of [mode, ramp?.mode ?? mode]) {
    if (one !== "shadow" && one !== "reverse-shadow") {
      throw new Undecided(
        `a write is not made again in the mode ${one}, which writes to one version`,
      );
    }
  }
}

/** One invocation a call, so that each has its own time and its own comparison. */
function newInvocation({ requestId, remainingMs }: ReplayOptions): Invocation {
  const endsAt = performance.now() + Math.min(CALL_MS, remainingMs());
  return new Invocation(requestId, () => endsAt - performance.now(), 0);
}

async function comparisonOf(invocation: Invocation, answer: Promise<unknown>): Promise<Comparison> {
  // How the primary ends is the comparison's to say.
  await within(
    invocation.budgetMs,
    answer.catch(() => {}),
  );
  await invocation.close();
  const [comparison] = invocation.comparisons;
  if (comparison === undefined) throw new Undecided(WITHOUT_COMPARISON);
  return comparison;
}

const WITHOUT_COMPARISON = "one version alone was called: it failed, or there was no time";
