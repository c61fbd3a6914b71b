import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { CloudClock } from "../clock.ts";
import type { Credentials } from "../iam/index.ts";
import { generatedName } from "../names.ts";
import { checkProperties } from "../properties.ts";
import type { ResourceMaker, Service } from "../service.ts";
import { lambdaApi } from "./api.ts";
import { asynchronousInvocations } from "./asynchronous.ts";
import { createCodeStore } from "./code.ts";
import { functionDefinition } from "./definition.ts";
import type { Agent } from "./environment.ts";
import { createFunctions } from "./functions.ts";
import { newInvocation } from "./invocation.ts";
import { createLogBook, type LogLine } from "./logs.ts";
import type { Outcome } from "./outcome.ts";
import { startReaper } from "./reaper.ts";

export type { Agent } from "./environment.ts";
export type { LogLine } from "./logs.ts";
export type { Outcome } from "./outcome.ts";

export interface LambdaOptions {
  readonly clock: CloudClock;
  readonly region: string;
  readonly account: string;
  /** The gateway's, which the functions' SDKs get as `AWS_ENDPOINT_URL`. */
  readonly endpoint: string;
  /** The file or directory that stands behind a key of the assets' bucket. */
  asset(s3Key: string): string | undefined;
  credentialsFor(roleArn: string): Credentials;
  /** Starts an AppConfig agent for an environment whose function has its layer. */
  startAgent(variables: Readonly<Record<string, string>>): Promise<Agent>;
  /** Hears what functions print, before the invocation that printed it answers. */
  onLog(line: LogLine): void;
  /**
   * How many invocations of functions without a reservation may run at once.
   *
   * @default 10, as an AWS account has at first
   */
  readonly accountConcurrency?: number;
  /**
   * The runtime client that functions' processes run.
   *
   * @default the local cloud's own, bootstrap.ts
   */
  readonly runtimeClient?: string;
}

export interface LambdaService extends Service {
  /**
   * Invokes a function from within the cloud, and waits for it.
   *
   * @throws Error for a function that isn't there
   */
  invoke(nameOrArn: string, payload: unknown): Promise<Outcome | "throttled">;
  /** The latest lines that a function printed, oldest first. */
  logs(functionName: string): readonly LogLine[];
}

// It has the extension that this file has: `.js` in the published package.
const ownRuntimeClient = fileURLToPath(
  new URL(`bootstrap${extname(import.meta.url)}`, import.meta.url),
);

/** Lambda: functions as processes on the real Runtime API, several environments a function. */
export function createLambda(options: LambdaOptions): LambdaService {
  const { region, account, accountConcurrency = 10, runtimeClient = ownRuntimeClient } = options;
  const reaper = startReaper();
  const code = createCodeStore((s3Key) => options.asset(s3Key));
  const logs = createLogBook();
  const asynchronous = asynchronousInvocations(options.clock);
  const functions = createFunctions({
    region,
    reaper,
    code,
    accountConcurrency,
    runtimeClient,
    endpoint: options.endpoint,
    credentialsFor: (roleArn) => options.credentialsFor(roleArn),
    startAgent: (variables) => options.startAgent(variables),
    onLine(functionName, line, requestId) {
      const entry = { functionName, line, ...(requestId !== undefined && { requestId }) };
      logs.add(entry);
      options.onLog(entry);
    },
  });

  const createFunction: ResourceMaker = async (properties, site) => {
    const definition = functionDefinition(properties, site);
    await functions.create(definition);
    return { ref: definition.name, attributes: { Arn: definition.arn } };
  };

  const configureEvents: ResourceMaker = (properties, site) => {
    const type = "AWS::Lambda::EventInvokeConfig";
    const known = ["FunctionName", "Qualifier", "MaximumRetryAttempts"];
    checkProperties(type, properties, [...known, "MaximumEventAgeInSeconds"]);
    const target = functions.find(properties["FunctionName"]);
    if (target === undefined) {
      throw new Error(`${type}: no function ${properties["FunctionName"]}`);
    }
    target.maxRetries = properties["MaximumRetryAttempts"];
    return { ref: generatedName(site) };
  };

  return {
    signingName: "lambda",
    resources: {
      "AWS::Lambda::Function": createFunction,
      "AWS::Lambda::EventInvokeConfig": configureEvents,
      // Who else may invoke a function isn't asked here.
      "AWS::Lambda::Permission"(_, site) {
        const id = generatedName(site);
        return { ref: id, attributes: { Id: id } };
      },
    },
    handle: (request) => lambdaApi(request, { functions, asynchronous, logs, region, account }),
    async invoke(nameOrArn, payload) {
      const target = functions.find(nameOrArn);
      if (target === undefined) throw new Error(`no function ${nameOrArn}`);
      return target.invoke(newInvocation(Buffer.from(JSON.stringify(payload))));
    },
    logs: (functionName) => logs.of(functionName),
    async close() {
      asynchronous.close();
      await functions.close();
      await reaper.close();
      await code.close();
    },
  };
}
