import type { ModeDocument } from "../mode/mode-document.ts";
import { deployedDocument, hasEnded, listDeployments } from "./deployments.ts";
import type { RolloutTarget } from "./target.ts";

/** The document that is in force everywhere, and what is known of the deployments. */
export interface CurrentDocument {
  readonly document: ModeDocument;
  /** AppConfig's version number of the document. */
  readonly version: number;
  /** The newest deployment's number, whatever became of it. */
  readonly latestDeployment: number;
}

/**
 * Reads the document of the newest deployment that is complete, and that has a good document.
 *
 * @throws {Error} while a deployment is under way: which document will be in force is not known yet.
 */
export async function currentDocument(target: RolloutTarget): Promise<CurrentDocument> {
  let latestDeployment: number | undefined;
  for await (const deployment of listDeployments(target)) {
    const { number, state, profileId, version } = deployment;
    latestDeployment ??= number;
    // There is one at a time, of whatever profile, so it comes before any that is complete.
    if (!hasEnded(state)) {
      throw new Error(`deployment ${number} is ${state}: wait for its end, or stop it`);
    }
    if (state === "COMPLETE" && profileId === target.profileId) {
      const document = await deployedDocument(target, deployment);
      if (document !== undefined) return { document, version, latestDeployment };
    }
  }
  throw new Error(`environment ${target.environmentId} has no complete deployment yet`);
}
