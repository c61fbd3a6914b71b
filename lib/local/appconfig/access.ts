import type { Access } from "../access.ts";
import type { Input } from "./input.ts";

interface ConfigurationPlace {
  readonly applicationId: string;
  readonly environmentId: string;
  readonly profileId: string;
}

/**
 * What an operation of the control plane does to what: to everything that its input names, all of
 * which AWS wants the caller to be allowed.
 */
export function controlPlaneAccesses(operation: string, input: Input, arnPrefix: string): Access[] {
  const {
    ApplicationId: application,
    EnvironmentId: environment,
    ConfigurationProfileId: profile,
    DeploymentStrategyId: strategy,
    DeploymentNumber: deployment,
    VersionNumber: version,
  } = input;
  const inApplication = `application/${application}`;
  const inEnvironment = `${inApplication}/environment/${environment}`;
  const inProfile = `${inApplication}/configurationprofile/${profile}`;
  const named = [
    application !== undefined && inApplication,
    environment !== undefined && inEnvironment,
    profile !== undefined && inProfile,
    strategy !== undefined && `deploymentstrategy/${strategy}`,
    deployment !== undefined && `${inEnvironment}/deployment/${deployment}`,
    version !== undefined && `${inProfile}/hostedconfigurationversion/${version}`,
  ].filter((path) => path !== false);
  const resources = named.length === 0 ? ["*"] : named.map((path) => arnPrefix + path);
  return resources.map((resource) => ({ action: `appconfig:${operation}`, resource }));
}

/** What the data plane's operations do, which is to one configuration. */
export function dataPlaneAccess(
  operation: string,
  { applicationId, environmentId, profileId }: ConfigurationPlace,
  arnPrefix: string,
): Access {
  const path = `application/${applicationId}/environment/${environmentId}/configuration/${profileId}`;
  return { action: `appconfig:${operation}`, resource: arnPrefix + path };
}
