import type { AppConfigState, HostedVersion, InvalidConfigurationDetail } from "./model.ts";

/** Wall time, as the function's own is: its start is in it. */
const TIMEOUT_MS = 15_000;

/** What a function says against a version: its error, if it throws one or can't be asked. */
export async function lambdaRefusal(
  functionArn: string,
  version: HostedVersion,
  invokeFunction: AppConfigState["invokeFunction"],
): Promise<InvalidConfigurationDetail[]> {
  const event = {
    applicationId: version.applicationId,
    configurationProfileId: version.profileId,
    configurationVersion: String(version.number),
    content: Buffer.from(version.content).toString("base64"),
    uri: "hosted",
  };
  const refused = (Reason: string) => [{ Type: "LAMBDA", Reason }];
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), TIMEOUT_MS);
  });
  try {
    const outcome = await Promise.race([invokeFunction(functionArn, event), timeout]);
    if (outcome === "late") return refused(`${functionArn} took more than ${TIMEOUT_MS} ms`);
    if (outcome === "throttled") return refused(`${functionArn} is throttled`);
    return outcome.failed ? refused(errorMessage(outcome.payload)) : [];
  } catch (error) {
    return refused((error as Error).message);
  } finally {
    clearTimeout(timer);
  }
}

function errorMessage(payload: Buffer): string {
  const error = JSON.parse(payload.toString()) as { errorMessage?: unknown } | null;
  return typeof error?.errorMessage === "string" ? error.errorMessage : payload.toString();
}
