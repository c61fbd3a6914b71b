import { generatedName } from "../names.ts";
import { checkProperties } from "../properties.ts";
import type { ResourceSite } from "../service.ts";

/** A function as its template has it, with Lambda's defaults. */
export interface FunctionDefinition {
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  readonly code: FunctionCode;
  readonly handler: string;
  readonly runtime: string;
  readonly architecture: string;
  readonly roleArn: string;
  readonly timeoutSeconds: number;
  /** Told to the function, and not enforced. */
  readonly memoryMb: number;
  readonly variables: Readonly<Record<string, string>>;
  /** Whether it has the layer of the AppConfig agent. */
  readonly hasAppConfigAgent: boolean;
  readonly reservedConcurrency?: number;
  readonly logGroupName: string;
}

export type FunctionCode = { readonly s3Key: string } | { readonly source: string };

/** What a function may change in place. */
export type FunctionChange = Partial<
  Pick<FunctionDefinition, "description" | "handler" | "timeoutSeconds" | "memoryMb" | "variables">
>;

type Properties = Readonly<Record<string, any>>;

const type = "AWS::Lambda::Function";

/** Both run on the Node that runs the local cloud. */
const runtimes = ["nodejs22.x", "nodejs24.x"];

/** The variables that Lambda sets, and lets nobody else set. */
const reservedVariables = new Set([
  "_HANDLER",
  "_X_AMZN_TRACE_ID",
  "AWS_DEFAULT_REGION",
  "AWS_REGION",
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_FUNCTION_NAME",
  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  "AWS_LAMBDA_FUNCTION_VERSION",
  "AWS_LAMBDA_INITIALIZATION_TYPE",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_LAMBDA_RUNTIME_API",
  "AWS_ACCESS_KEY",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "LAMBDA_TASK_ROOT",
  "LAMBDA_RUNTIME_DIR",
]);

/** Reads `AWS::Lambda::Function`. @throws Error for what the local cloud doesn't do */
export function functionDefinition(properties: Properties, site: ResourceSite): FunctionDefinition {
  checkProperties(type, properties, [
    "Architectures",
    "Code",
    "Description",
    "Environment",
    "FunctionName",
    "Handler",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "PackageType",
    "ReservedConcurrentExecutions",
    "Role",
    "Runtime",
    "Timeout",
    // Without a local meaning.
    "EphemeralStorage",
    "KmsKeyArn",
    "RecursiveLoop",
    "RuntimeManagementConfig",
    "Tags",
    "TracingConfig",
  ]);
  const name: string = properties["FunctionName"] ?? generatedName(site, 64);
  // It becomes a directory's name too.
  if (!/^[\w-]{1,64}$/.test(name)) throw new Error(`${type}: FunctionName: got ${name}`);
  const reserved: unknown = properties["ReservedConcurrentExecutions"];
  return {
    name,
    arn: `arn:aws:lambda:${site.region}:${site.account}:function:${name}`,
    description: properties["Description"] ?? "",
    code: functionCode(properties),
    handler: required(properties, "Handler"),
    runtime: oneOf("Runtime", required(properties, "Runtime"), runtimes),
    architecture: properties["Architectures"]?.[0] ?? "x86_64",
    roleArn: required(properties, "Role"),
    timeoutSeconds: Number(properties["Timeout"] ?? 3),
    memoryMb: Number(properties["MemorySize"] ?? 128),
    variables: checkVariables(properties["Environment"]?.Variables ?? {}),
    hasAppConfigAgent: hasAppConfigAgent(properties["Layers"] ?? []),
    ...(reserved !== undefined && { reservedConcurrency: Number(reserved) }),
    logGroupName: properties["LoggingConfig"]?.LogGroup ?? `/aws/lambda/${name}`,
  };
}

/** @returns the variables, as strings @throws Error for one that is Lambda's own */
export function checkVariables(
  variables: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  const reserved = Object.keys(variables).filter((name) => reservedVariables.has(name));
  if (reserved.length > 0) {
    throw new Error(`${type}: Environment: reserved variables ${reserved.join(", ")}`);
  }
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, String(value)]),
  );
}

function functionCode(properties: Properties): FunctionCode {
  oneOf("PackageType", properties["PackageType"] ?? "Zip", ["Zip"]);
  const code = required(properties, "Code") as unknown as Properties;
  checkProperties(`${type}: Code`, code, ["S3Bucket", "S3Key", "ZipFile"]);
  if (code["ZipFile"] !== undefined) return { source: String(code["ZipFile"]) };
  return { s3Key: required(code, "S3Key") };
}

/** The one layer with a local meaning; its ARN's account and version differ by region. */
function hasAppConfigAgent(layers: readonly string[]): boolean {
  for (const arn of layers) {
    if (!arn.includes("AWS-AppConfig-Extension")) {
      throw new Error(`${type}: Layers: got ${arn}, allowed is AWS-AppConfig-Extension`);
    }
  }
  return layers.length > 0;
}

function required(properties: Properties, name: string): string {
  if (properties[name] === undefined) throw new Error(`${type}: ${name} is required`);
  return properties[name];
}

function oneOf(name: string, got: string, allowed: readonly string[]): string {
  if (!allowed.includes(got)) {
    throw new Error(`${type}: ${name}: got ${got}, allowed is ${allowed.join(" or ")}`);
  }
  return got;
}
