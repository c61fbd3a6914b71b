import {
  CreateHostedConfigurationVersionCommand,
  ListHostedConfigurationVersionsCommand,
  StartDeploymentCommand,
} from "@aws-sdk/client-appconfig";
import { nextMode } from "../mode/mode.ts";
import { checkModeDocument, type ModeDocument } from "../mode/mode-document.ts";
import { currentDocument } from "./current.ts";
import type { ModeProfile } from "./deployments.ts";
import { answersWithV2, moveKind, stepBack } from "./move-kind.ts";
import type { RolloutTarget } from "./target.ts";

/** A deployment that was started. */
export interface StartedMove {
  readonly from: ModeDocument;
  readonly to: ModeDocument;
  readonly deploymentNumber: number;
  readonly version: number;
}

/**
 * The document one mode on. It keeps its sampling; a ramp ends where it led to.
 *
 * @throws {RangeError} in `new`, where there is no next mode.
 */
export function stepForward(from: ModeDocument): ModeDocument {
  const mode = nextMode(from.mode);
  if (mode === undefined) throw new RangeError(`there is no mode after ${from.mode}`);
  return checkModeDocument({ mode, ...(from.sample && { sample: from.sample }) });
}

/**
 * The document with a ramp to the next mode: so many percent of the keys are in it already.
 *
 * @param percent 0 to 100; 0 ends the ramp.
 * @throws {RangeError} in `new`, where there is no next mode.
 * @throws {ModeDocumentError} for another percentage.
 */
export function rampTo(from: ModeDocument, percent: number): ModeDocument {
  const mode = nextMode(from.mode);
  if (mode === undefined) throw new RangeError(`there is no mode after ${from.mode}`);
  const to = checkModeDocument({
    mode: from.mode,
    ramp: { mode, percent },
    ...(from.sample && { sample: from.sample }),
  });
  if (percent > 0) return to;
  const { ramp: _ended, ...rest } = to;
  return rest;
}

/** The strategy for a move: step by step where it hands callers over to V2, else at once. */
export function strategyFor(target: RolloutTarget, from: ModeDocument, to: ModeDocument): string {
  // In shadow V1 answers as it did in old, so there is nothing that a caller could come to feel.
  const handsOver = moveKind(from, to) === "promotion" && answersWithV2(to);
  return handsOver ? target.gradualStrategyId : target.immediateStrategyId;
}

/**
 * Starts the move to the next mode.
 *
 * @throws {RangeError} in `new`, where there is no next mode.
 * @throws {Error} while a deployment is under way.
 * @throws AppConfig's `BadRequestException` where the gate refuses, with what is missing.
 */
export async function promote(target: RolloutTarget, description?: string): Promise<StartedMove> {
  const { document: from, latestDeployment } = await currentDocument(target);
  const to = stepForward(from);
  return deploy(target, {
    from,
    to,
    strategyId: strategyFor(target, from, to),
    latestDeployment,
    description: description ?? `promote: ${from.mode} to ${to.mode}`,
  });
}

/**
 * Starts the step back, at once: a ramp ends first, then the mode goes back. The document keeps its
 * sampling.
 *
 * @throws {RangeError} in `old`, where there is nothing to go back to.
 * @throws {Error} while a deployment is under way.
 */
export async function rollback(target: RolloutTarget, description?: string): Promise<StartedMove> {
  const { document: from, latestDeployment } = await currentDocument(target);
  const to = stepBack(from);
  if (to === undefined) throw new RangeError(`there is no mode before ${from.mode}`);
  return deploy(target, {
    from,
    to,
    strategyId: target.immediateStrategyId,
    latestDeployment,
    description: description ?? `rollback: ${from.mode} to ${to.mode}`,
  });
}

/**
 * Deploys a document, if nobody has deployed anything else since.
 *
 * @param options.latestDeployment the newest deployment's number, as it was when the move was decided.
 * @throws AppConfig's `ConflictException` where there is a newer one, or one under way.
 */
export async function deploy(
  target: ModeProfile,
  options: {
    readonly from: ModeDocument;
    readonly to: ModeDocument;
    readonly strategyId: string;
    readonly latestDeployment: number;
    readonly description: string;
  },
): Promise<StartedMove> {
  const { client, applicationId, environmentId, profileId } = target;
  const { from, to, strategyId, latestDeployment, description } = options;
  const profile = { ApplicationId: applicationId, ConfigurationProfileId: profileId };
  const { Items: versions = [] } = await client.send(
    new ListHostedConfigurationVersionsCommand({ ...profile, MaxResults: 1 }),
  );
  // Both numbers are optimistic locks: of two operators who move at once, the second is refused.
  const { VersionNumber: version = 0 } = await client.send(
    new CreateHostedConfigurationVersionCommand({
      ...profile,
      Content: new TextEncoder().encode(JSON.stringify(to)),
      ContentType: "application/json",
      Description: description,
      LatestVersionNumber: versions[0]?.VersionNumber,
    }),
  );
  const { DeploymentNumber: deploymentNumber = 0 } = await client.send(
    new StartDeploymentCommand({
      ...profile,
      EnvironmentId: environmentId,
      DeploymentStrategyId: strategyId,
      ConfigurationVersion: String(version),
      Description: description,
      LatestDeploymentNumber: latestDeployment,
    }),
  );
  return { from, to, deploymentNumber, version };
}
