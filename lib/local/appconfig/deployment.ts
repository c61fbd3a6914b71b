import { growthSteps, stepTimes } from "./growth.ts";
import type {
  AppConfigState,
  Deployment,
  DeploymentEventType,
  DeploymentStrategy,
  Environment,
  HostedVersion,
  TriggeredBy,
} from "./model.ts";

const MINUTE_MS = 60_000;
/** How often a deployment looks at its monitors. AWS doesn't say how often it does. */
export const MONITOR_POLL_MS = 10_000;
/** How long ROLLING_BACK lasts before ROLLED_BACK. AWS doesn't say; the old version is served at once. */
export const ROLLING_BACK_MS = 5_000;

export const isRunning = (deployment: Deployment): boolean =>
  deployment.state === "VALIDATING" ||
  deployment.state === "DEPLOYING" ||
  deployment.state === "BAKING";

export function logEvent(
  state: AppConfigState,
  deployment: Deployment,
  EventType: DeploymentEventType,
  TriggeredBy: TriggeredBy,
  Description: string,
): void {
  const OccurredAt = new Date(state.clock.now()).toISOString();
  deployment.eventLog.unshift({ EventType, TriggeredBy, Description, OccurredAt });
  state.changed();
}

/** Starts a deployment, and has it grow, bake and complete on the cloud's clock. */
export function beginDeployment(
  state: AppConfigState,
  environment: Environment,
  given: {
    readonly profile: { readonly id: string; readonly name: string };
    readonly version: HostedVersion;
    readonly strategy: DeploymentStrategy;
    readonly description?: string;
  },
): Deployment {
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
  const deployment: Deployment = {
    number: environment.deployments.length + 1,
    profileId: given.profile.id,
    profileName: given.profile.name,
    version: given.version,
    strategy: { ...given.strategy },
    description: given.description,
    startedAt: state.clock.now(),
    state: "DEPLOYING",
    percentageComplete: 0,
    eventLog: [],
    cancel: () => {},
    settled,
    settle,
  };
  environment.deployments.push(deployment);
  logEvent(state, deployment, "DEPLOYMENT_STARTED", "USER", "Deployment started");
  progress(state, environment, deployment, deployment.startedAt);
  return deployment;
}

/**
 * Has a deployment that was cut off go on. What fell due meanwhile happens now, and all of it together:
 * its monitors are looked at once.
 */
export function resumeDeployment(
  state: AppConfigState,
  environment: Environment,
  deployment: Deployment,
): void {
  if (isRunning(deployment)) progress(state, environment, deployment);
  else if (deployment.state === "ROLLING_BACK") finishRollback(state, deployment);
}

/** Does what is due by now, and schedules the next look. */
function progress(
  state: AppConfigState,
  environment: Environment,
  deployment: Deployment,
  now = state.clock.now(),
): void {
  const { strategy } = deployment;
  const elapsedMs = now - deployment.startedAt;
  // Not at the very start: a deployment of 0 minutes with no bake completes without a look at its
  // monitors.
  if (elapsedMs > 0) {
    const alarm = alarmingMonitor(state, environment);
    if (alarm !== undefined) {
      const why = `Rollback initiated by CloudWatch Alarm: ${alarm.arn} is in state ${alarm.state}`;
      rollBack(state, deployment, "CLOUDWATCH_ALARM", why);
      return;
    }
  }

  const durationMs = strategy.deploymentDurationInMinutes * MINUTE_MS;
  const steps = durationMs === 0 ? [100] : growthSteps(strategy.growthType, strategy.growthFactor);
  const times = stepTimes(steps, durationMs);
  const bakeEndMs = durationMs + strategy.finalBakeTimeInMinutes * MINUTE_MS;
  const wanted = steps.findLast((_, index) => times[index]! <= elapsedMs) ?? 0;
  if (wanted > deployment.percentageComplete) {
    deployment.percentageComplete = wanted;
    const description = `Configuration available to ${wanted.toFixed(2)}% of clients`;
    logEvent(state, deployment, "PERCENTAGE_UPDATED", "APPCONFIG", description);
  }
  if (deployment.percentageComplete === 100 && deployment.state === "DEPLOYING") {
    if (bakeEndMs > durationMs) {
      deployment.state = "BAKING";
      logEvent(state, deployment, "BAKE_TIME_STARTED", "APPCONFIG", "Deployment bake time started");
    }
  }
  if (elapsedMs >= bakeEndMs) {
    deployment.state = "COMPLETE";
    deployment.completedAt = state.clock.now();
    logEvent(state, deployment, "DEPLOYMENT_COMPLETED", "APPCONFIG", "Deployment completed");
    deployment.settle();
    return;
  }
  const nextMs = Math.min(
    elapsedMs + MONITOR_POLL_MS,
    bakeEndMs,
    times.find((time) => time > elapsedMs) ?? Infinity,
  );
  deployment.cancel = state.clock.schedule(nextMs - elapsedMs, () =>
    progress(state, environment, deployment),
  );
}

/** A monitor whose alarm is in ALARM or INSUFFICIENT_DATA: both roll back. */
function alarmingMonitor(
  state: AppConfigState,
  environment: Environment,
): { arn: string; state: string } | undefined {
  for (const { AlarmArn: arn } of environment.monitors) {
    // Undefined: AppConfig doesn't know the alarm, or its actions are disabled. Neither rolls back.
    const alarmState = state.alarmState(arn);
    if (alarmState === "ALARM" || alarmState === "INSUFFICIENT_DATA") {
      return { arn, state: alarmState };
    }
  }
  return undefined;
}

/** From here on the configuration before this deployment is served again. */
export function rollBack(
  state: AppConfigState,
  deployment: Deployment,
  triggeredBy: TriggeredBy,
  description: string,
): void {
  deployment.cancel();
  deployment.state = "ROLLING_BACK";
  logEvent(state, deployment, "ROLLBACK_STARTED", triggeredBy, description);
  finishRollback(state, deployment);
}

function finishRollback(state: AppConfigState, deployment: Deployment): void {
  deployment.cancel = state.clock.schedule(ROLLING_BACK_MS, () => {
    deployment.state = "ROLLED_BACK";
    deployment.percentageComplete = 0;
    deployment.completedAt = state.clock.now();
    logEvent(state, deployment, "ROLLBACK_COMPLETED", "APPCONFIG", "Rollback completed");
    deployment.settle();
  });
}

/** The version that a session with this bucket gets: it follows from the deployments' states alone. */
export function servedVersion(
  environment: Environment,
  profileId: string,
  bucket: number,
): HostedVersion | undefined {
  const served = environment.deployments.findLast(
    (deployment) =>
      deployment.profileId === profileId &&
      (deployment.state === "COMPLETE" ||
        (isRunning(deployment) && bucket < deployment.percentageComplete)),
  );
  return served?.version;
}
