import { randomInt } from "node:crypto";
import { notFound } from "./errors.ts";
import type { Application, AppConfigState, ConfigurationProfile, Environment } from "./model.ts";

/** Seven of a-z and 0-9, as AppConfig's ids are. */
export function newId(taken: ReadonlyMap<string, unknown>): string {
  for (;;) {
    const id = randomInt(36 ** 7)
      .toString(36)
      .padStart(7, "0");
    if (!taken.has(id)) return id;
  }
}

export function findApplication(state: AppConfigState, id: string): Application {
  const application = state.applications.get(id);
  if (application === undefined) throw notFound("Application", id);
  return application;
}

export function findEnvironment(application: Application, id: string): Environment {
  const environment = application.environments.get(id);
  if (environment === undefined) throw notFound("Environment", id);
  return environment;
}

export function findProfile(application: Application, id: string): ConfigurationProfile {
  const profile = application.profiles.get(id);
  if (profile === undefined) throw notFound("ConfigurationProfile", id);
  return profile;
}
