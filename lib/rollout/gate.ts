import type { ModeDocument } from "../mode/mode-document.ts";
import { MODES } from "../mode/mode.ts";
import { conditionsOf, type Condition, type Evidence } from "./conditions.ts";
import type { GateThresholds } from "./gate-thresholds.ts";
import { documentText, furthestMode, moveKind, type MoveKind } from "./move-kind.ts";

/** Evidence that could not be had. */
export interface NoEvidence {
  readonly unreadable: string;
}

/** What the gate says to a move from one mode document to another. */
export interface Verdict {
  /** The document in force, and what the move is; `undefined` where that could not be read. */
  readonly from: ModeDocument | undefined;
  readonly to: ModeDocument;
  readonly kind: MoveKind | undefined;
  /** Whether the document may be deployed. */
  readonly allowed: boolean;
  /** The conditions of a promotion that needs evidence, met or not. */
  readonly conditions: readonly Condition[];
  /** Why nothing would do, where it is no matter of evidence. */
  readonly reason?: string;
  /** The operator's reason, where nothing else than the override lets the document pass. */
  readonly overridden?: string;
}

/**
 * Whether the gate asks for evidence. Not for `shadow`: there V1 answers as it did in `old`, where
 * nothing is compared, so there is neither a risk to callers nor anything to know yet.
 */
export function needsEvidence(from: ModeDocument, to: ModeDocument): boolean {
  return moveKind(from, to) === "promotion" && from.mode !== "old";
}

/**
 * Judges a move: the one decision of AppConfig's validator, of a dry run, and of the tests.
 *
 * @param from the document in force.
 * @param evidence is looked at only where {@link needsEvidence} says so.
 */
export function judgeMove(
  from: ModeDocument,
  to: ModeDocument,
  evidence: Evidence | NoEvidence,
  thresholds: GateThresholds,
): Verdict {
  const kind = moveKind(from, to);
  const reason = reasonAgainst(from, to, kind, thresholds);
  const conditions = needsEvidence(from, to) ? conditionsFrom(evidence, thresholds) : [];
  const good = reason === undefined && conditions.every(({ met }) => met);
  return {
    from,
    to,
    kind,
    allowed: good || to.override !== undefined,
    conditions,
    ...(reason !== undefined && { reason }),
    ...(!good && to.override !== undefined && { overridden: to.override }),
  };
}

/**
 * Judges a move from nobody knows where: what would pass on no evidence after any mode passes, and so
 * most rollbacks do.
 *
 * @param why the document in force could not be read.
 */
export function judgeBlindly(to: ModeDocument, why: string, thresholds: GateThresholds): Verdict {
  const good = MODES.every(
    (mode) =>
      judgeMove({ mode }, { ...to, override: undefined }, { unreadable: why }, thresholds).allowed,
  );
  return {
    from: undefined,
    to,
    kind: undefined,
    allowed: good || to.override !== undefined,
    conditions: [],
    ...(!good && {
      reason: `the document in force can't be read (${why}), so what this one would change is not known`,
      overridden: to.override,
    }),
  };
}

function reasonAgainst(
  from: ModeDocument,
  to: ModeDocument,
  kind: MoveKind,
  { dualWrites }: GateThresholds,
): string | undefined {
  if (kind === "skip") {
    return (
      "a document goes on by one mode at a time, since during a rollout the old and the new one are " +
      "in force side by side, and only neighbours are safe together"
    );
  }
  const pastReverseShadow = to.mode === "old" || to.mode === "shadow";
  if (dualWrites && furthestMode(from) === "new" && pastReverseShadow) {
    return (
      "what was written in new is in V2 alone, and V1's answers would be without it: go back to " +
      "reverse-shadow first, where both are written, and further once V1 has what it lacks"
    );
  }
  return undefined;
}

function conditionsFrom(evidence: Evidence | NoEvidence, thresholds: GateThresholds): Condition[] {
  if (!("unreadable" in evidence)) return conditionsOf(evidence, thresholds);
  return [
    {
      name: "evidence",
      wanted: "readable",
      measured: evidence.unreadable,
      met: false,
      advice: "try again",
    },
  ];
}

/** What an operator reads who is refused: what is missing, and what to do about it. */
export function refusalText({ from, to, conditions, reason }: Verdict): string {
  const unmet = conditions.filter(({ met }) => !met);
  const why =
    reason === undefined
      ? `${unmet.length} of ${conditions.length} conditions not met.`
      : `${reason}.`;
  const move =
    from === undefined ? documentText(to) : `${documentText(from)} to ${documentText(to)}`;
  return [
    `Refused: ${move}: ${why}`,
    ...unmet.map(
      ({ name, wanted, measured, advice }) =>
        `- ${name}: wanted ${wanted}, measured ${measured}. Advice: ${advice}.`,
    ),
    'To go ahead all the same, put "override": "<why>" into the document.',
  ].join("\n");
}
