import { badRequest, conflict, notFound, payloadTooLarge } from "./errors.ts";
import { DESCRIPTION, optionalNumber, optionalText, page, text } from "./input.ts";
import type { Input } from "./input.ts";
import type { AppConfigState, ConfigurationProfile, HostedVersion } from "./model.ts";
import { findApplication, findProfile } from "./store.ts";

/** AWS's default quota of the hosted configuration store. */
const MAX_CONTENT_KILOBYTES = 2048;
const LABEL = { min: 1, max: 64, pattern: /.*[^0-9].*/ } as const;
const VERSION_NUMBER = { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true } as const;

const profileOf = (state: AppConfigState, input: Input): ConfigurationProfile =>
  findProfile(findApplication(state, input.ApplicationId), input.ConfigurationProfileId);

/** `Content` is bytes here, as it is on the wire. */
export function createHostedVersion(state: AppConfigState, input: Input): HostedVersion {
  const profile = profileOf(state, input);
  const content = input.Content as Uint8Array;
  if (content.byteLength > MAX_CONTENT_KILOBYTES * 1024) {
    throw payloadTooLarge(MAX_CONTENT_KILOBYTES, Math.ceil(content.byteLength / 1024));
  }
  const contentType = text(input, "ContentType", { min: 1, max: 255 });
  const expected = optionalNumber(input, "LatestVersionNumber", { ...VERSION_NUMBER, min: 0 });
  if (expected !== undefined && expected !== profile.latestVersion) {
    throw conflict(
      `LatestVersionNumber: got ${expected}, the latest version is ${profile.latestVersion}`,
    );
  }
  const label = optionalText(input, "VersionLabel", LABEL);
  if (label !== undefined && byLabel(profile, label) !== undefined) {
    throw conflict(`VersionLabel: ${label} exists already in profile ${profile.id}`);
  }
  profile.latestVersion += 1;
  const version: HostedVersion = {
    applicationId: profile.applicationId,
    profileId: profile.id,
    number: profile.latestVersion,
    content,
    contentType,
    description: optionalText(input, "Description", DESCRIPTION),
    label,
  };
  profile.versions.set(version.number, version);
  return version;
}

export function getHostedVersion(state: AppConfigState, input: Input): HostedVersion {
  const number = optionalNumber(input, "VersionNumber", VERSION_NUMBER);
  const version = profileOf(state, input).versions.get(number!);
  if (version === undefined) throw notFound("HostedConfigurationVersion", String(number));
  return version;
}

/** Newest first. */
export function listHostedVersions(state: AppConfigState, input: Input) {
  const label = optionalText(input, "VersionLabel", { min: 1, max: 64 });
  const matches = (version: HostedVersion) => {
    if (label === undefined) return true;
    return label.endsWith("*")
      ? version.label?.startsWith(label.slice(0, -1)) === true
      : version.label === label;
  };
  const versions = [...profileOf(state, input).versions.values()].filter(matches).toReversed();
  return page(
    versions.map((version) => ({
      ApplicationId: version.applicationId,
      ConfigurationProfileId: version.profileId,
      VersionNumber: version.number,
      Description: version.description,
      ContentType: version.contentType,
      VersionLabel: version.label,
    })),
    input,
  );
}

/** What is deployed stays served: a deployment holds its version. */
export function deleteHostedVersion(state: AppConfigState, input: Input): void {
  const { number } = getHostedVersion(state, input);
  profileOf(state, input).versions.delete(number);
}

const byLabel = (profile: ConfigurationProfile, label: string): HostedVersion | undefined =>
  [...profile.versions.values()].find((version) => version.label === label);

/** A deployment's `ConfigurationVersion`: a number or a label. */
export function findVersion(profile: ConfigurationProfile, numberOrLabel: string): HostedVersion {
  if (numberOrLabel === "") throw badRequest("ConfigurationVersion: got an empty string");
  const version = /^\d+$/.test(numberOrLabel)
    ? profile.versions.get(Number(numberOrLabel))
    : byLabel(profile, numberOrLabel);
  if (version === undefined) throw notFound("HostedConfigurationVersion", numberOrLabel);
  return version;
}
