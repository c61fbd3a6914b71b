import { checkProperties } from "../properties.ts";
import type { CreatedResource, KeptKind, ResourceMaker, ResourceSite } from "../service.ts";
import {
  createApplication,
  createConfigurationProfile,
  createEnvironment,
  updateApplication,
  updateConfigurationProfile,
  updateEnvironment,
} from "./applications.ts";
import { launch } from "./deployments.ts";
import { createHostedVersion } from "./hosted-versions.ts";
import type { Input } from "./input.ts";
import type { AppConfigState } from "./model.ts";
import { createDeploymentStrategy, updateDeploymentStrategy } from "./strategies.ts";

/** Not acted upon, here or by any service of the local cloud. */
const IGNORED: readonly string[] = ["Tags"];

/**
 * AppConfig's resource types. Their properties have the names of the API's members, so a resource
 * is the API's operation, with its validation.
 */
export function appConfigResources(state: AppConfigState): Record<string, ResourceMaker> {
  return {
    ...maker(state, "AWS::AppConfig::Application", ["Name", "Description"], (properties) => {
      const { Id } = createApplication(state, properties);
      return { ref: Id, attributes: { ApplicationId: Id } };
    }),
    ...maker(
      state,
      "AWS::AppConfig::Environment",
      ["ApplicationId", "Name", "Description", "Monitors"],
      (properties) => {
        const { Id } = createEnvironment(state, properties);
        return { ref: Id, attributes: { EnvironmentId: Id } };
      },
    ),
    ...maker(
      state,
      "AWS::AppConfig::ConfigurationProfile",
      // Type passes on, so that the refusal says what of it is not supported.
      ["ApplicationId", "Name", "Description", "LocationUri", "Type", "Validators"],
      (properties) => {
        const { Id } = createConfigurationProfile(state, properties);
        return { ref: Id, attributes: { ConfigurationProfileId: Id } };
      },
    ),
    ...maker(
      state,
      "AWS::AppConfig::HostedConfigurationVersion",
      [
        "ApplicationId",
        "ConfigurationProfileId",
        "Content",
        "ContentType",
        "Description",
        "LatestVersionNumber",
        "VersionLabel",
      ],
      (properties) => {
        const Content = Buffer.from(String(properties.Content), "utf8");
        const number = String(createHostedVersion(state, { ...properties, Content }).number);
        return { ref: number, attributes: { VersionNumber: number } };
      },
    ),
    ...maker(
      state,
      "AWS::AppConfig::DeploymentStrategy",
      [
        "Name",
        "Description",
        "DeploymentDurationInMinutes",
        "FinalBakeTimeInMinutes",
        "GrowthFactor",
        "GrowthType",
        "ReplicateTo",
      ],
      (properties) => {
        const { Id } = createDeploymentStrategy(state, properties);
        return { ref: Id, attributes: { Id } };
      },
    ),
    ...maker(
      state,
      "AWS::AppConfig::Deployment",
      [
        "ApplicationId",
        "ConfigurationProfileId",
        "ConfigurationVersion",
        "DeploymentStrategyId",
        "Description",
        "EnvironmentId",
      ],
      (properties) => deploy(state, properties),
    ),
  };
}

/**
 * What a changed template does to what is there, which is what CloudFormation does: names, validators,
 * monitors and strategies change in place; a changed version or deployment is another one, and so is what
 * has moved to another application.
 */
export function appConfigKinds(
  state: AppConfigState,
  resources: Readonly<Record<string, ResourceMaker>>,
): Record<string, KeptKind> {
  const remake = (type: string): NonNullable<KeptKind["update"]> => {
    return (_kept, properties, site) => resources[type]!(properties, site);
  };
  /** By the operation of the API, unless another application has it now. */
  const kind = (
    name: string,
    update: (properties: Input, id: string) => void,
    remove: (id: string, properties: Input) => void,
  ): Record<string, KeptKind> => {
    const type = `AWS::AppConfig::${name}`;
    return {
      [type]: {
        update(kept, properties, site) {
          if (kept.properties["ApplicationId"] !== properties["ApplicationId"]) {
            return remake(type)(kept, properties, site);
          }
          update(properties, kept.created.ref);
          state.changed();
          return kept.created;
        },
        remove({ created, properties }) {
          remove(created.ref, properties);
          state.changed();
        },
      },
    };
  };
  const history = (name: string): Record<string, KeptKind> => {
    const type = `AWS::AppConfig::${name}`;
    return { [type]: { update: remake(type), remove() {} } };
  };
  return {
    ...kind(
      "Application",
      (properties, ApplicationId) => updateApplication(state, { ...properties, ApplicationId }),
      (id) => state.applications.delete(id),
    ),
    ...kind(
      "Environment",
      ({ Monitors = [], ...properties }, EnvironmentId) =>
        updateEnvironment(state, { ...properties, Monitors, EnvironmentId }),
      (id, { ApplicationId }) => {
        const environments = state.applications.get(ApplicationId)?.environments;
        for (const { cancel } of environments?.get(id)?.deployments ?? []) cancel();
        environments?.delete(id);
      },
    ),
    ...kind(
      "ConfigurationProfile",
      ({ Validators = [], ...properties }, ConfigurationProfileId) =>
        updateConfigurationProfile(state, { ...properties, Validators, ConfigurationProfileId }),
      (id, { ApplicationId }) => state.applications.get(ApplicationId)?.profiles.delete(id),
    ),
    ...kind(
      "DeploymentStrategy",
      (properties, DeploymentStrategyId) =>
        updateDeploymentStrategy(state, { ...properties, DeploymentStrategyId }),
      (id) => state.strategies.delete(id),
    ),
    // Versions stay in their profile and deployments in their environment, as what has been.
    ...history("HostedConfigurationVersion"),
    ...history("Deployment"),
  };
}

/** As CloudFormation does: the resource is there when the deployment is complete. */
async function deploy(state: AppConfigState, properties: Input): Promise<CreatedResource> {
  const ConfigurationVersion = String(properties.ConfigurationVersion);
  const [, deployment] = await launch(state, { ...properties, ConfigurationVersion });
  await deployment.settled;
  if (deployment.state !== "COMPLETE") {
    const [latest] = deployment.eventLog.filter(
      ({ EventType }) => EventType === "ROLLBACK_STARTED",
    );
    throw new Error(
      `deployment ${deployment.number} ended as ${deployment.state}: ` +
        (latest?.Description ?? "AppConfig was closed"),
    );
  }
  const number = String(deployment.number);
  return { ref: number, attributes: { DeploymentNumber: number, State: deployment.state } };
}

function maker(
  state: AppConfigState,
  type: string,
  supported: readonly string[],
  make: (properties: Input) => CreatedResource | Promise<CreatedResource>,
): Record<string, ResourceMaker> {
  return {
    [type]: async (properties: Input, site: ResourceSite) => {
      checkProperties(`${type} ${site.logicalId}`, properties, [...supported, ...IGNORED]);
      try {
        const created = await make(properties);
        state.changed();
        return created;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`${type} ${site.logicalId}: ${reason}`, { cause: error });
      }
    },
  };
}
