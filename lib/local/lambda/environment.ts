import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { extname } from "node:path";
import type { FunctionDefinition } from "./definition.ts";
import type { Invocation } from "./invocation.ts";
import { exited, timedOut, type Outcome } from "./outcome.ts";
import { startProcess, type FunctionProcess } from "./process.ts";
import type { Reaper } from "./reaper.ts";
import { startRuntimeApi, type RuntimeApi } from "./runtime-api.ts";
import { processVariables, type VariableSources } from "./variables.ts";

/** What an execution environment needs from the local cloud around it. */
export interface EnvironmentHost extends Pick<
  VariableSources,
  "endpoint" | "region" | "credentials" | "taskRoot"
> {
  readonly reaper: Reaper;
  /** The file of the runtime client that Node runs, with the handler as its argument. */
  readonly runtimeClient: string;
  /** How long an init may take, in seconds. */
  readonly initSeconds: number;
  /** What an internal extension leaves a process for its shutdown, in seconds. */
  readonly shutdownSeconds: number;
  /** Starts the AppConfig agent of one environment. */
  startAgent(variables: Readonly<Record<string, string>>): Promise<Agent>;
  /** Hears each line printed, with the invocation that it belongs to. */
  onLine(line: string, requestId: string | undefined): void;
}

export interface Agent {
  readonly port: number;
  invoked(): void;
  close(): Promise<void>;
}

/**
 * One execution environment: a process, with a Runtime API of its own.
 * - `busy`: it starts for an invocation, or has one that isn't answered
 * - `finishing`: the answer is out, and the runtime hasn't asked for the next invocation yet
 * - `held`: the runtime has, and an extension hasn't
 * - `idle`: all have, so the process is frozen until its next invocation
 * - `ending`: it is being shut down
 */
export interface Environment {
  readonly state: "busy" | "finishing" | "held" | "idle" | "ending" | "dead";
  /** Runs an invocation. The environment must be idle, or just opened. */
  run(invocation: Invocation): Promise<Outcome>;
  /**
   * Shuts it down as Lambda does: an extension makes it a SIGTERM with half a second to go, without
   * one it is killed at once. Resolves when its process is gone, with all that it started.
   */
  shutDown(): Promise<void>;
}

/** Brings the SDK into the process, whatever its runtime client. */
const sdkProvider = fileURLToPath(
  new URL(`runtime/sdk${extname(import.meta.url)}`, import.meta.url),
);

/**
 * Opens an environment for an invocation, which the caller then has to `run`. Timeouts are in wall
 * time, whatever the cloud's clock: the process itself knows no other.
 *
 * @param onChange called when its state has changed, save to `busy`
 */
export function openEnvironment(
  definition: FunctionDefinition,
  host: EnvironmentHost,
  onChange: () => void,
): Environment {
  let sandbox: { readonly process: FunctionProcess; readonly api: RuntimeApi } | undefined;
  let agent: Agent | undefined;
  let assigned: Invocation | undefined;
  // Whose the printed lines are: nobody's before the first invocation.
  let requestId: string | undefined;
  // Of the first invocation, where its time runs since the init was started over.
  let restartDeadlineMs: number | undefined;
  // The first of response, error and deadline decides; what the process's end would say comes last.
  let outcome: Outcome | undefined;
  let answer = Promise.withResolvers<Outcome>();
  let answered = false;
  let waiting: "nobody" | "runtime" | "all" = "nobody";
  let extensionError: string | undefined;
  let deadline: NodeJS.Timeout | undefined;
  let grace: NodeJS.Timeout | undefined;
  let ending = false;
  let ended = false;
  const endedEarly = Promise.withResolvers<Outcome>();
  const gone = Promise.withResolvers<void>();

  const id = () => assigned?.requestId ?? "";
  const killed = () => exited(id(), { code: null, signal: "SIGKILL" });
  const wait = (who: typeof waiting) => {
    waiting = who;
    onChange();
  };

  const answerWith = async (result: Outcome) => {
    outcome ??= result;
    await sandbox?.process.outputSettled();
    answered = true;
    answer.resolve(outcome);
    onChange();
  };

  const finishInvocation = () => {
    if (ending) return;
    clearTimeout(deadline);
    sandbox?.process.freeze();
    wait("all");
  };

  /**
   * Starts a process, and waits until its init is over.
   *
   * @returns why it has failed, if it has; then nothing of it is left
   */
  const initialize = async (limitSeconds: number): Promise<Outcome | undefined> => {
    const initialized = Promise.withResolvers<Outcome | undefined>();
    let isInitialized = false;
    let initError: Outcome | undefined;
    extensionError = undefined;
    const api = await startRuntimeApi(
      {
        functionName: definition.name,
        functionVersion: "$LATEST",
        handler: definition.handler,
        accountId: definition.arn.split(":")[4]!,
      },
      {
        onRuntimeReady: () => wait("runtime"),
        onReady() {
          if (isInitialized) return finishInvocation();
          isInitialized = true;
          return initialized.resolve(undefined);
        },
        onOutcome: (result) => void answerWith(result),
        // The process is about to exit.
        onInitError: (payload) => void (initError ??= { payload, failed: true }),
        onExtensionError: (errorType) => void (extensionError ??= errorType),
      },
    );
    if (ending) {
      await api.close();
      return killed();
    }
    const date = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
    const process = startProcess({
      args: ["--import", sdkProvider, host.runtimeClient, definition.handler],
      cwd: host.taskRoot,
      env: processVariables(definition, {
        ...host,
        logStreamName: `${date}/[$LATEST]${randomUUID().replaceAll("-", "")}`,
        runtimeApi: api.address,
        ...(agent && { agentPort: agent.port }),
      }),
      reaper: host.reaper,
      onLine: (line) => host.onLine(line, requestId),
    });
    sandbox = { process, api };
    const limit = setTimeout(
      () => initialized.resolve(initError ?? timedOut(id(), limitSeconds)),
      limitSeconds * 1000,
    );
    process.gone.then(
      (exit) => initialized.resolve(initError ?? exited(id(), exit, extensionError)),
      initialized.reject,
    );
    try {
      const failure = await initialized.promise;
      if (failure !== undefined) {
        process.kill();
        await process.gone;
        await api.close();
      }
      return failure;
    } finally {
      clearTimeout(limit);
    }
  };

  /** @returns why no invocation can be run, if so */
  const start = async (): Promise<Outcome | undefined> => {
    if (definition.hasAppConfigAgent) {
      agent = await host.startAgent(definition.variables);
      if (ended) await agent.close();
    }
    if (ending) return killed();
    const failure = await initialize(host.initSeconds);
    if (failure === undefined || ending) return failure;
    // Lambda starts an init that has failed over, within the invocation's own time.
    sandbox = undefined;
    restartDeadlineMs = Date.now() + definition.timeoutSeconds * 1000;
    return initialize(definition.timeoutSeconds);
  };

  const end = async (result: Outcome) => {
    if (ended) return;
    // At once, so that who reads the answer finds the concurrency free.
    ended = true;
    clearTimeout(deadline);
    clearTimeout(grace);
    outcome ??= result;
    answer.resolve(outcome);
    await Promise.allSettled([sandbox?.api.close(), agent?.close()]);
    onChange();
    gone.resolve();
  };

  const shutDown = () => {
    if (ending) return;
    ending = true;
    clearTimeout(deadline);
    if (sandbox === undefined) return endedEarly.resolve(killed());
    const { process, api } = sandbox;
    if (!api.hasExtensions) return process.kill();
    // It hears of the end only when it runs.
    process.thaw();
    process.terminate();
    grace = setTimeout(() => process.kill(), host.shutdownSeconds * 1_000);
    return undefined;
  };

  const started = Promise.race([start(), endedEarly.promise]);
  const live = async () => {
    const failure = await started;
    const exit = failure === undefined && (await sandbox!.process.gone);
    await end(exit ? exited(id(), exit, extensionError) : failure!);
  };
  live().catch(async (error: unknown) => {
    // A fault of the local cloud's own.
    answer.reject(error);
    await end(killed());
  });

  const deliver = (invocation: Invocation) => {
    const { process, api } = sandbox!;
    const { timeoutSeconds } = definition;
    const deadlineMs = restartDeadlineMs ?? Date.now() + timeoutSeconds * 1000;
    restartDeadlineMs = undefined;
    deadline = setTimeout(() => {
      outcome ??= timedOut(invocation.requestId, timeoutSeconds);
      shutDown();
    }, deadlineMs - Date.now());
    agent?.invoked();
    ({ requestId } = invocation);
    process.thaw();
    api.deliver(invocation, { deadlineMs, functionArn: definition.arn });
  };

  return {
    get state() {
      if (ended) return "dead";
      if (ending) return "ending";
      if (!answered) return "busy";
      return ({ nobody: "finishing", runtime: "held", all: "idle" } as const)[waiting];
    },
    async run(invocation) {
      assigned = invocation;
      answered = false;
      waiting = "nobody";
      outcome = undefined;
      answer = Promise.withResolvers();
      const { promise } = answer;
      // An environment that fails in its init has its answer by then.
      await started.catch(() => {});
      waiting = "nobody";
      if (!ending && !ended) deliver(invocation);
      return promise;
    },
    async shutDown() {
      shutDown();
      await gone.promise;
    },
  };
}
