import type { Comparator, Difference, Verdict } from "../comparison/index.ts";
import type { Version } from "../mode/mode.ts";
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

// Long enough to tell two failures apart, short enough for a key.
const MAX_SIGNATURE_CHARACTERS = 200;

const NONE: readonly Difference[] = Object.freeze([]);

// The commonest judgement, which is the same every time.
const MATCH: Judgement = plain("match", "match");

function plain(outcome: Outcome, signature: string, reason?: string): Judgement {
  return {
    outcome,
    reason,
    differences: NONE,
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
      const { name, code } = error as { name: unknown; code?: unknown };
      return typeof code === "string" || typeof code === "number"
        ? `${String(name)} ${code}`
        : String(name);
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
      return MATCH;
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
 * Says what two settlements come to. A secondary that did not settle decides before anything else, since
 * what it would have been is not known. Never throws and never rejects.
 *
 * @param primary `undefined` when the invocation ended before the primary had settled.
 */
export function judge(
  comparator: Comparator,
  primaryVersion: Version,
  primary: Settlement | undefined,
  secondary: Settlement,
): Judgement | Promise<Judgement> {
  if (primary === undefined) {
    return notCompared("the invocation ended before the primary had settled");
  }
  if (secondary.status === "timed-out") return plain("timeout", "timeout");
  const inOrder = primaryVersion === "v1";
  if (primary.status === "answered") {
    if (secondary.status === "failed") {
      return plain("secondary-error", `secondary-error ${failureOf(secondary)}`);
    }
    return inOrder
      ? judgeAnswers(comparator, primary, secondary)
      : judgeAnswers(comparator, secondary, primary);
  }
  if (secondary.status === "answered") {
    return plain("primary-error", `primary-error ${failureOf(primary)}`);
  }
  let outcome: Outcome = "different-error";
  if (primary.status === "failed") {
    outcome = inOrder
      ? comparator.errors(primary.error, secondary.error)
      : comparator.errors(secondary.error, primary.error);
  }
  return plain(outcome, `${outcome} ${failureOf(primary)} / ${failureOf(secondary)}`);
}
