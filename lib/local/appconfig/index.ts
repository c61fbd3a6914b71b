import type { CloudClock } from "../clock.ts";
import type { Service, ServiceRequest, ServiceResponse } from "../service.ts";
import { AppConfigError, errorResponse } from "./errors.ts";
import type { AlarmState, AppConfigState } from "./model.ts";
import { appConfigResources } from "./resources.ts";
import { dispatch } from "./routes.ts";
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
  /** An alarm's state by its ARN; undefined: unknown, or its actions are disabled. */
  alarmState(arn: string): AlarmState | undefined;
  /** @default us-east-1 */
  readonly region?: string;
  /** @default 000000000000 */
  readonly account?: string;
}

export function createAppConfig(options: AppConfigOptions): AppConfigService {
  const state: AppConfigState = {
    clock: options.clock,
    alarmState: (arn) => options.alarmState(arn),
    applications: new Map(),
    strategies: new Map(PREDEFINED_STRATEGIES.map((strategy) => [strategy.id, strategy])),
    sessions: new Map(),
    sessionCount: 0,
  };
  let outage: AppConfigOutage | undefined;

  return {
    signingName: "appconfig",
    resources: appConfigResources(state),
    setOutage(error) {
      outage = error;
    },
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
