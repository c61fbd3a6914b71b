import type { Comparator, Difference, Verdict } from "../comparison/index.ts";
import type { Outcome } from "./outcome.ts";
import type { Answered, Failed, Settlement } from "./settlement.ts";

/** What two settlements come to. */
export interface Judgement {
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly differences: readonly Difference[];
  readonly truncated: boolean;
  readonly signature: string;
}

/** The settlements of a call, by role and by version. */
export interface Settlements {
  /** `undefined` when the invocation ended before the primary had settled. */
  readonly primary: Settlement | undefined;
  readonly secondary: Settlement;
  readonly v1: Settlement | undefined;
  readonly v2: Settlement | undefined;
}

// Long enough to tell two failures apart, short enough for a key.
const MAX_SIGNATURE_CHARACTERS = 200;

function plain(outcome: Outcome, signature: string, reason?: string): Judgement {
  return {
    outcome,
    ...(reason !== undefined && { reason }),
    differences: [],
    truncated: false,
    signature: signature.slice(0, MAX_SIGNATURE_CHARACTERS),
  };
}

/** A comparison that could not be made. */
export function notCompared(reason: string): Judgement {
  return plain("not-compared", "not-compared", reason);
}

/** The class and code of an error, as far as they can be read. Never throws. */
function errorLabel(error: unknown): string {
  try {
    if (error instanceof Error) {
      const { code } = error as { code?: unknown };
      return typeof code === "string" || typeof code === "number"
        ? `${error.name} ${code}`
        : error.name;
    }
    return typeof error;
  } catch {
    return "unreadable error";
  }
}

function judgeAnswers(
  comparator: Comparator,
  v1: Answered,
  v2: Answered,
): Judgement | Promise<Judgement> {
  const notCopied = v1.notCopied ?? v2.notCopied;
  if (notCopied !== undefined) return notCompared(notCopied);
  const verdict = comparator.answers(v1.value, v2.value);
  return verdict instanceof Promise ? verdict.then(fromVerdict) : fromVerdict(verdict);
}

function fromVerdict(verdict: Verdict): Judgement {
  switch (verdict.outcome) {
    case "match":
      return plain("match", "match");
    case "mismatch":
      return verdict;
    case "ignored":
    case "not-compared":
      return plain(verdict.outcome, verdict.outcome, verdict.reason);
  }
}

function failureOf(settlement: Failed | { status: "timed-out" }): string {
  return settlement.status === "failed" ? errorLabel(settlement.error) : "timed out";
}

/**
 * Says what two settlements come to. A secondary without an answer decides before anything else, since
 * what it would have been is not known. Never throws and never rejects.
 */
export function judge(
  comparator: Comparator,
  { primary, secondary, v1, v2 }: Settlements,
): Judgement | Promise<Judgement> {
  if (primary === undefined) {
    return notCompared("the invocation ended before the primary had settled");
  }
  if (secondary.status === "timed-out") return plain("timeout", "timeout");
  if (primary.status === "answered") {
    if (secondary.status === "failed") {
      return plain("secondary-error", `secondary-error ${failureOf(secondary)}`);
    }
    return judgeAnswers(comparator, v1 as Answered, v2 as Answered);
  }
  if (secondary.status === "answered") {
    return plain("primary-error", `primary-error ${failureOf(primary)}`);
  }
  const outcome =
    v1?.status === "failed" && v2?.status === "failed"
      ? comparator.errors(v1.error, v2.error)
      : "different-error";
  return plain(outcome, `${outcome} ${failureOf(primary)} / ${failureOf(secondary)}`);
}
