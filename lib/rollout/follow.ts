import { setTimeout as sleep } from "node:timers/promises";
import {
  DeploymentState,
  GetDeploymentCommand,
  type DeploymentEvent,
} from "@aws-sdk/client-appconfig";
import { hasEnded, type ModeProfile } from "./deployments.ts";

/** A deployment as AppConfig describes it. */
export interface DeploymentProgress {
  readonly number: number;
  readonly state: DeploymentState;
  /** Percent of the functions that the deployment has reached. */
  readonly percent: number;
  /** What happened, oldest first. */
  readonly events: readonly DeploymentEvent[];
}

/** Reads a deployment's state. */
export async function deploymentProgress(
  { client, applicationId, environmentId }: ModeProfile,
  number: number,
): Promise<DeploymentProgress> {
  const { State, PercentageComplete, EventLog } = await client.send(
    new GetDeploymentCommand({
      ApplicationId: applicationId,
      EnvironmentId: environmentId,
      DeploymentNumber: number,
    }),
  );
  return {
    number,
    state: State ?? DeploymentState.DEPLOYING,
    percent: PercentageComplete ?? 0,
    events: EventLog?.toReversed() ?? [],
  };
}

/**
 * Follows a deployment to its end: complete, rolled back or reverted.
 *
 * @param options.intervalMs milliseconds between two looks. @default 5000
 * @param options.onProgress is told at every look, the last one included.
 */
export async function followDeployment(
  profile: ModeProfile,
  number: number,
  options: {
    readonly intervalMs?: number;
    readonly signal?: AbortSignal;
    onProgress?(progress: DeploymentProgress): void | Promise<void>;
  } = {},
): Promise<DeploymentProgress> {
  for (;;) {
    const progress = await deploymentProgress(profile, number);
    await options.onProgress?.(progress);
    if (hasEnded(progress.state)) return progress;
    await sleep(options.intervalMs ?? 5_000, undefined, { signal: options.signal });
  }
}
