import type { Access } from "../access.ts";
import type { ServiceRequest, ServiceResponse } from "../service.ts";
import { controlPlaneAccesses, dataPlaneAccess } from "./access.ts";
import * as applications from "./applications.ts";
import {
  getLatestConfiguration,
  polledSession,
  requestedConfiguration,
  startConfigurationSession,
} from "./data-plane.ts";
import * as deployments from "./deployments.ts";
import { badRequest, notInLocalCloud } from "./errors.ts";
import * as hosted from "./hosted-versions.ts";
import type { Input } from "./input.ts";
import type { AppConfigState, HostedVersion } from "./model.ts";
import * as strategies from "./strategies.ts";
import { findApplication, findProfile } from "./store.ts";
import { validateVersion } from "./validators.ts";

type Operation = (state: AppConfigState, input: Input, request: ServiceRequest) => unknown;

interface Route {
  readonly method: string;
  readonly segments: readonly string[];
  readonly operation: string;
  readonly status: number;
  /** Absent: AWS has the operation, the local cloud has not. */
  readonly run?: Operation;
}

const route = (
  method: string,
  template: string,
  operation: string,
  status: number,
  run?: Operation,
): Route => ({ method, segments: template.split("/"), operation, status, run });

const A = "/applications/{ApplicationId}";
const E = `${A}/environments/{EnvironmentId}`;
const P = `${A}/configurationprofiles/{ConfigurationProfileId}`;
const V = `${P}/hostedconfigurationversions`;
const D = `${E}/deployments/{DeploymentNumber}`;
const S = "/deploymentstrategies/{DeploymentStrategyId}";

const ROUTES: readonly Route[] = [
  route("POST", "/applications", "CreateApplication", 201, applications.createApplication),
  route("GET", "/applications", "ListApplications", 200, applications.listApplications),
  route("GET", A, "GetApplication", 200, applications.getApplication),
  route("PATCH", A, "UpdateApplication", 200, applications.updateApplication),
  route("DELETE", A, "DeleteApplication", 204, applications.deleteApplication),
  route("POST", `${A}/environments`, "CreateEnvironment", 201, applications.createEnvironment),
  route("GET", `${A}/environments`, "ListEnvironments", 200, applications.listEnvironments),
  route("GET", E, "GetEnvironment", 200, applications.getEnvironment),
  route("PATCH", E, "UpdateEnvironment", 200, applications.updateEnvironment),
  route("DELETE", E, "DeleteEnvironment", 204, applications.deleteEnvironment),
  route(
    "POST",
    `${A}/configurationprofiles`,
    "CreateConfigurationProfile",
    201,
    applications.createConfigurationProfile,
  ),
  route(
    "GET",
    `${A}/configurationprofiles`,
    "ListConfigurationProfiles",
    200,
    applications.listConfigurationProfiles,
  ),
  route("GET", P, "GetConfigurationProfile", 200, applications.getConfigurationProfile),
  route("PATCH", P, "UpdateConfigurationProfile", 200, applications.updateConfigurationProfile),
  route("DELETE", P, "DeleteConfigurationProfile", 204, applications.deleteConfigurationProfile),
  route("POST", `${P}/validators`, "ValidateConfiguration", 204, validateConfiguration),
  route("POST", V, "CreateHostedConfigurationVersion", 201, (state, input, { headers, body }) =>
    rawVersion(
      201,
      hosted.createHostedVersion(state, {
        ...input,
        Content: body,
        ContentType: headers["content-type"],
        Description: headers["description"],
        LatestVersionNumber: headers["latest-version-number"],
        VersionLabel: headers["versionlabel"],
      }),
    ),
  ),
  route("GET", V, "ListHostedConfigurationVersions", 200, hosted.listHostedVersions),
  route("GET", `${V}/{VersionNumber}`, "GetHostedConfigurationVersion", 200, (state, input) =>
    rawVersion(200, hosted.getHostedVersion(state, input)),
  ),
  route(
    "DELETE",
    `${V}/{VersionNumber}`,
    "DeleteHostedConfigurationVersion",
    204,
    hosted.deleteHostedVersion,
  ),
  route(
    "POST",
    "/deploymentstrategies",
    "CreateDeploymentStrategy",
    201,
    strategies.createDeploymentStrategy,
  ),
  route(
    "GET",
    "/deploymentstrategies",
    "ListDeploymentStrategies",
    200,
    strategies.listDeploymentStrategies,
  ),
  route("GET", S, "GetDeploymentStrategy", 200, strategies.getDeploymentStrategy),
  route("PATCH", S, "UpdateDeploymentStrategy", 200, strategies.updateDeploymentStrategy),
  // Spelled so by AWS.
  route(
    "DELETE",
    "/deployementstrategies/{DeploymentStrategyId}",
    "DeleteDeploymentStrategy",
    204,
    strategies.deleteDeploymentStrategy,
  ),
  route("POST", `${E}/deployments`, "StartDeployment", 201, deployments.startDeployment),
  route("GET", `${E}/deployments`, "ListDeployments", 200, deployments.listDeployments),
  route("GET", D, "GetDeployment", 200, deployments.getDeployment),
  route("DELETE", D, "StopDeployment", 202, (state, input, { headers }) =>
    deployments.stopDeployment(state, {
      ...input,
      AllowRevert: headers["allow-revert"] === "true",
    }),
  ),
  route(
    "POST",
    "/configurationsessions",
    "StartConfigurationSession",
    201,
    startConfigurationSession,
  ),
  route("GET", "/configuration", "GetLatestConfiguration", 200, (state, _input, request) => ({
    response: getLatestConfiguration(state, request),
  })),
  route("GET", `${E}/configurations/{Configuration}`, "GetConfiguration", 200),
  route("GET", "/settings", "GetAccountSettings", 200),
  route("PATCH", "/settings", "UpdateAccountSettings", 200),
  route("GET", "/tags/{ResourceArn}", "ListTagsForResource", 200),
  route("POST", "/tags/{ResourceArn}", "TagResource", 204),
  route("DELETE", "/tags/{ResourceArn}", "UntagResource", 204),
  route("POST", "/extensions", "CreateExtension", 201),
  route("GET", "/extensions", "ListExtensions", 200),
  route("GET", "/extensions/{ExtensionIdentifier}", "GetExtension", 200),
  route("PATCH", "/extensions/{ExtensionIdentifier}", "UpdateExtension", 200),
  route("DELETE", "/extensions/{ExtensionIdentifier}", "DeleteExtension", 204),
  route("POST", "/extensionassociations", "CreateExtensionAssociation", 201),
  route("GET", "/extensionassociations", "ListExtensionAssociations", 200),
];

/** Runs the operation that method and path name. */
export async function dispatch(
  state: AppConfigState,
  request: ServiceRequest,
): Promise<ServiceResponse> {
  const { run, status, input } = readRequest(request);
  const output = await run(state, input, request);
  if (request.method !== "GET") state.changed();
  if (isResponse(output)) return output.response;
  return {
    status,
    headers: { "content-type": "application/json" },
    body: output === undefined ? "" : JSON.stringify(output),
  };
}

/** What a request does, by the ARNs that policies have. @throws AppConfigError as `dispatch` does */
export function accessesOf(
  state: AppConfigState,
  request: ServiceRequest,
  arnPrefix: string,
): Access[] {
  const { operation, input } = readRequest(request);
  switch (operation) {
    case "StartConfigurationSession":
      return [dataPlaneAccess(operation, requestedConfiguration(state, input), arnPrefix)];
    case "GetLatestConfiguration":
      return [dataPlaneAccess(operation, polledSession(state, request), arnPrefix)];
    default:
      return controlPlaneAccesses(operation, input, arnPrefix);
  }
}

function readRequest(request: ServiceRequest) {
  const path = request.path.split("/").map(decodeSegment);
  const found = ROUTES.find(
    ({ method, segments }) =>
      method === request.method &&
      segments.length === path.length &&
      segments.every((segment, index) => segment.startsWith("{") || segment === path[index]),
  );
  if (found === undefined || found.run === undefined) {
    const what = `${request.method} ${request.path}`;
    throw notInLocalCloud(found === undefined ? what : `${found.operation} (${what})`);
  }
  const input: Record<string, unknown> = { ...queryInput(request), ...jsonBody(found, request) };
  for (const [index, segment] of found.segments.entries()) {
    if (segment.startsWith("{")) input[segment.slice(1, -1)] = path[index];
  }
  return { ...found, run: found.run, input };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`the path has ${segment}, which is not percent-encoded`);
  }
}

/** The query parameters of the lists and of ValidateConfiguration, as the API's members. */
const QUERY_MEMBERS = {
  max_results: "MaxResults",
  next_token: "NextToken",
  type: "Type",
  version_label: "VersionLabel",
  configuration_version: "ConfigurationVersion",
} as const;

function queryInput({ query }: ServiceRequest): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(QUERY_MEMBERS).map(([name, member]) => [member, query.get(name) ?? undefined]),
  );
}

function jsonBody({ operation }: Route, { body }: ServiceRequest): Record<string, unknown> {
  // A hosted version's body is the configuration itself, whatever it looks like.
  if (operation === "CreateHostedConfigurationVersion" || body.byteLength === 0) return {};
  try {
    const parsed: unknown = JSON.parse(body.toString("utf8"));
    if (typeof parsed === "object" && parsed !== null) return { ...parsed };
  } catch {
    // Said below.
  }
  throw badRequest(`${operation}: the body is not a JSON object`);
}

async function validateConfiguration(state: AppConfigState, input: Input): Promise<void> {
  const application = findApplication(state, input.ApplicationId);
  const profile = findProfile(application, input.ConfigurationProfileId);
  const version = hosted.findVersion(profile, input.ConfigurationVersion ?? "");
  await validateVersion(state, profile, version);
}

const isResponse = (output: unknown): output is { readonly response: ServiceResponse } =>
  typeof output === "object" && output !== null && "response" in output;

/** A hosted version's members are headers, its content the body. */
function rawVersion(status: number, version: HostedVersion): { response: ServiceResponse } {
  return {
    response: {
      status,
      headers: {
        "application-id": version.applicationId,
        "configuration-profile-id": version.profileId,
        "version-number": String(version.number),
        "content-type": version.contentType,
        ...(version.description !== undefined && { description: version.description }),
        ...(version.label !== undefined && { versionlabel: version.label }),
      },
      body: version.content,
    },
  };
}
