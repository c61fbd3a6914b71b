import { checkProperties } from "../properties.ts";
import type { CreatedResource, ResourceMaker, ResourceSite } from "../service.ts";
import {
  createApplication,
  createConfigurationProfile,
  createEnvironment,
} from "./applications.ts";
import { launch } from "./deployments.ts";
import { createHostedVersion } from "./hosted-versions.ts";
import type { Input } from "./input.ts";
import type { AppConfigState } from "./model.ts";
import { createDeploymentStrategy } from "./strategies.ts";

/** Not acted upon, here or by any service of the local cloud. */
const IGNORED: readonly string[] = ["Tags"];

/**
 * AppConfig's resource types. Their properties have the names of the API's members, so a resource
 * is the API's operation, with its validation.
 */
export function appConfigResources(state: AppConfigState): Record<string, ResourceMaker> {
  return {
    ...maker("AWS::AppConfig::Application", ["Name", "Description"], (properties) => {
      const { Id } = createApplication(state, properties);
      return { ref: Id, attributes: { ApplicationId: Id } };
    }),
    ...maker(
      "AWS::AppConfig::Environment",
      ["ApplicationId", "Name", "Description", "Monitors"],
      (properties) => {
        const { Id } = createEnvironment(state, properties);
        return { ref: Id, attributes: { EnvironmentId: Id } };
      },
    ),
    ...maker(
      "AWS::AppConfig::ConfigurationProfile",
      // Type passes on, so that the refusal says what of it is not supported.
      ["ApplicationId", "Name", "Description", "LocationUri", "Type", "Validators"],
      (properties) => {
        const { Id } = createConfigurationProfile(state, properties);
        return { ref: Id, attributes: { ConfigurationProfileId: Id } };
      },
    ),
    ...maker(
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
  type: string,
  supported: readonly string[],
  make: (properties: Input) => CreatedResource | Promise<CreatedResource>,
): Record<string, ResourceMaker> {
  return {
    [type]: async (properties: Input, site: ResourceSite) => {
      checkProperties(`${type} ${site.logicalId}`, properties, [...supported, ...IGNORED]);
      try {
        return await make(properties);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`${type} ${site.logicalId}: ${reason}`, { cause: error });
      }
    },
  };
}
