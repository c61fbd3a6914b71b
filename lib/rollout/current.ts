import {
  DeploymentState,
  GetDeploymentCommand,
  GetHostedConfigurationVersionCommand,
  paginateListDeployments,
} from "@aws-sdk/client-appconfig";
import { parseModeDocument, type ModeDocument } from "../mode/mode-document.ts";
import type { RolloutTarget } from "./target.ts";

/** The document that is in force everywhere, and what is known of the deployments. */
export interface CurrentDocument {
  readonly document: ModeDocument;
  /** AppConfig's version number of the document. */
  readonly version: number;
  /** The newest deployment's number, whatever became of it. */
  readonly latestDeployment: number;
}

/** Reads the document of the newest deployment that is complete. */
export async function currentDocument(target: RolloutTarget): Promise<CurrentDocument> {
  const { client, applicationId, environmentId, profileId } = target;
  const ids = { ApplicationId: applicationId, EnvironmentId: environmentId };
  let latestDeployment = 0;
  let complete: number | undefined;
  // AppConfig lists the newest first.
  for await (const { Items = [] } of paginateListDeployments({ client }, ids)) {
    for (const { DeploymentNumber: number = 0, State: state } of Items) {
      latestDeployment = Math.max(latestDeployment, number);
      if (state === DeploymentState.COMPLETE && number > (complete ?? 0)) complete = number;
    }
  }
  if (complete === undefined) {
    throw new Error(`environment ${environmentId} has no complete deployment yet`);
  }
  const deployment = await client.send(
    new GetDeploymentCommand({ ...ids, DeploymentNumber: complete }),
  );
  const version = Number(deployment.ConfigurationVersion);
  const { Content } = await client.send(
    new GetHostedConfigurationVersionCommand({
      ApplicationId: applicationId,
      ConfigurationProfileId: profileId,
      VersionNumber: version,
    }),
  );
  return {
    document: parseModeDocument(new TextDecoder().decode(Content)),
    version,
    latestDeployment,
  };
}
