import { badRequest, conflict, quotaExceeded } from "./errors.ts";
import { DESCRIPTION, NAME, list, oneOf, optionalText, page, refuse, text } from "./input.ts";
import type { Input } from "./input.ts";
import { isRunning } from "./deployment.ts";
import type {
  Application,
  AppConfigState,
  ConfigurationProfile,
  Environment,
  Monitor,
} from "./model.ts";
import { findApplication, findEnvironment, findProfile, newId } from "./store.ts";
import { readValidators } from "./validators.ts";

const MAX_APPLICATIONS = 100;
const MAX_MONITORS = 5;

const applicationShape = ({ id, name, description }: Application) => ({
  Id: id,
  Name: name,
  Description: description,
});

export function createApplication(state: AppConfigState, input: Input) {
  if (state.applications.size >= MAX_APPLICATIONS) {
    throw quotaExceeded(`applications: allowed are ${MAX_APPLICATIONS}`);
  }
  const application: Application = {
    id: newId(state.applications),
    name: text(input, "Name", NAME),
    description: optionalText(input, "Description", DESCRIPTION),
    environments: new Map(),
    profiles: new Map(),
  };
  state.applications.set(application.id, application);
  return applicationShape(application);
}

export const getApplication = (state: AppConfigState, input: Input) =>
  applicationShape(findApplication(state, input.ApplicationId));

export const listApplications = (state: AppConfigState, input: Input) =>
  page([...state.applications.values()].map(applicationShape), input);

export function updateApplication(state: AppConfigState, input: Input) {
  const application = findApplication(state, input.ApplicationId);
  rename(application, input);
  return applicationShape(application);
}

export function deleteApplication(state: AppConfigState, input: Input): void {
  const application = findApplication(state, input.ApplicationId);
  // That AWS wants an application empty first is not verified; deleting what is deployed is refused
  // here, so that nobody counts on the opposite.
  if (application.environments.size + application.profiles.size > 0) {
    throw badRequest(`Application ${application.id} still has environments or profiles`);
  }
  state.applications.delete(application.id);
}

const environmentShape = (environment: Environment) => ({
  ApplicationId: environment.applicationId,
  Id: environment.id,
  Name: environment.name,
  Description: environment.description,
  State: environmentState(environment),
  Monitors: environment.monitors,
});

function environmentState({ deployments }: Environment): string {
  const latest = deployments.at(-1);
  if (latest === undefined || latest.state === "COMPLETE") return "READY_FOR_DEPLOYMENT";
  return isRunning(latest) ? "DEPLOYING" : latest.state;
}

export function createEnvironment(state: AppConfigState, input: Input) {
  const application = findApplication(state, input.ApplicationId);
  const environment: Environment = {
    applicationId: application.id,
    id: newId(application.environments),
    name: text(input, "Name", NAME),
    description: optionalText(input, "Description", DESCRIPTION),
    monitors: readMonitors(input) ?? [],
    deployments: [],
  };
  application.environments.set(environment.id, environment);
  return environmentShape(environment);
}

export const getEnvironment = (state: AppConfigState, input: Input) =>
  environmentShape(
    findEnvironment(findApplication(state, input.ApplicationId), input.EnvironmentId),
  );

export function listEnvironments(state: AppConfigState, input: Input) {
  const { environments } = findApplication(state, input.ApplicationId);
  return page([...environments.values()].map(environmentShape), input);
}

export function updateEnvironment(state: AppConfigState, input: Input) {
  const application = findApplication(state, input.ApplicationId);
  const environment = findEnvironment(application, input.EnvironmentId);
  const monitors = readMonitors(input);
  rename(environment, input);
  environment.monitors = monitors ?? environment.monitors;
  return environmentShape(environment);
}

export function deleteEnvironment(state: AppConfigState, input: Input): void {
  const application = findApplication(state, input.ApplicationId);
  const environment = findEnvironment(application, input.EnvironmentId);
  if (environment.deployments.some(isRunning)) {
    throw conflict(`Environment ${environment.id} has a deployment in progress`);
  }
  for (const deployment of environment.deployments) {
    deployment.cancel();
    deployment.settle();
  }
  application.environments.delete(environment.id);
}

function readMonitors(input: Input): Monitor[] | undefined {
  if (input.Monitors === undefined || input.Monitors === null) return undefined;
  return list(input, "Monitors", MAX_MONITORS).map((monitor) => ({
    AlarmArn: text(monitor, "AlarmArn", { min: 1, max: 2048 }),
    AlarmRoleArn: optionalText(monitor, "AlarmRoleArn", { min: 20, max: 2048 }),
  }));
}

const FREE_FORM = "AWS.Freeform";

const profileShape = (profile: ConfigurationProfile) => ({
  ApplicationId: profile.applicationId,
  Id: profile.id,
  Name: profile.name,
  Description: profile.description,
  LocationUri: "hosted",
  Validators: profile.validators,
  Type: FREE_FORM,
});

export function createConfigurationProfile(state: AppConfigState, input: Input) {
  const application = findApplication(state, input.ApplicationId);
  refuse(input, "RetrievalRoleArn", "KmsKeyIdentifier");
  // Of AWS's places for a configuration, and of its types, the local cloud has one each.
  const uri = text(input, "LocationUri");
  if (uri !== "hosted") {
    throw badRequest(`LocationUri: got ${uri}, the local cloud's AppConfig allows hosted only`);
  }
  oneOf(input, "Type", [FREE_FORM]);
  const profile: ConfigurationProfile = {
    applicationId: application.id,
    id: newId(application.profiles),
    name: text(input, "Name", { min: 1, max: 128 }),
    description: optionalText(input, "Description", DESCRIPTION),
    validators: readValidators(input),
    versions: new Map(),
    latestVersion: 0,
  };
  application.profiles.set(profile.id, profile);
  return profileShape(profile);
}

export const getConfigurationProfile = (state: AppConfigState, input: Input) =>
  profileShape(
    findProfile(findApplication(state, input.ApplicationId), input.ConfigurationProfileId),
  );

export function listConfigurationProfiles(state: AppConfigState, input: Input) {
  const type = optionalText(input, "Type");
  const profiles = [...findApplication(state, input.ApplicationId).profiles.values()];
  const summaries = profiles.map(({ applicationId, id, name, validators }) => ({
    ApplicationId: applicationId,
    Id: id,
    Name: name,
    LocationUri: "hosted",
    ValidatorTypes: validators.map((validator) => validator.Type),
    Type: FREE_FORM,
  }));
  return page(type === undefined || type === FREE_FORM ? summaries : [], input);
}

export function updateConfigurationProfile(state: AppConfigState, input: Input) {
  const application = findApplication(state, input.ApplicationId);
  const profile = findProfile(application, input.ConfigurationProfileId);
  refuse(input, "RetrievalRoleArn", "KmsKeyIdentifier");
  if (input.Validators !== undefined) profile.validators = readValidators(input);
  rename(profile, input, 128);
  return profileShape(profile);
}

export function deleteConfigurationProfile(state: AppConfigState, input: Input): void {
  const application = findApplication(state, input.ApplicationId);
  const profile = findProfile(application, input.ConfigurationProfileId);
  if (profile.versions.size > 0) {
    throw conflict(`Configuration profile ${profile.id} still has hosted configuration versions`);
  }
  application.profiles.delete(profile.id);
}

function rename(
  resource: { name: string; description?: string },
  input: Input,
  maxLength: number = NAME.max,
): void {
  const name = optionalText(input, "Name", { min: 1, max: maxLength });
  const description = optionalText(input, "Description", DESCRIPTION);
  resource.name = name ?? resource.name;
  resource.description = description ?? resource.description;
}
