import { createAppConfig, startAppConfigAgent, type AppConfigService } from "./appconfig/index.ts";
import { compressedClock, type CloudClock } from "./clock.ts";
import { createCloudWatch, type CloudWatchService } from "./cloudwatch/index.ts";
import { createDynamoDb } from "./dynamodb/index.ts";
import { openGateway, type Fault } from "./gateway.ts";
import { createIam } from "./iam/index.ts";
import { createLambda, type LambdaService, type LogLine } from "./lambda/index.ts";
import type { Service, ServiceRequest } from "./service.ts";
import { readAssembly, selectStacks } from "./template/assembly.ts";
import { planStack, type Outputs, type StackResults } from "./template/stack.ts";
import { unmodelledResources } from "./unmodelled.ts";

export interface CloudOptions {
  /** The directory that `cdk synth` wrote, such as `cdk.out`. */
  readonly assembly: string;
  /** Names of the stacks to stand up; those that they depend on come along. @default all */
  readonly stacks?: readonly string[];
  /**
   * What alarms, deployments and retries follow. Functions' timeouts are wall time whatever it is.
   *
   * @default the wall clock
   */
  readonly clock?: CloudClock;
  /** @default a free one */
  readonly port?: number;
  /** @default us-east-1 */
  readonly region?: string;
  /** @default 123456789012 */
  readonly account?: string;
  /** How many invocations may run at once. @default 10 */
  readonly accountConcurrency?: number;
  /** Hears each line that a function prints. */
  onLog?(line: LogLine): void;
}

/** A local cloud that stands. */
export interface Cloud extends AsyncDisposable {
  /** Of every service, such as `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  readonly region: string;
  readonly clock: CloudClock;
  /** By stack name, then by output name. */
  readonly outputs: Readonly<Record<string, Outputs>>;
  /** With these variables, a process of one's own talks to this cloud through the AWS SDK. */
  readonly environment: Readonly<Record<string, string>>;
  readonly appConfig: AppConfigService;
  readonly cloudWatch: CloudWatchService;
  readonly lambda: LambdaService;
  /** Makes requests of a service fail; returns what undoes it. */
  inject(fault: Fault): () => void;
  /** Stops everything; resolves when nothing of it is left. */
  close(): Promise<void>;
}

/**
 * Stands up what a cloud assembly declares, on this machine.
 *
 * @throws TemplateError that names what the local cloud can't do, before anything is made
 * @example
 * await using cloud = await openCloud({ assembly: "cdk.out" });
 * const client = new LambdaClient({ endpoint: cloud.endpoint, region: cloud.region, credentials });
 */
export async function openCloud(options: CloudOptions): Promise<Cloud> {
  const { clock = compressedClock(), region = "us-east-1", account = "123456789012" } = options;
  const assembly = readAssembly(options.assembly);
  const stacks = selectStacks(assembly, options.stacks);
  const ids = { region, account };

  const closers: (() => Promise<void>)[] = [];
  // The last opened first, and all of them, also when one fails.
  const closeAll = async () => {
    const errors: unknown[] = [];
    for (const closeOne of closers.toReversed()) {
      await closeOne().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw new AggregateError(errors, "the local cloud didn't close cleanly");
  };
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= closeAll());

  try {
    const gateway = await openGateway({ port: options.port });
    closers.push(() => gateway.close());
    const makers = { ...unmodelledResources };
    const serve = <Kind extends Service>(service: Kind): Kind => {
      closers.push(() => service.close());
      gateway.serve(service);
      Object.assign(makers, service.resources);
      return service;
    };
    const iam = serve(createIam());
    serve(createDynamoDb(ids));
    const cloudWatch = serve(createCloudWatch({ clock, ...ids }));
    const alarmState = (arn: string) => cloudWatch.alarmState(arn);
    const appConfig = serve(createAppConfig({ clock, alarmState, ...ids }));
    // The agents go through the gateway as everybody does, and so its faults are theirs too.
    const agentsAppConfig = {
      handle: (request: ServiceRequest) => gateway.handle(appConfig.signingName, request),
    };
    const lambda = serve(
      createLambda({
        ...ids,
        clock,
        endpoint: gateway.endpoint,
        accountConcurrency: options.accountConcurrency,
        asset: (s3Key) => assembly.asset(s3Key),
        credentialsFor: (roleArn) => iam.credentialsFor(roleArn),
        startAgent: (variables) =>
          startAppConfigAgent({ appConfig: agentsAppConfig, clock, variables }),
        onLog(line) {
          cloudWatch.ingestLogLine(line.line);
          options.onLog?.(line);
        },
      }),
    );

    // All templates are checked before anything is made.
    const plans = stacks.map((stack) => planStack(stack, ids, makers));
    const results: StackResults = { outputs: new Map(), exports: new Map() };
    for (const plan of plans) await plan.create(results);

    // The user's own, whom nothing is forbidden.
    const owner = iam.credentialsFor(`arn:aws:iam::${account}:root`);
    return {
      endpoint: gateway.endpoint,
      region,
      clock,
      outputs: Object.fromEntries(results.outputs),
      environment: {
        AWS_ENDPOINT_URL: gateway.endpoint,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: owner.accessKeyId,
        AWS_SECRET_ACCESS_KEY: owner.secretAccessKey,
        AWS_SESSION_TOKEN: owner.sessionToken,
      },
      appConfig,
      cloudWatch,
      lambda,
      inject: (fault) => gateway.inject(fault),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
