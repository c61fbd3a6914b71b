import type { AppConfigDataClient } from "@aws-sdk/client-appconfigdata";
import type { FunctionEnvironment } from "../function-environment.ts";
import type { DocumentReader } from "./last-good.ts";

// AppConfig charges for every poll, and 15 s is the shortest interval that a session may ask for.
const MAX_AGE_MS = 15_000;

/** Reads from AppConfig itself where no agent runs beside the function: in a container image, for one. */
export function dataPlaneReader(environment: FunctionEnvironment): DocumentReader {
  let client: AppConfigDataClient | undefined;
  let nextToken: string | undefined;
  let text: string | undefined;
  return {
    maxAgeMs: MAX_AGE_MS,
    async read(abortSignal) {
      // Imported on first use: a function that has the agent never pays for it.
      const {
        AppConfigDataClient,
        GetLatestConfigurationCommand,
        StartConfigurationSessionCommand,
      } = await import("@aws-sdk/client-appconfigdata");
      client ??= new AppConfigDataClient();
      // A token serves one call, and after a failure nobody knows whether it was the one: then a new
      // session, which begins with the whole document.
      let token = nextToken;
      nextToken = undefined;
      if (token === undefined) {
        const start = new StartConfigurationSessionCommand({
          ApplicationIdentifier: environment.application,
          EnvironmentIdentifier: environment.environment,
          ConfigurationProfileIdentifier: environment.profile,
          RequiredMinimumPollIntervalInSeconds: MAX_AGE_MS / 1_000,
        });
        token = (await client.send(start, { abortSignal })).InitialConfigurationToken;
      }
      const latest = await client.send(
        new GetLatestConfigurationCommand({ ConfigurationToken: token }),
        { abortSignal },
      );
      nextToken = latest.NextPollConfigurationToken;
      // Nothing where the document is still the one that this session has served.
      if (latest.Configuration?.length) text = latest.Configuration.transformToString();
      if (text === undefined) throw new Error("AppConfig served no document");
      return { text };
    },
  };
}
