import type { ModeDocument } from "../mode/mode-document.ts";
import {
  deployedDocument,
  hasEnded,
  lastEventAt,
  listModeDeployments,
  type ListedDeployment,
  type ModeProfile,
} from "./deployments.ts";

/** Since when things have been as they are. Times are epoch milliseconds. */
export interface PresentMode {
  readonly since: number;
  /** The share of reads that call the secondary, 0 to 1, and since when, in this mode, it has been so. */
  readonly secondaryShare: number;
  readonly sampledSince: number;
}

/** The newest complete deployment's good document, or `undefined` where there is none yet. */
export async function documentInForce(
  profile: ModeProfile,
  signal?: AbortSignal,
): Promise<ModeDocument | undefined> {
  for await (const deployment of listModeDeployments(profile, signal)) {
    if (deployment.state !== "COMPLETE") continue;
    const document = await deployedDocument(profile, deployment, signal);
    if (document !== undefined) return document;
  }
  return undefined;
}

/**
 * Follows the deployments back to where the mode in force began. A change of sampling or of the ramp
 * doesn't begin a mode. A try at another mode that was rolled back or reverted does: what was measured
 * during it tells of that mode, and what was wrong with it is to be shown mended.
 *
 * @param notBefore epoch milliseconds; how a mode began that is older is not looked at.
 * @returns `undefined` where nothing was deployed yet.
 */
export async function presentMode(
  profile: ModeProfile,
  notBefore: number,
  signal?: AbortSignal,
): Promise<PresentMode | undefined> {
  let present: ModeDocument | undefined;
  let since = Infinity;
  let sampledSince: number | undefined;
  const answer = () =>
    present && {
      since,
      secondaryShare: shareOf(present),
      sampledSince: sampledSince ?? since,
    };
  const undone: ListedDeployment[] = [];
  for await (const deployment of listModeDeployments(profile, signal)) {
    if (!hasEnded(deployment.state)) continue;
    if (deployment.state !== "COMPLETE") {
      undone.push(deployment);
      continue;
    }
    const document = await deployedDocument(profile, deployment, signal);
    if (document === undefined) continue;
    present ??= document;
    if (document.mode !== present.mode) break;
    if (shareOf(document) !== shareOf(present)) sampledSince ??= since;
    // Those that came after this document and before the next one, or before now.
    for (const interlude of undone.splice(0)) {
      const tried = await deployedDocument(profile, interlude, signal);
      if (tried !== undefined && tried.mode !== present.mode) {
        since = await lastEventAt(profile, interlude, signal);
        return answer();
      }
    }
    since = deployment.completedAt ?? deployment.startedAt;
    if (since <= notBefore) break;
  }
  return answer();
}

function shareOf({ sample }: ModeDocument): number {
  return sample?.secondary ?? 1;
}
