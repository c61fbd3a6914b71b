import type { ServiceRequest, ServiceResponse } from "../service.ts";
import { servedVersion } from "./deployment.ts";
import { badRequest, invalidParameter, notFound } from "./errors.ts";
import { optionalNumber, text } from "./input.ts";
import type { Input } from "./input.ts";
import type { AppConfigState, Environment, HostedVersion, Session } from "./model.ts";
import { bucketOf, newSessionId, readToken, tokenOf } from "./session.ts";

const TOKEN_LIFE_MS = 24 * 3_600_000;
const DEFAULT_POLL_SECONDS = 60;
const POLL_SECONDS = { min: 15, max: 86_400, integer: true } as const;

/**
 * That the session is refused while nothing is deployed, rather than its first poll, is not
 * verified; either way a client that has nothing gets a 404.
 */
export function startConfigurationSession(state: AppConfigState, input: Input) {
  const { application, environment, profile } = identifyAll(state, input);
  const seconds = optionalNumber(input, "RequiredMinimumPollIntervalInSeconds", POLL_SECONDS);
  if (!environment.deployments.some((deployment) => deployment.profileId === profile.id)) {
    throw notFound("Deployment", `${application.name}/${environment.name}/${profile.name}`);
  }
  const now = state.clock.now();
  for (const old of state.sessions.values()) {
    if (old.tokenIssuedAt + TOKEN_LIFE_MS < now) state.sessions.delete(old.id);
  }
  const session: Session = {
    id: newSessionId(),
    applicationId: application.id,
    environmentId: environment.id,
    profileId: profile.id,
    bucket: bucketOf(state.sessionCount),
    requiredMinimumPollSeconds: seconds,
    generation: 0,
    tokenIssuedAt: now,
    nextPollAt: now,
    lastVersion: undefined,
  };
  state.sessionCount += 1;
  state.sessions.set(session.id, session);
  return { InitialConfigurationToken: tokenOf(session) };
}

/** The configuration that a session is asked for. */
export function requestedConfiguration(state: AppConfigState, input: Input) {
  const { application, environment, profile } = identifyAll(state, input);
  return {
    applicationId: application.id,
    environmentId: environment.id,
    profileId: profile.id,
  };
}

function identifyAll(state: AppConfigState, input: Input) {
  const application = identify(
    [...state.applications.values()],
    input,
    "ApplicationIdentifier",
    "Application",
  );
  const environment = identify(
    [...application.environments.values()],
    input,
    "EnvironmentIdentifier",
    "Environment",
  );
  const profile = identify(
    [...application.profiles.values()],
    input,
    "ConfigurationProfileIdentifier",
    "ConfigurationProfile",
  );
  return { application, environment, profile };
}

/** By id or by name. Names need not be unique in AppConfig; a name that isn't can't be used here. */
function identify<T extends { id: string; name: string }>(
  candidates: readonly T[],
  input: Input,
  member: string,
  resourceType: string,
): T {
  const identifier = text(input, member, { min: 1, max: 128 });
  const byId = candidates.find(({ id }) => id === identifier);
  if (byId !== undefined) return byId;
  const [byName, another] = candidates.filter(({ name }) => name === identifier);
  if (another !== undefined) throw badRequest(`${member}: more than one is named ${identifier}`);
  if (byName === undefined) throw notFound(resourceType, identifier);
  return byName;
}

export function getLatestConfiguration(
  state: AppConfigState,
  request: ServiceRequest,
): ServiceResponse {
  const session = polledSession(state, request);
  const now = state.clock.now();
  if (session.requiredMinimumPollSeconds !== undefined && now < session.nextPollAt) {
    // The token stays good, so that the client can come again with it; not verified against AWS.
    throw invalidParameter(
      "ConfigurationToken",
      "PollIntervalNotSatisfied",
      "Request too early: the poll interval has not passed",
    );
  }
  const version = served(state, session);
  const pollSeconds = session.requiredMinimumPollSeconds ?? DEFAULT_POLL_SECONDS;
  session.generation += 1;
  session.tokenIssuedAt = now;
  session.nextPollAt = now + pollSeconds * 1_000;
  const changed = version.number !== session.lastVersion;
  session.lastVersion = version.number;
  return {
    status: 200,
    headers: {
      "next-poll-configuration-token": tokenOf(session),
      "next-poll-interval-in-seconds": String(pollSeconds),
      "content-type": version.contentType,
      ...(changed && {
        "version-label": version.label ?? "",
        // Not in the SDK's model, but the agent has the number from somewhere, and hands it on.
        "configuration-version": String(version.number),
      }),
    },
    body: changed ? version.content : "",
  };
}

/** The session whose token a poll has. @throws BadRequestException for a token that is none, or old */
export function polledSession(state: AppConfigState, { query }: ServiceRequest): Session {
  const read = readToken(query.get("configuration_token") ?? "");
  if (read === undefined) {
    throw invalidParameter(
      "ConfigurationToken",
      "Corrupted",
      "The token is not one of AppConfig's",
    );
  }
  const session = state.sessions.get(read.id);
  if (
    session === undefined ||
    // A token that served its one call. AWS's problem for it is not verified.
    read.generation !== session.generation ||
    session.tokenIssuedAt + TOKEN_LIFE_MS < state.clock.now()
  ) {
    throw invalidParameter("ConfigurationToken", "Expired", "The token was used or is too old");
  }
  return session;
}

function served(state: AppConfigState, session: Session): HostedVersion {
  const environment: Environment | undefined = state.applications
    .get(session.applicationId)
    ?.environments.get(session.environmentId);
  if (environment === undefined) throw notFound("Environment", session.environmentId);
  const version = servedVersion(environment, session.profileId, session.bucket);
  // Nothing before the first deployment, or before it has reached this session; AWS's answer in the
  // second case is not verified.
  if (version === undefined) throw notFound("Deployment", session.profileId);
  return version;
}
