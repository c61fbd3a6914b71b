import { beginDeployment, isRunning, logEvent, rollBack } from "./deployment.ts";
import { badRequest, conflict, notFound } from "./errors.ts";
import { findVersion } from "./hosted-versions.ts";
import { DESCRIPTION, optionalNumber, optionalText, page, refuse, text } from "./input.ts";
import type { Input } from "./input.ts";
import type { AppConfigState, Deployment, Environment } from "./model.ts";
import { findApplication, findEnvironment, findProfile } from "./store.ts";
import { findStrategy } from "./strategies.ts";
import { validateVersion } from "./validators.ts";

const HOUR_MS = 3_600_000;
const REVERT_WINDOW_HOURS = 72;

export async function startDeployment(state: AppConfigState, input: Input) {
  return deploymentShape(...(await launch(state, input)));
}

/** As StartDeployment, for who wants to follow the deployment. */
export async function launch(
  state: AppConfigState,
  input: Input,
): Promise<[environment: Environment, deployment: Deployment]> {
  const application = findApplication(state, input.ApplicationId);
  const environment = findEnvironment(application, input.EnvironmentId);
  const profile = findProfile(application, text(input, "ConfigurationProfileId"));
  const strategy = findStrategy(state, text(input, "DeploymentStrategyId"));
  const version = findVersion(profile, text(input, "ConfigurationVersion"));
  const description = optionalText(input, "Description", DESCRIPTION);
  refuse(input, "KmsKeyIdentifier", "DynamicExtensionParameters");
  assertFree(environment, input);
  assertMonitorable(state, environment);
  await validateVersion(state, profile, version);
  // Again: another deployment may have started while the validators ran.
  assertFree(environment, input);
  const given = { profile, version, strategy, description };
  return [environment, beginDeployment(state, environment, given)];
}

function assertFree(environment: Environment, input: Input): void {
  const limits = { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true };
  const expected = optionalNumber(input, "LatestDeploymentNumber", limits);
  const latest = environment.deployments.length;
  if (expected !== undefined && expected !== latest) {
    throw conflict(`LatestDeploymentNumber: got ${expected}, the latest deployment is ${latest}`);
  }
  const busy = environment.deployments.find(
    (deployment) => isRunning(deployment) || deployment.state === "ROLLING_BACK",
  );
  if (busy !== undefined) {
    throw conflict(
      `Environment ${environment.id} has deployment ${busy.number} in state ${busy.state}`,
    );
  }
}

/** That AWS says so when a deployment starts, and not later or in the event log, is not verified. */
function assertMonitorable(state: AppConfigState, { monitors }: Environment): void {
  for (const monitor of monitors) {
    try {
      state.checkMonitor(monitor);
    } catch (error) {
      throw badRequest(`Monitor ${monitor.AlarmArn}: ${(error as Error).message}`);
    }
  }
}

export function getDeployment(state: AppConfigState, input: Input) {
  return deploymentShape(...find(state, input));
}

/** Newest first, as AWS lists them. */
export function listDeployments(state: AppConfigState, input: Input) {
  const application = findApplication(state, input.ApplicationId);
  const { deployments } = findEnvironment(application, input.EnvironmentId);
  return page(deployments.toReversed().map(summaryShape), input);
}

/**
 * Stops a deployment that runs, or, with `AllowRevert`, takes back a completed one within 72 hours.
 * AWS documents DEPLOYING as the one state that can be stopped without `AllowRevert`, so one that bakes
 * wants it. That only the latest completed deployment of a profile can be reverted is not verified.
 */
export function stopDeployment(state: AppConfigState, input: Input) {
  const [environment, deployment] = find(state, input);
  if (isRunning(deployment) && (deployment.state !== "BAKING" || input.AllowRevert === true)) {
    rollBack(state, deployment, "USER", "Rollback initiated by user");
  } else if (deployment.state === "COMPLETE" && input.AllowRevert === true) {
    revert(state, environment, deployment);
  } else {
    throw badRequest(
      `Deployment ${deployment.number} is ${deployment.state}: only one that is DEPLOYING can be ` +
        `stopped, and, with AllowRevert, one that bakes, or a completed one reverted`,
    );
  }
  return deploymentShape(environment, deployment);
}

function revert(state: AppConfigState, environment: Environment, deployment: Deployment): void {
  if (state.clock.now() > deployment.completedAt! + REVERT_WINDOW_HOURS * HOUR_MS) {
    throw badRequest(
      `Deployment ${deployment.number} completed more than ${REVERT_WINDOW_HOURS} hours ago`,
    );
  }
  const later = environment.deployments.slice(deployment.number);
  const newer = later.find(
    (other) =>
      other.profileId === deployment.profileId &&
      (isRunning(other) || other.state === "COMPLETE" || other.state === "ROLLING_BACK"),
  );
  if (newer !== undefined) {
    throw badRequest(`Deployment ${newer.number} is newer and ${newer.state}`);
  }
  deployment.state = "REVERTED";
  logEvent(state, deployment, "REVERT_COMPLETED", "USER", "Revert completed");
}

function find(
  state: AppConfigState,
  input: Input,
): [environment: Environment, deployment: Deployment] {
  const application = findApplication(state, input.ApplicationId);
  const environment = findEnvironment(application, input.EnvironmentId);
  const deployment = environment.deployments[Number(input.DeploymentNumber) - 1];
  if (deployment === undefined) throw notFound("Deployment", String(input.DeploymentNumber));
  return [environment, deployment];
}

const summaryShape = (deployment: Deployment) => ({
  DeploymentNumber: deployment.number,
  ConfigurationProfileId: deployment.profileId,
  ConfigurationName: deployment.profileName,
  ConfigurationVersion: String(deployment.version.number),
  VersionLabel: deployment.version.label,
  DeploymentDurationInMinutes: deployment.strategy.deploymentDurationInMinutes,
  GrowthType: deployment.strategy.growthType,
  GrowthFactor: deployment.strategy.growthFactor,
  FinalBakeTimeInMinutes: deployment.strategy.finalBakeTimeInMinutes,
  State: deployment.state,
  PercentageComplete: deployment.percentageComplete,
  StartedAt: new Date(deployment.startedAt).toISOString(),
  CompletedAt:
    deployment.completedAt === undefined
      ? undefined
      : new Date(deployment.completedAt).toISOString(),
});

const deploymentShape = (environment: Environment, deployment: Deployment) => ({
  ...summaryShape(deployment),
  ApplicationId: environment.applicationId,
  EnvironmentId: environment.id,
  DeploymentStrategyId: deployment.strategy.id,
  ConfigurationLocationUri: "hosted",
  Description: deployment.description,
  EventLog: deployment.eventLog,
  AppliedExtensions: [],
});
