import type { CloudClock } from "../clock.ts";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** Everything that AppConfig knows. The operations are functions of it. */
export interface AppConfigState {
  readonly clock: CloudClock;
  readonly alarmState: (arn: string) => AlarmState | undefined;
  /** @throws Error where AppConfig, in the monitor's role, may not see its alarm */
  readonly checkMonitor: (monitor: Monitor) => void;
  /** @throws Error where AppConfig may not invoke the function, or there is none */
  readonly invokeFunction: (
    functionArn: string,
    event: unknown,
  ) => Promise<{ readonly failed: boolean; readonly payload: Buffer } | "throttled">;
  /** Says that something that is kept has changed, or is about to within this turn. */
  readonly changed: () => void;
  readonly applications: Map<string, Application>;
  readonly strategies: Map<string, DeploymentStrategy>;
  readonly sessions: Map<string, Session>;
  /** How many sessions there ever were: it decides the next one's bucket. */
  sessionCount: number;
}

export interface Application {
  readonly id: string;
  name: string;
  description?: string;
  readonly environments: Map<string, Environment>;
  readonly profiles: Map<string, ConfigurationProfile>;
}

export interface Monitor {
  readonly AlarmArn: string;
  readonly AlarmRoleArn?: string;
}

export interface Environment {
  readonly applicationId: string;
  readonly id: string;
  name: string;
  description?: string;
  monitors: readonly Monitor[];
  /** Deployment n stands at index n - 1. */
  readonly deployments: Deployment[];
}

export interface ConfigurationProfile {
  readonly applicationId: string;
  readonly id: string;
  name: string;
  description?: string;
  validators: readonly Validator[];
  readonly versions: Map<number, HostedVersion>;
  latestVersion: number;
}

export interface HostedVersion {
  readonly applicationId: string;
  readonly profileId: string;
  readonly number: number;
  readonly content: Uint8Array;
  readonly contentType: string;
  readonly description?: string;
  readonly label?: string;
}

export interface DeploymentStrategy {
  readonly id: string;
  readonly name: string;
  description?: string;
  deploymentDurationInMinutes: number;
  growthType: "LINEAR" | "EXPONENTIAL";
  growthFactor: number;
  finalBakeTimeInMinutes: number;
  readonly replicateTo: "NONE";
}

export type DeploymentState =
  "VALIDATING" | "DEPLOYING" | "BAKING" | "COMPLETE" | "ROLLING_BACK" | "ROLLED_BACK" | "REVERTED";

export type TriggeredBy = "USER" | "APPCONFIG" | "CLOUDWATCH_ALARM" | "INTERNAL_ERROR";

export type DeploymentEventType =
  | "DEPLOYMENT_STARTED"
  | "PERCENTAGE_UPDATED"
  | "BAKE_TIME_STARTED"
  | "DEPLOYMENT_COMPLETED"
  | "ROLLBACK_STARTED"
  | "ROLLBACK_COMPLETED"
  | "REVERT_COMPLETED";

export interface DeploymentEvent {
  readonly EventType: DeploymentEventType;
  readonly TriggeredBy: TriggeredBy;
  readonly Description: string;
  /** ISO 8601, cloud time. */
  readonly OccurredAt: string;
}

/** One deployment. Strategy and version are as they were when it started. */
export interface Deployment {
  readonly number: number;
  readonly profileId: string;
  readonly profileName: string;
  readonly version: HostedVersion;
  readonly strategy: Readonly<DeploymentStrategy>;
  readonly description?: string;
  readonly startedAt: number;
  completedAt?: number;
  state: DeploymentState;
  percentageComplete: number;
  /** Newest first, as AWS has it. */
  readonly eventLog: DeploymentEvent[];
  /** Cancels what it has scheduled. */
  cancel: () => void;
  /** Settles when nothing more happens by itself: COMPLETE, ROLLED_BACK, or the service closed. */
  readonly settled: Promise<void>;
  readonly settle: () => void;
}

/** One client of the data plane, for one configuration. */
export interface Session {
  readonly id: string;
  readonly applicationId: string;
  readonly environmentId: string;
  readonly profileId: string;
  /** 0-99: in a gradual deployment the session has the new version when this is below the percent. */
  readonly bucket: number;
  readonly requiredMinimumPollSeconds: number | undefined;
  /** Which token is good now. Each call moves it on: a token is good for one call. */
  generation: number;
  tokenIssuedAt: number;
  /** Before this a poll is too early; set when the client asked for a minimum interval. */
  nextPollAt: number;
  lastVersion: number | undefined;
}

/** What a validator has against a configuration, in the API's words. */
export interface InvalidConfigurationDetail {
  readonly Type: string;
  readonly Reason: string;
  readonly Constraint?: string;
  readonly Location?: string;
  readonly Value?: string;
}

export interface Validator {
  readonly Type: "JSON_SCHEMA" | "LAMBDA";
  readonly Content: string;
}
