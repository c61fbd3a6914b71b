import { fileURLToPath } from "node:url";
import { Duration, RemovalPolicy } from "aws-cdk-lib";
import {
  Architecture,
  Code,
  Function,
  Runtime,
  type FunctionOptions,
} from "aws-cdk-lib/aws-lambda";
import { LogLevel, NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { justifyLogPolicy } from "./justify.ts";

/** Segue's own functions, by the folder of their source in `lambdas`. */
export const OWN_FUNCTIONS = ["mode-gate", "rollback-guard"] as const;

type OwnFunction = (typeof OWN_FUNCTIONS)[number];

/**
 * Makes one of Segue's own functions. The published package has each as a bundle beside this module, so
 * that nobody who uses it needs a bundler; run from source it is bundled when the app is synthesized.
 */
export function ownFunction(
  scope: Construct,
  id: string,
  name: OwnFunction,
  options: FunctionOptions,
): Function {
  const fn = newFunction(scope, id, name, options);
  justifyLogPolicy(fn);
  return fn;
}

function newFunction(
  scope: Construct,
  id: string,
  name: OwnFunction,
  options: FunctionOptions,
): Function {
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const props = {
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    // Not for the memory, but for the share of a CPU that comes with it: AppConfig waits for the gate's
    // start too.
    memorySize: 512,
    timeout: Duration.seconds(15),
    logGroup,
    ...options,
  };
  if (!import.meta.url.endsWith(".ts")) {
    const bundle = new URL(`../lambdas/${name}/`, import.meta.url);
    return new Function(scope, id, {
      ...props,
      code: Code.fromAsset(fileURLToPath(bundle)),
      handler: "index.handler",
    });
  }
  const source = new URL(`../../lambdas/${name}/handler.ts`, import.meta.url);
  return new NodejsFunction(scope, id, {
    ...props,
    entry: fileURLToPath(source),
    bundling: {
      format: OutputFormat.ESM,
      mainFields: ["module", "main"],
      minify: true,
      logLevel: LogLevel.WARNING,
    },
  });
}
