import type { AppConfigProvider } from "@aws-lambda-powertools/parameters/appconfig";
import type { FunctionEnvironment } from "../function-environment.ts";
import type { DocumentReader } from "./last-good.ts";

// AppConfig charges for every poll, and 15 s is the shortest interval that a session may ask for.
const MAX_AGE_MS = 15_000;

/**
 * Reads from AppConfig itself, through Powertools, where no agent runs beside the function: in a
 * container image, for one.
 */
export function dataPlaneReader(environment: FunctionEnvironment): DocumentReader {
  let provider: AppConfigProvider | undefined;
  return {
    maxAgeMs: MAX_AGE_MS,
    async read(signal) {
      // Imported on first use: a function that has the agent never pays for it.
      const { AppConfigProvider } = await import("@aws-lambda-powertools/parameters/appconfig");
      provider ??= new AppConfigProvider({
        application: environment.application,
        environment: environment.environment,
      });
      // A token serves one call, and after a failure or a time-out nobody knows whether it was the one.
      // The provider would use it again for a day; a new one begins with a session of its own.
      const forget = () => (provider = undefined);
      signal.addEventListener("abort", forget);
      try {
        const bytes = await provider.get(environment.profile, {
          forceFetch: true,
          sdkOptions: { RequiredMinimumPollIntervalInSeconds: MAX_AGE_MS / 1_000 },
        });
        if (bytes === undefined) throw new Error("AppConfig served no document");
        return { text: new TextDecoder().decode(bytes) };
      } catch (error) {
        forget();
        throw error;
      } finally {
        signal.removeEventListener("abort", forget);
      }
    },
  };
}
