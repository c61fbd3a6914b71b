import type { CloudClock } from "../clock.ts";
import type { Service, ServiceRequest, ServiceResponse } from "../service.ts";
import { nothingKept, type CloudState } from "../state/cloud-state.ts";
import { refuseInRestJson } from "../refuse.ts";
import { AppConfigError, errorResponse } from "./errors.ts";
import type { AlarmState, AppConfigState, Monitor } from "./model.ts";
import { keepAppConfig, takeUpAppConfig } from "./kept.ts";
import { appConfigResources } from "./resources.ts";
import { accessesOf, dispatch } from "./routes.ts";
import { PREDEFINED_STRATEGIES } from "./strategies.ts";

export { startAppConfigAgent } from "./agent.ts";
export type { AppConfigAgent, AppConfigAgentOptions } from "./agent.ts";

export interface AppConfigOutage {
  /** HTTP status, such as 503. */
  readonly status: number;
  /** The error's name, such as `InternalServerException`. */
  readonly type: string;
  readonly message: string;
}

/** AppConfig: control plane and data plane on one endpoint, as both sign as `appconfig`. */
export interface AppConfigService extends Service {
  /** From now on every request, the agents' too, gets this error. Without an argument: no longer. */
  setOutage(error?: AppConfigOutage): void;
}

export interface AppConfigOptions {
  readonly clock: CloudClock;
  /** @default nothing is kept */
  readonly state?: CloudState;
  /** An alarm's state by its ARN; undefined: unknown, or its actions are disabled. */
  alarmState(arn: string): AlarmState | undefined;
  /**
   * Whether a monitor's role lets AppConfig see its alarm.
   *
   * @default it does
   * @throws Error that says what is missing
   */
  checkMonitor?(monitor: Monitor): void;
  /** Invokes a LAMBDA validator's function. @default there are no functions */
  readonly invokeFunction?: AppConfigState["invokeFunction"];
  /** @default us-east-1 */
  readonly region?: string;
  /** @default 000000000000 */
  readonly account?: string;
}

const noFunction = async (functionArn: string): Promise<never> => {
  throw new Error(`no function ${functionArn}`);
};

export function createAppConfig(options: AppConfigOptions): AppConfigService {
  const {
    region = "us-east-1",
    account = "000000000000",
    state: cloudState = nothingKept,
  } = options;
  const arnPrefix = `arn:aws:appconfig:${region}:${account}:`;
  const state: AppConfigState = {
    clock: options.clock,
    alarmState: (arn) => options.alarmState(arn),
    checkMonitor: (monitor) => options.checkMonitor?.(monitor),
    invokeFunction: options.invokeFunction ?? noFunction,
    changed: () => keepAppConfig(cloudState, state),
    applications: new Map(),
    strategies: new Map(PREDEFINED_STRATEGIES.map((strategy) => [strategy.id, strategy])),
    sessions: new Map(),
    sessionCount: 0,
  };
  takeUpAppConfig(cloudState, state);
  let outage: AppConfigOutage | undefined;

  return {
    signingName: "appconfig",
    ...appConfigResources(state),
    setOutage(error) {
      outage = error;
    },
    accesses(request) {
      try {
        return accessesOf(state, request, arnPrefix);
      } catch (error) {
        if (error instanceof AppConfigError) return [];
        throw error;
      }
    },
    refuse: refuseInRestJson,
    async handle(request: ServiceRequest): Promise<ServiceResponse> {
      if (outage !== undefined) return errorResponse(outage);
      try {
        return await dispatch(state, request);
      } catch (error) {
        if (error instanceof AppConfigError) return errorResponse(error);
        throw error;
      }
    },
    async close() {
      for (const { environments } of state.applications.values()) {
        for (const { deployments } of environments.values()) {
          for (const deployment of deployments) {
            deployment.cancel();
            deployment.settle();
          }
        }
      }
    },
  };
}
