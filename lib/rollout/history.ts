import {
  GetDeploymentCommand,
  ResourceNotFoundException,
  type DeploymentEvent,
  type DeploymentState,
} from "@aws-sdk/client-appconfig";
import type { ModeDocument } from "../mode/mode-document.ts";
import {
  deployedDocument,
  listModeDeployments,
  type ListedDeployment,
  type ModeProfile,
} from "./deployments.ts";
import type { PastDeployment, Undoing } from "./past-deployment.ts";

/** The deployments of mode documents over a span of time. */
export interface History {
  /** The oldest first. */
  readonly deployments: readonly PastDeployment[];
  /** How many are left out, since their document is none, or isn't kept any more. */
  readonly unreadable: number;
}

const UNDONE: ReadonlySet<string> = new Set<DeploymentState>([
  "ROLLING_BACK",
  "ROLLED_BACK",
  "REVERTED",
]);

/**
 * Reads what was deployed, back to what was in force at some time.
 *
 * @param since epoch milliseconds.
 * @param onProgress hears after each deployment how many have been read.
 */
export async function readHistory(
  profile: ModeProfile,
  since: number,
  onProgress: (read: number) => void = () => {},
): Promise<History> {
  const deployments: PastDeployment[] = [];
  const documents = new Map<number, ModeDocument | undefined>();
  let unreadable = 0;
  let read = 0;
  for await (const listed of listModeDeployments(profile)) {
    const { number, version, state, startedAt, completedAt } = listed;
    if (!documents.has(version)) documents.set(version, await keptDocument(profile, listed));
    const document = documents.get(version);
    onProgress(++read);
    if (document === undefined) {
      unreadable++;
      continue;
    }
    const { description, events } = await told(profile, number);
    const isComplete = state === "COMPLETE";
    deployments.unshift({
      number,
      version,
      document,
      description,
      startedAt,
      completedAt: isComplete ? (completedAt ?? startedAt) : undefined,
      undone: UNDONE.has(state) ? undoingIn(events, completedAt ?? startedAt) : undefined,
    });
    if (isComplete && (completedAt ?? startedAt) <= since) break;
  }
  return { deployments, unreadable };
}

/** AppConfig keeps a number of versions only, and an operator may delete old ones. */
async function keptDocument(
  profile: ModeProfile,
  listed: ListedDeployment,
): Promise<ModeDocument | undefined> {
  try {
    return await deployedDocument(profile, listed);
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

async function told({ client, applicationId, environmentId }: ModeProfile, number: number) {
  const { Description: description = "", EventLog: events = [] } = await client.send(
    new GetDeploymentCommand({
      ApplicationId: applicationId,
      EnvironmentId: environmentId,
      DeploymentNumber: number,
    }),
  );
  return { description, events };
}

/** @param events the newest first, which is AppConfig's order. */
function undoingIn(events: readonly DeploymentEvent[], otherwiseAt: number): Undoing {
  // A rollback has an event at its start and one at its end; what is served changes at the start.
  const event = events.findLast(
    ({ EventType }) => EventType?.startsWith("ROLLBACK") || EventType?.startsWith("REVERT"),
  );
  return {
    at: event?.OccurredAt?.getTime() ?? otherwiseAt,
    triggeredBy: event?.TriggeredBy ?? "",
    description: event?.Description ?? "",
  };
}
