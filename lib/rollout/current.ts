import {
  DeploymentState,
  GetDeploymentCommand,
  GetHostedConfigurationVersionCommand,
  paginateListDeployments,
} from "@aws-sdk/client-appconfig";
import { parseModeDocument, type ModeDocument } from "../mode/mode-document.ts";
import { hasEnded } from "./follow.ts";
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
 * Reads the document of the newest deployment that is complete.
 *
 * @throws {Error} while a deployment is under way: which document will be in force is not known yet.
 */
export async function currentDocument(target: RolloutTarget): Promise<CurrentDocument> {
  const { client, applicationId, environmentId, profileId } = target;
  const ids = { ApplicationId: applicationId, EnvironmentId: environmentId };
  let latestDeployment = 0;
  const complete: number[] = [];
  for await (const { Items = [] } of paginateListDeployments({ client }, ids)) {
    for (const { DeploymentNumber: number = 0, State: state } of Items) {
      latestDeployment = Math.max(latestDeployment, number);
      if (state === DeploymentState.COMPLETE) complete.push(number);
      else if (state !== undefined && !hasEnded(state)) {
        throw new Error(`deployment ${number} is ${state}: wait for its end, or stop it`);
      }
    }
  }
  for (const number of complete.toSorted((a, b) => b - a)) {
    const deployment = await client.send(
      new GetDeploymentCommand({ ...ids, DeploymentNumber: number }),
    );
    // The environment may serve other profiles too.
    if (deployment.ConfigurationProfileId !== profileId) continue;
    const version = Number(deployment.ConfigurationVersion);
    const { Content } = await client.send(
      new GetHostedConfigurationVersionCommand({
        ApplicationId: applicationId,
        ConfigurationProfileId: profileId,
        VersionNumber: version,
      }),
    );
    const document = parseModeDocument(new TextDecoder().decode(Content));
    return { document, version, latestDeployment };
  }
  throw new Error(`environment ${environmentId} has no complete deployment yet`);
}
