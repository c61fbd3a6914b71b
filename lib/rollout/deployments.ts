import {
  GetDeploymentCommand,
  GetHostedConfigurationVersionCommand,
  paginateListDeployments,
  type AppConfigClient,
  type DeploymentState,
} from "@aws-sdk/client-appconfig";
import { ModeDocumentError, parseModeDocument, type ModeDocument } from "../mode/mode-document.ts";

/** The AppConfig profile of a migration's mode documents, in one environment. */
export interface ModeProfile {
  readonly client: AppConfigClient;
  readonly applicationId: string;
  readonly environmentId: string;
  readonly profileId: string;
}

/** A deployment as AppConfig lists it. */
export interface ListedDeployment {
  readonly number: number;
  /** An environment may serve other profiles than the mode's. */
  readonly profileId: string | undefined;
  /** AppConfig's version number of what was deployed. */
  readonly version: number;
  readonly state: DeploymentState;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Epoch milliseconds; `undefined` while it is under way. */
  readonly completedAt: number | undefined;
}

const ENDED: ReadonlySet<string> = new Set<DeploymentState>([
  "COMPLETE",
  "ROLLED_BACK",
  "REVERTED",
]);

/** Whether a deployment in this state is over. */
export function hasEnded(state: DeploymentState): boolean {
  return ENDED.has(state);
}

/** The environment's deployments, the newest first, which is AppConfig's order. */
export async function* listDeployments(
  { client, applicationId, environmentId }: ModeProfile,
  abortSignal?: AbortSignal,
): AsyncGenerator<ListedDeployment> {
  const ids = { ApplicationId: applicationId, EnvironmentId: environmentId };
  for await (const { Items = [] } of paginateListDeployments({ client }, ids, { abortSignal })) {
    for (const item of Items) {
      yield {
        number: item.DeploymentNumber ?? 0,
        profileId: item.ConfigurationProfileId,
        version: Number(item.ConfigurationVersion),
        state: item.State ?? "DEPLOYING",
        startedAt: item.StartedAt?.getTime() ?? 0,
        completedAt: item.CompletedAt?.getTime(),
      };
    }
  }
}

/** The deployments of the mode document alone, the newest first. */
export async function* listModeDeployments(
  profile: ModeProfile,
  abortSignal?: AbortSignal,
): AsyncGenerator<ListedDeployment> {
  for await (const deployment of listDeployments(profile, abortSignal)) {
    if (deployment.profileId === profile.profileId) yield deployment;
  }
}

/**
 * Reads what was deployed as a mode document. `undefined` where it is none: functions refuse it, and
 * keep to the last good one.
 */
export async function deployedDocument(
  { client, applicationId, profileId }: ModeProfile,
  { version }: ListedDeployment,
  abortSignal?: AbortSignal,
): Promise<ModeDocument | undefined> {
  const { Content } = await client.send(
    new GetHostedConfigurationVersionCommand({
      ApplicationId: applicationId,
      ConfigurationProfileId: profileId,
      VersionNumber: version,
    }),
    { abortSignal },
  );
  try {
    return parseModeDocument(new TextDecoder().decode(Content));
  } catch (error) {
    if (error instanceof ModeDocumentError) return undefined;
    throw error;
  }
}

/** When a deployment's last event was, in epoch milliseconds: the list has no end of one that was undone. */
export async function lastEventAt(
  { client, applicationId, environmentId }: ModeProfile,
  { number, startedAt }: ListedDeployment,
  abortSignal?: AbortSignal,
): Promise<number> {
  const { EventLog = [] } = await client.send(
    new GetDeploymentCommand({
      ApplicationId: applicationId,
      EnvironmentId: environmentId,
      DeploymentNumber: number,
    }),
    { abortSignal },
  );
  return Math.max(startedAt, ...EventLog.map(({ OccurredAt }) => OccurredAt?.getTime() ?? 0));
}
