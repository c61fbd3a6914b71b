import type { ModeDocument } from "../mode/mode-document.ts";
import { hasEnded, type ListedDeployment } from "./deployments.ts";
import { answersWithV2, moveKind, stepBack } from "./move-kind.ts";

/** A deployment of a good mode document. */
export interface GuardedDeployment extends ListedDeployment {
  readonly document: ModeDocument;
  /** Epoch milliseconds of what undid it, where it was rolled back or reverted. */
  readonly undoneAt?: number;
}

/** What the guard is to do about an alarm. */
export type GuardDecision =
  | { readonly act: "nothing"; readonly why: string }
  /** The promotion that is under way is the step to be taken back. */
  | { readonly act: "stop"; readonly running: GuardedDeployment }
  | {
      readonly act: "step-back";
      readonly from: ModeDocument;
      readonly to: ModeDocument;
      /** What stands in the way: AppConfig deploys one thing at a time. */
      readonly stopFirst?: GuardedDeployment;
    };

/**
 * Decides what an alarm calls for: one step back from a mode in which callers get V2's answers, unless
 * that step was already taken, whoever took it.
 *
 * @param deployments the newest first, back to one that was complete before `answeredSince`, if there
 *   is one.
 * @param answeredSince epoch milliseconds. A step back from then on is an answer to the alarm: an alarm
 *   tells of the minutes before it, so that is a little earlier than the alarm.
 */
export function decideGuard(
  deployments: readonly GuardedDeployment[],
  answeredSince: number,
): GuardDecision {
  let inForce: ModeDocument | undefined;
  let running: GuardedDeployment | undefined;
  for (const deployment of deployments.toReversed()) {
    const { number, state, document, startedAt, undoneAt = 0 } = deployment;
    const kind = inForce === undefined ? "same-mode" : moveKind(inForce, document);
    const isForward = kind === "promotion" || kind === "skip";
    if (isForward && (state === "ROLLING_BACK" || (isUndone(state) && undoneAt > answeredSince))) {
      return { act: "nothing", why: `deployment ${number} is ${state}, which was the step back` };
    }
    if (kind === "rollback" && !isUndone(state) && startedAt > answeredSince) {
      return { act: "nothing", why: `deployment ${number} went back already` };
    }
    if (state === "COMPLETE") inForce = document;
    else if (!hasEnded(state)) running = deployment;
  }
  if (inForce === undefined) return { act: "nothing", why: "no mode document is in force" };
  if (running !== undefined && answersWithV2(running.document)) {
    const kind = moveKind(inForce, running.document);
    if (kind === "promotion" || kind === "skip") return { act: "stop", running };
  }
  const to = stepBack(inForce);
  if (to === undefined || !answersWithV2(inForce)) {
    return { act: "nothing", why: `the mode is ${inForce.mode}, where V1 answers` };
  }
  return { act: "step-back", from: inForce, to, ...(running && { stopFirst: running }) };
}

function isUndone(state: ListedDeployment["state"]): boolean {
  return state === "ROLLING_BACK" || state === "ROLLED_BACK" || state === "REVERTED";
}

/** What happened in the last minutes. Comparisons are weighted by the calls they stand for. */
export interface Recent {
  readonly comparisons: number;
  readonly disagreements: number;
  /** Disagreements because the secondary failed or did not settle in its time. */
  readonly secondaryFailures: number;
  readonly v1: { readonly calls: number; readonly errors: number };
  readonly v2: { readonly calls: number; readonly errors: number };
}

/**
 * Whether it is V1 that fails where V2 answers, as the secondary of `reverse-shadow`: the mismatch rate
 * is too high, but for V1's failures it is not, and V2 fails less. To go back would hand every caller
 * over to the version that fails.
 */
export function isV1ToBlame(recent: Recent, mismatchRatePercent: number): boolean {
  const { comparisons, disagreements, secondaryFailures, v1, v2 } = recent;
  const isTooHigh = (count: number) => 100 * count > mismatchRatePercent * comparisons;
  const rate = ({ calls, errors }: Recent["v1"]) => (calls > 0 ? errors / calls : 0);
  return (
    isTooHigh(disagreements) && !isTooHigh(disagreements - secondaryFailures) && rate(v1) > rate(v2)
  );
}
