import { checkProperties } from "../properties.ts";
import type {
  CreatedResource,
  KeptKind,
  ResourceMaker,
  ResourceSite,
  Service,
} from "../service.ts";
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

/** One of AppConfig's resource types. */
interface Kind {
  /** The properties that it knows. */
  readonly properties: readonly string[];
  create(properties: Input): CreatedResource | Promise<CreatedResource>;
  /** Changes one in place. @default another is made */
  update?(properties: Input, id: string): void;
  /** @default it stays, as what has been */
  remove?(id: string, properties: Input): void;
}

/**
 * AppConfig's resource types. Their properties have the names of the API's members, so a resource
 * is the API's operation, with its validation.
 */
function kindsOf(state: AppConfigState): Record<string, Kind> {
  return {
    "AWS::AppConfig::Application": {
      properties: ["Name", "Description"],
      create(properties) {
        const { Id } = createApplication(state, properties);
        return { ref: Id, attributes: { ApplicationId: Id } };
      },
      update: (properties, ApplicationId) =>
        updateApplication(state, { ...properties, ApplicationId }),
      remove: (id) => state.applications.delete(id),
    },
    "AWS::AppConfig::Environment": {
      properties: ["ApplicationId", "Name", "Description", "Monitors"],
      create(properties) {
        const { Id } = createEnvironment(state, properties);
        return { ref: Id, attributes: { EnvironmentId: Id } };
      },
      update: ({ Monitors = [], ...properties }, EnvironmentId) =>
        updateEnvironment(state, { ...properties, Monitors, EnvironmentId }),
      remove(id, { ApplicationId }) {
        const environments = state.applications.get(ApplicationId)?.environments;
        for (const { cancel } of environments?.get(id)?.deployments ?? []) cancel();
        environments?.delete(id);
      },
    },
    "AWS::AppConfig::ConfigurationProfile": {
      // Type passes on, so that the refusal says what of it is not supported.
      properties: ["ApplicationId", "Name", "Description", "LocationUri", "Type", "Validators"],
      create(properties) {
        const { Id } = createConfigurationProfile(state, properties);
        return { ref: Id, attributes: { ConfigurationProfileId: Id } };
      },
      update: ({ Validators = [], ...properties }, ConfigurationProfileId) =>
        updateConfigurationProfile(state, { ...properties, Validators, ConfigurationProfileId }),
      remove: (id, { ApplicationId }) => state.applications.get(ApplicationId)?.profiles.delete(id),
    },
    "AWS::AppConfig::HostedConfigurationVersion": {
      properties: [
        "ApplicationId",
        "ConfigurationProfileId",
        "Content",
        "ContentType",
        "Description",
        "LatestVersionNumber",
        "VersionLabel",
      ],
      create(properties) {
        const Content = Buffer.from(String(properties.Content), "utf8");
        const number = String(createHostedVersion(state, { ...properties, Content }).number);
        return { ref: number, attributes: { VersionNumber: number } };
      },
    },
    "AWS::AppConfig::DeploymentStrategy": {
      properties: [
        "Name",
        "Description",
        "DeploymentDurationInMinutes",
        "FinalBakeTimeInMinutes",
        "GrowthFactor",
        "GrowthType",
        "ReplicateTo",
      ],
      create(properties) {
        const { Id } = createDeploymentStrategy(state, properties);
        return { ref: Id, attributes: { Id } };
      },
      update: (properties, DeploymentStrategyId) =>
        updateDeploymentStrategy(state, { ...properties, DeploymentStrategyId }),
      remove: (id) => state.strategies.delete(id),
    },
    "AWS::AppConfig::Deployment": {
      properties: [
        "ApplicationId",
        "ConfigurationProfileId",
        "ConfigurationVersion",
        "DeploymentStrategyId",
        "Description",
        "EnvironmentId",
      ],
      create: (properties) => deploy(state, properties),
    },
  };
}

/** The types as the local cloud makes and keeps them. */
export function appConfigResources(
  state: AppConfigState,
): Pick<Required<Service>, "resources" | "keptKinds"> {
  const resources: Record<string, ResourceMaker> = {};
  const keptKinds: Record<string, KeptKind> = {};
  for (const [type, kind] of Object.entries(kindsOf(state))) {
    const attempt = async (
      properties: Input,
      { logicalId }: ResourceSite,
      task: () => CreatedResource | Promise<CreatedResource>,
    ) => {
      checkProperties(`${type} ${logicalId}`, properties, [...kind.properties, ...IGNORED]);
      try {
        const created = await task();
        state.changed();
        return created;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`${type} ${logicalId}: ${reason}`, { cause: error });
      }
    };
    resources[type] = (properties, site) =>
      attempt(properties, site, () => kind.create(properties));
    keptKinds[type] = {
      update: (kept, properties, site) =>
        attempt(properties, site, () => {
          // What has moved to another application is another one.
          const hasMoved = kept.properties["ApplicationId"] !== properties["ApplicationId"];
          if (hasMoved || kind.update === undefined) return kind.create(properties);
          kind.update(properties, kept.created.ref);
          return kept.created;
        }),
      remove({ created, properties }) {
        kind.remove?.(created.ref, properties);
        state.changed();
      },
    };
  }
  return { resources, keptKinds };
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
