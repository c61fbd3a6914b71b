import type { Credentials } from "../iam/index.ts";
import type { FunctionDefinition } from "./definition.ts";

/** What an execution environment's variables come from, beside its function. */
export interface VariableSources {
  /** The gateway's. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly taskRoot: string;
  readonly logStreamName: string;
  /** Host and port. */
  readonly runtimeApi: string;
  /** The AppConfig agent's, if there is one. */
  readonly agentPort?: number;
}

/**
 * The whole environment of a function's process: what Lambda gives, what the function asks for, and
 * where the local cloud is. Nothing comes from the environment of the local cloud itself.
 */
export function processVariables(
  definition: FunctionDefinition,
  sources: VariableSources,
): Record<string, string> {
  const { region, credentials } = sources;
  return {
    ...definition.variables,
    _HANDLER: definition.handler,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${definition.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: definition.logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: sources.logStreamName,
    AWS_LAMBDA_RUNTIME_API: sources.runtimeApi,
    LAMBDA_TASK_ROOT: sources.taskRoot,
    LANG: "en_US.UTF-8",
    PATH: "/usr/local/bin:/usr/bin:/bin",
    TZ: ":UTC",
    // Lambda's user has no home, and so the SDK finds no profile of this machine's user.
    HOME: "/home/sbx_user1051",
    AWS_ENDPOINT_URL: sources.endpoint,
    ...(sources.agentPort !== undefined && {
      AWS_APPCONFIG_EXTENSION_HTTP_PORT: String(sources.agentPort),
    }),
  };
}
