import type { ModeDocument } from "../mode/mode-document.ts";
import { documentText } from "../rollout/move-kind.ts";
import type { PastDeployment } from "../rollout/past-deployment.ts";
import type { Span } from "./span.ts";

/** A time during which the keys were in the same modes. */
export interface Phase {
  /** The document with which it began; later ones may have sampled otherwise. */
  readonly document: ModeDocument;
  /** AppConfig's version numbers of its documents, as records have them. */
  readonly versions: readonly string[];
  /** Epoch milliseconds: when the deployment started that brought it. */
  readonly from: number;
  /** Epoch milliseconds; `undefined` where it lasts. */
  readonly to: number | undefined;
  /** Whether its deployment was undone. */
  readonly undone: boolean;
}

/**
 * The phases of a span of time, in order. A deployment that was undone is a phase too, for as long as it
 * lasted; after it the one before begins anew.
 *
 * @param deployments the oldest first.
 */
export function phasesOf(deployments: readonly PastDeployment[], { from, to }: Span): Phase[] {
  // Changed in place, since there may be any number of deployments.
  const phases: UnderWay[] = [];
  const end = (at: number) => {
    const last = phases.at(-1);
    if (last !== undefined) last.to ??= at;
  };
  const begin = ({ document, version }: PastDeployment, at: number, undone: boolean) => {
    const last = phases.at(-1);
    if (last !== undefined && goesOnIn(last, document, undone)) {
      last.versions.push(String(version));
    } else {
      end(at);
      phases.push({ document, versions: [String(version)], from: at, to: undefined, undone });
    }
  };
  let inForce: PastDeployment | undefined;
  for (const deployment of deployments) {
    const { startedAt, completedAt, undone } = deployment;
    const isSameMode = inForce !== undefined && isSame(inForce.document, deployment.document);
    const isTry = undone !== undefined && !isSameMode;
    begin(deployment, startedAt, isTry);
    if (isTry) {
      end(undone.at);
      if (inForce !== undefined) begin(inForce, undone.at, false);
    }
    if (completedAt !== undefined) inForce = deployment;
  }
  return phases.filter((phase) => phase.from <= to && (phase.to ?? Infinity) > from);
}

interface UnderWay extends Phase {
  readonly versions: string[];
  to: number | undefined;
}

function goesOnIn(phase: Phase, document: ModeDocument, undone: boolean): boolean {
  return phase.to === undefined && phase.undone === undone && isSame(phase.document, document);
}

/** Whether the keys are in the same modes. */
function isSame(a: ModeDocument, b: ModeDocument): boolean {
  return documentText(a) === documentText(b);
}
