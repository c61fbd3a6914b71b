import { isDeepStrictEqual } from "node:util";
import type { Comparison } from "../call/comparison.ts";
import { judge } from "../call/judge.ts";
import type { Settlement } from "../call/settlement.ts";
import type { CheckedDualWrite, CheckedRead } from "../operation.ts";
import type { ComparisonRecord } from "../records/record.ts";
import { withTimeLimit } from "../time-limit.ts";
import { isRedacted, recordedArguments, recordedSettlement } from "./recorded.ts";
import { Undecided, verdictOn, type Verdict } from "./verdict.ts";

/** Milliseconds that one judgement may take, where a rule of the user's answers later. */
const JUDGE_MS = 5_000;

/**
 * Judges what a record has of both runs by the operation's rules of today, and calls nothing.
 *
 * @throws {Undecided | NotDecodable} where the record doesn't have enough to tell.
 */
export async function judgeAgain(
  record: ComparisonRecord,
  { rules }: CheckedRead | CheckedDualWrite,
): Promise<Verdict> {
  const { primary } = record;
  const bothAnswered = record.v1?.status === "answered" && record.v2?.status === "answered";
  const v1 = recordedSettlement(record, "v1", bothAnswered);
  const v2 = recordedSettlement(record, "v2", bothAnswered);
  const [first, second] = primary === "v1" ? [v1, v2] : [v2, v1];
  if (second === undefined) throw new Undecided("the secondary's run is not recorded");
  const judgement = await withTimeLimit(
    async () => judge(rules.comparator, primary, first, second),
    JUDGE_MS,
  ).catch(() => {
    // Judging never rejects.
    throw new Undecided("a rule did not answer in its time");
  });
  const comparison: Comparison = {
    ...record,
    ...judgement,
    time: Date.parse(record.time),
    v1,
    v2,
    arguments: argumentsFor(record),
  };
  const verdict = verdictOn(record, rules.redact?.(comparison) ?? comparison);
  if (verdict.verdict !== "differs-as-before") assertTold(record, v1, v2);
  return verdict;
}

/** What the redaction reads secrets off; those in arguments that can't be read were taken out before. */
function argumentsFor(record: ComparisonRecord): Comparison["arguments"] {
  try {
    return recordedArguments(record);
  } catch {
    return { notCopied: "" };
  }
}

/** @throws {Undecided} where another verdict than the recorded one may be due to what the record lacks. */
function assertTold(
  record: ComparisonRecord,
  v1: Settlement | undefined,
  v2: Settlement | undefined,
): void {
  if (isRedacted(record)) {
    throw new Undecided("its answers are redacted, and what differs may be what was taken out");
  }
  // Two classes of the user's may both go by the name that they inherit, and that is what is recorded.
  if (record.outcome === "different-error" && nameOf(v1) === nameOf(v2)) {
    throw new Undecided("its errors have one name, and their classes are not recorded");
  }
  if (isLost(record, v1, v2)) {
    throw new Undecided(
      "what differed can't be seen in its record, such as the class of an instance",
    );
  }
}

/** Whether answers that differed look alike in the record, as a whole or where they differed. */
function isLost(
  { outcome, differences, cut }: ComparisonRecord,
  v1: Settlement | undefined,
  v2: Settlement | undefined,
): boolean {
  if (outcome !== "mismatch" || v1?.status !== "answered" || v2?.status !== "answered")
    return false;
  // Values that were cut may differ where they were, which is still to be seen in the answers.
  const isCut = cut?.includes("differences");
  return (
    isDeepStrictEqual(v1.value, v2.value) ||
    differences.some(
      ({ kind, ...sides }) =>
        sides.v1 !== undefined && sides.v1 === sides.v2 && (kind === "type" || !isCut),
    )
  );
}

function nameOf(run: Settlement | undefined): unknown {
  return run?.status === "failed" ? (run.error as Error | undefined)?.name : undefined;
}
