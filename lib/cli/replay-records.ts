import { VERDICTS, type RecordVerdict, type Verdict } from "../operate/verdict.ts";
import type { ComparisonRecord } from "../records/record.ts";
import { notOperatorFunction } from "./invoke.ts";

/** A record that is to be replayed, as far as it has to be kept in mind. */
export interface Chosen extends Pick<
  ComparisonRecord,
  "operation" | "outcome" | "signature" | "time"
> {
  readonly id: string;
}

/** Records that one invocation is asked about. */
const BATCH = 25;

/** Asks the operator function about some records, until the signal aborts. */
export type Ask = (batch: readonly Chosen[], signal: AbortSignal) => Promise<any>;

/** How records are asked about. */
export interface AskOptions {
  /** Invocations side by side. */
  readonly concurrency: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  onVerdict(record: Chosen, verdict: Verdict): void;
}

/**
 * Has the operator function come to a verdict on each record, batch by batch. What an invocation has had no
 * time for comes with the next one.
 *
 * @throws {CommandError} where what answers is no operator function; and what `ask` throws.
 */
export async function askAbout(
  records: readonly Chosen[],
  ask: Ask,
  { concurrency, signal, onVerdict }: AskOptions,
): Promise<void> {
  const queue: (readonly Chosen[])[] = [];
  for (let at = 0; at < records.length; at += BATCH) queue.push(records.slice(at, at + BATCH));

  // An invocation may take minutes, and nobody wants to know what it says once another has failed.
  const failure = new AbortController();
  const ended = AbortSignal.any([signal, failure.signal]);

  async function work(): Promise<void> {
    for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
      if (ended.aborted) return;
      const verdicts = verdictsOf(await ask(batch, ended));
      const left: Chosen[] = [];
      for (const record of batch) {
        const verdict = verdicts.get(record.id);
        if (verdict !== undefined) onVerdict(record, verdict);
        else if (verdicts.size > 0) left.push(record);
        else onVerdict(record, NO_TIME);
      }
      // At once, since writes are made again in their order.
      if (left.length > 0) queue.unshift(left);
    }
  }

  try {
    await Promise.all(Array.from({ length: concurrency }, work));
  } catch (error) {
    if (signal.aborted) return;
    failure.abort();
    throw error;
  }
}

const NO_TIME: Verdict = {
  verdict: "undecided",
  why: "the operator function had no time for it: give it a longer timeout",
};

function verdictsOf(answer: any): ReadonlyMap<string, Verdict> {
  const verdicts: readonly RecordVerdict[] = answer?.verdicts;
  if (!Array.isArray(verdicts) || !verdicts.every(isVerdict)) {
    throw notOperatorFunction();
  }
  return new Map(verdicts.map((verdict) => [verdict.id, verdict]));
}

function isVerdict(given: any): boolean {
  return typeof given?.id === "string" && VERDICTS.includes(given.verdict);
}
