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
  const phases: Phase[] = [];
  const end = (at: number) => {
    const last = phases.at(-1);
    if (last !== undefined && last.to === undefined) phases.splice(-1, 1, { ...last, to: at });
  };
  const begin = ({ document, version }: PastDeployment, at: number, undone: boolean) => {
    const last = phases.at(-1);
    const begun = { document, versions: [String(version)], from: at, to: undefined, undone };
    if (last !== undefined && goesOnIn(last, begun)) {
      phases.splice(-1, 1, { ...last, versions: [...last.versions, ...begun.versions] });
    } else {
      end(at);
      phases.push(begun);
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

function goesOnIn(phase: Phase, next: Phase): boolean {
  return (
    phase.to === undefined && phase.undone === next.undone && isSame(phase.document, next.document)
  );
}

/** Whether the keys are in the same modes. */
function isSame(a: ModeDocument, b: ModeDocument): boolean {
  return documentText(a) === documentText(b);
}
