import type { CloudState } from "../state/cloud-state.ts";
import { resumeDeployment } from "./deployment.ts";
import type {
  AppConfigState,
  Application,
  Deployment,
  DeploymentStrategy,
  Environment,
} from "./model.ts";
import { PREDEFINED_STRATEGIES } from "./strategies.ts";

/** A deployment without what schedules it. */
type KeptDeployment = Omit<Deployment, "cancel" | "settled" | "settle">;
type KeptEnvironment = Omit<Environment, "deployments"> & {
  readonly deployments: readonly KeptDeployment[];
};
type KeptApplication = Omit<Application, "environments"> & {
  readonly environments: readonly KeptEnvironment[];
};

/** What is kept of AppConfig: all but the sessions, whose clients are gone or open others. */
interface Kept {
  readonly applications: readonly KeptApplication[];
  readonly strategies: readonly DeploymentStrategy[];
}

/** The key of what is kept. */
const KEPT = "appconfig";

/** Has all of it kept as it is. */
export function keepAppConfig(cloudState: CloudState, state: AppConfigState): void {
  cloudState.keep(KEPT, (): Kept => ({
    applications: [...state.applications.values()].map((application) => ({
      ...application,
      environments: [...application.environments.values()].map((environment) => ({
        ...environment,
        deployments: environment.deployments.map(
          ({ cancel: _cancel, settled: _settled, settle: _settle, ...deployment }) => deployment,
        ),
      })),
    })),
    strategies: [...state.strategies.values()].filter(
      (strategy) => !PREDEFINED_STRATEGIES.includes(strategy),
    ),
  }));
}

/** Takes up what was kept; the deployments that were under way go on. */
export function takeUpAppConfig(cloudState: CloudState, state: AppConfigState): void {
  const kept = cloudState.left(KEPT) as Kept | undefined;
  if (kept === undefined) return;
  for (const strategy of kept.strategies) state.strategies.set(strategy.id, strategy);
  for (const { environments, ...application } of kept.applications) {
    const taken: Application = { ...application, environments: new Map() };
    state.applications.set(taken.id, taken);
    for (const { deployments, ...environment } of environments) {
      taken.environments.set(environment.id, {
        ...environment,
        deployments: deployments.map(scheduled),
      });
    }
  }
  for (const { environments } of state.applications.values()) {
    for (const environment of environments.values()) {
      for (const deployment of environment.deployments) {
        resumeDeployment(state, environment, deployment);
      }
    }
  }
}

function scheduled(deployment: KeptDeployment): Deployment {
  const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
  return { ...deployment, cancel: () => {}, settled, settle };
}
