import { createAppConfig, startAppConfigAgent, type AppConfigService } from "./appconfig/index.ts";
import { clockAhead, compressedClock, type CloudClock } from "./clock.ts";
import { createCloudWatch, type AlarmAction, type CloudWatchService } from "./cloudwatch/index.ts";
import { authorizationOf } from "./credential-scope.ts";
import { createDynamoDb } from "./dynamodb/index.ts";
import { mendTables } from "./dynamodb/mend.ts";
import { createEvents, type EventsService } from "./events/index.ts";
import { openGateway, type Fault, type Gateway, type GatewayOptions } from "./gateway.ts";
import { createIam, type Credentials, type Grant, type IamService } from "./iam/index.ts";
import { invocationMetrics } from "./lambda/metrics.ts";
import { createLambda, type LambdaService, type LogLine } from "./lambda/index.ts";
import type { ResourceMaker, Service, ServiceRequest } from "./service.ts";
import { serviceActions } from "./service-actions.ts";
import { createSns, type SnsService } from "./sns/index.ts";
import { nothingKept } from "./state/cloud-state.ts";
import { openStateFolder } from "./state/folder.ts";
import { identityLeft, type Identity } from "./state/identity.ts";
import { keptResources } from "./state/resources.ts";
import { readAssembly, selectStacks } from "./template/assembly.ts";
import { planStack, type Outputs, type StackResults } from "./template/stack.ts";
import { unmodelledResources } from "./unmodelled.ts";

export interface CloudOptions {
  /** The directory that `cdk synth` wrote, such as `cdk.out`. */
  readonly assembly: string;
  /** Names of the stacks to stand up; those that they depend on come along. @default all */
  readonly stacks?: readonly string[];
  /** By stack name: values of the template's parameters. @default their defaults */
  readonly parameters?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /**
   * What alarms, deployments and retries follow. Functions' timeouts are wall time whatever it is.
   *
   * @default the wall clock
   */
  readonly clock?: CloudClock;
  /**
   * A folder, which is made where there is none, for what outlives this cloud: tables, AppConfig, metrics
   * and alarms, and the address and credentials. The next cloud of the folder begins with them.
   *
   * @default nothing outlives it
   */
  readonly state?: string;
  /** @default the one that the folder's last cloud had, while it is free; else a free one */
  readonly port?: number;
  /** @default us-east-1 */
  readonly region?: string;
  /** @default 123456789012 */
  readonly account?: string;
  /** How many invocations may run at once. @default 10 */
  readonly accountConcurrency?: number;
  /**
   * Leaves out what the templates grant, to see who misses it: asked of an action on a resource each
   * time that a policy would allow it, so that one cloud can do without one grant after the other.
   *
   * @default nothing is left out
   */
  withhold?(grant: Grant): boolean;
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
  /** Whose requests may do everything: what an SDK client of one's own is made with. */
  readonly credentials: Credentials;
  /** With these variables, a process of one's own talks to this cloud through the AWS SDK. */
  readonly environment: Readonly<Record<string, string>>;
  readonly appConfig: AppConfigService;
  readonly cloudWatch: CloudWatchService;
  readonly events: EventsService;
  /** Its `grants()` say what of the templates' permissions was used. */
  readonly iam: IamService;
  readonly sns: SnsService;
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
  const { region = "us-east-1", account = "123456789012" } = options;
  const assembly = readAssembly(options.assembly);
  const stacks = selectStacks(assembly, options.stacks);
  const ids = { region, account };
  for (const name of Object.keys(options.parameters ?? {})) {
    if (!assembly.stacks.some((stack) => stack.name === name)) {
      throw new Error(`parameters: got ${name}, the assembly has no such stack`);
    }
  }

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
    const folder = options.state === undefined ? undefined : await openStateFolder(options.state);
    if (folder !== undefined) {
      closers.push(() => folder.close());
      await mendTables(folder.tables, options.state!);
    }
    const state = folder ?? nothingKept;
    const before = folder && identityLeft(folder, options.state!, ids);
    const clock = takenUp(options.clock ?? compressedClock(), before);
    const iam = createIam({
      ...ids,
      operator: before?.operator,
      withhold: (grant) => options.withhold?.(grant) === true,
    });
    const gateway = await openGatewayAt([options.port ?? before?.port, options.port], {
      now: () => clock.now(),
      authorize: (accessKeyId, accesses) => iam.authorize(accessKeyId, accesses),
    });
    closers.push(() => gateway.close());
    const makers: Record<string, ResourceMaker> = { ...unmodelledResources };
    const resources = keptResources(state);
    const serve = <Kind extends Service>(service: Kind): Kind => {
      closers.push(() => service.close());
      gateway.serve({
        ...service,
        async handle(request) {
          const response = await service.handle(request);
          // What has been answered is kept, whatever comes.
          await folder?.written();
          return response;
        },
      });
      Object.assign(makers, service.resources);
      for (const [type, kind] of Object.entries(service.keptKinds ?? {})) {
        makers[type] = resources.maker(type, service.resources[type]!, kind);
      }
      return service;
    };
    serve(iam);
    serve(createDynamoDb(ids, folder?.tables));
    const actions = serviceActions(iam, {
      cloudWatch: () => cloudWatch,
      lambda: () => lambda,
      sns: () => sns,
    });
    const addResourcePolicy: IamService["addResourcePolicy"] = (...policy) =>
      iam.addResourcePolicy(...policy);

    const act = (action: AlarmAction) => actions.notify(action);
    const cloudWatch: CloudWatchService = serve(createCloudWatch({ ...ids, clock, state, act }));
    const appConfig = serve(
      createAppConfig({
        ...ids,
        clock,
        state,
        alarmState: (arn) => cloudWatch.alarmState(arn),
        checkMonitor: (monitor) => actions.checkMonitor(monitor),
        invokeFunction: (functionArn, event) => actions.validate(functionArn, event),
      }),
    );
    const sns: SnsService = serve(
      createSns({
        clock,
        addResourcePolicy,
        invokeFunction: (topic, functionArn, event) =>
          actions.startFunction(topic, functionArn, event),
      }),
    );
    const events = serve(
      createEvents({
        ...ids,
        clock,
        deliver: (rule, targetArn, input) => actions.deliver(rule, targetArn, input),
        count: (name, RuleName) =>
          cloudWatch.measure({
            namespace: "AWS/Events",
            name,
            dimensions: { RuleName },
            value: 1,
            unit: "Count",
          }),
      }),
    );
    cloudWatch.onAlarmStateChange((event) => events.put(event));
    const lambda: LambdaService = serve(
      createLambda({
        ...ids,
        clock,
        endpoint: gateway.endpoint,
        accountConcurrency: options.accountConcurrency,
        asset: (s3Key) => assembly.asset(s3Key),
        credentialsFor: (roleArn, sessionName) =>
          iam.assumeRole(roleArn, { service: "lambda.amazonaws.com", sessionName }),
        addResourcePolicy,
        // The agents go through the gateway as everybody does: its faults, and what their functions
        // may do, are theirs too.
        startAgent(variables, { accessKeyId }) {
          const authorization = authorizationOf({ accessKeyId, region, service: "appconfig" });
          const handle = (request: ServiceRequest) =>
            gateway.handle({ ...request, headers: { ...request.headers, authorization } });
          return startAppConfigAgent({ appConfig: { handle }, clock, variables });
        },
        onInvocation(invocation) {
          for (const metric of invocationMetrics(invocation)) cloudWatch.measure(metric);
        },
        onLog(line) {
          cloudWatch.ingestLogLine(line.line);
          options.onLog?.(line);
        },
      }),
    );

    // All templates are checked before anything is made.
    const plans = stacks.map((stack) =>
      planStack(stack, ids, makers, options.parameters?.[stack.name]),
    );
    const results: StackResults = { outputs: new Map(), exports: new Map() };
    for (const plan of plans) await plan.create(results);
    const removeForGood = resources.settle(stacks.map(({ name }) => name));
    await folder?.begin((): Identity => {
      const port = Number(new URL(gateway.endpoint).port);
      return { ...ids, port, operator: iam.operator, aheadMs: clock.now() - Date.now() };
    });
    await removeForGood();

    const { accessKeyId, secretAccessKey, sessionToken } = iam.operator;
    return {
      endpoint: gateway.endpoint,
      region,
      clock,
      outputs: Object.fromEntries(results.outputs),
      credentials: iam.operator,
      environment: {
        AWS_ENDPOINT_URL: gateway.endpoint,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_SESSION_TOKEN: sessionToken,
      },
      appConfig,
      cloudWatch,
      events,
      iam,
      sns,
      lambda,
      inject: (fault) => gateway.inject(fault),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    // What keeps it from closing, such as a full disk, is most often what kept it from opening.
    await close().catch(() => {});
    throw error;
  }
}

/** A clock that isn't behind the time at which the cloud before this one would be, had it gone on. */
function takenUp(clock: CloudClock, before: Identity | undefined): CloudClock {
  if (before === undefined) return clock;
  const behindMs = Date.now() + before.aheadMs - clock.now();
  return behindMs > 0 ? clockAhead(clock, behindMs) : clock;
}

/** Opens it at the first of the ports that is free. */
async function openGatewayAt(
  [port, ...others]: readonly (number | undefined)[],
  options: GatewayOptions,
): Promise<Gateway> {
  try {
    return await openGateway({ ...options, port });
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
    if (!isTaken || others.length === 0) throw error;
    return openGatewayAt(others, options);
  }
}
