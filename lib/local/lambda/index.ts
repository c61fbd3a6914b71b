import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { CloudClock } from "../clock.ts";
import type { Credentials, PolicyDocument } from "../iam/index.ts";
import { generatedName } from "../names.ts";
import { checkProperties } from "../properties.ts";
import { refuseInRestJson } from "../refuse.ts";
import type { ResourceMaker, ResourceSite, Service } from "../service.ts";
import { lambdaAccesses } from "./access.ts";
import { lambdaApi } from "./api.ts";
import { asynchronousInvocations } from "./asynchronous.ts";
import { createCodeStore } from "./code.ts";
import { functionDefinition } from "./definition.ts";
import type { Agent } from "./environment.ts";
import { createFunctions, type FinishedInvocation } from "./functions.ts";
import { newInvocation } from "./invocation.ts";
import { createLogBook, type LogLine } from "./logs.ts";
import type { Outcome } from "./outcome.ts";
import { permissionDocument } from "./permission.ts";
import { startReaper } from "./reaper.ts";

export type { Agent } from "./environment.ts";
export type { FinishedInvocation } from "./functions.ts";
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
  /** @throws Error for a role that Lambda may not take on */
  credentialsFor(roleArn: string, functionName: string): Credentials;
  /** Starts an AppConfig agent for an environment whose function has its layer. */
  startAgent(variables: Readonly<Record<string, string>>, credentials: Credentials): Promise<Agent>;
  /** Adds to a function's own policy, which says who else may invoke it. */
  addResourcePolicy(functionArn: string, document: PolicyDocument, site: ResourceSite): void;
  /** Hears of each invocation when it is over. @default nobody does */
  onInvocation?(invocation: FinishedInvocation): void;
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
   * @default the file that the variable SEGUE_LAMBDA_RUNTIME_CLIENT names, else the local cloud's
   * own, bootstrap.ts
   */
  readonly runtimeClient?: string;
  /**
   * How long a function may take up to its first wait for an invocation, before it is started over,
   * in seconds.
   *
   * @default 10, as on Lambda
   */
  readonly initSeconds?: number;
  /**
   * How long a process that has an internal extension has between SIGTERM and its end, in seconds.
   *
   * @default 0.5, as on Lambda
   */
  readonly shutdownSeconds?: number;
}

export interface LambdaService extends Service {
  /**
   * Invokes a function from within the cloud, and waits for it.
   *
   * @throws Error for a function that isn't there
   */
  invoke(nameOrArn: string, payload: unknown): Promise<Outcome | "throttled">;
  /**
   * Invokes a function from within the cloud, asynchronously: with Lambda's retries.
   *
   * @throws Error for a function that isn't there
   */
  submit(nameOrArn: string, payload: unknown): void;
  /**
   * Shuts down a function's idle environments, as Lambda does after a while; resolves when they are
   * gone.
   *
   * @throws Error for a function that isn't there
   */
  retire(nameOrArn: string): Promise<void>;
  /** The latest lines that a function printed, oldest first. */
  logs(functionName: string): readonly LogLine[];
}

// It has the extension that this file has: `.js` in the published package.
const ownRuntimeClient = fileURLToPath(
  new URL(`bootstrap${extname(import.meta.url)}`, import.meta.url),
);

/** Lambda: functions as processes on the real Runtime API, several environments a function. */
export function createLambda(options: LambdaOptions): LambdaService {
  const { region, account } = options;
  const { accountConcurrency = 10, initSeconds = 10, shutdownSeconds = 0.5 } = options;
  const runtimeClient =
    options.runtimeClient ?? process.env["SEGUE_LAMBDA_RUNTIME_CLIENT"] ?? ownRuntimeClient;
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
    initSeconds,
    shutdownSeconds,
    endpoint: options.endpoint,
    credentialsFor: (roleArn, functionName) => options.credentialsFor(roleArn, functionName),
    startAgent: (variables, credentials) => options.startAgent(variables, credentials),
    onInvocation: (invocation) => options.onInvocation?.(invocation),
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
    const target = existing(properties["FunctionName"]);
    target.maxRetries = properties["MaximumRetryAttempts"];
    return { ref: generatedName(site) };
  };

  const existing = (nameOrArn: string) => {
    const target = functions.find(nameOrArn);
    if (target === undefined) throw new Error(`no function ${nameOrArn}`);
    return target;
  };

  return {
    signingName: "lambda",
    resources: {
      "AWS::Lambda::Function": createFunction,
      "AWS::Lambda::EventInvokeConfig": configureEvents,
      "AWS::Lambda::Permission"(properties, site) {
        const { arn } = existing(properties["FunctionName"]).definition;
        options.addResourcePolicy(arn, permissionDocument(properties, arn), site);
        const id = generatedName(site);
        return { ref: id, attributes: { Id: id } };
      },
    },
    handle: (request) => lambdaApi(request, { functions, asynchronous, logs, region, account }),
    accesses: (request) => lambdaAccesses(request, { region, account }),
    refuse: refuseInRestJson,
    async invoke(nameOrArn, payload) {
      return existing(nameOrArn).invoke(newInvocation(Buffer.from(JSON.stringify(payload))));
    },
    submit(nameOrArn, payload) {
      const target = existing(nameOrArn);
      const invocation = newInvocation(Buffer.from(JSON.stringify(payload)));
      asynchronous.submit(invocation, (each) => target.invoke(each), target.maxRetries);
    },
    async retire(nameOrArn) {
      await existing(nameOrArn).retire();
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
