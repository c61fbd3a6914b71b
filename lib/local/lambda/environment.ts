import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { FunctionDefinition } from "./definition.ts";
import type { Invocation } from "./invocation.ts";
import { exited, responseTooLarge, timedOut, type Outcome } from "./outcome.ts";
import { readOutput, type Output } from "./output.ts";
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
 * - `busy`: it starts for an invocation, or has one
 * - `finishing`: the response is out, and the runtime hasn't asked for the next invocation yet
 * - `idle`: it waits for an invocation
 */
export interface Environment {
  readonly state: "busy" | "finishing" | "idle" | "dead";
  /** Runs an invocation. The environment must be idle, or just opened. */
  run(invocation: Invocation): Promise<Outcome>;
  /** Kills the process with all that it started; resolves when it is gone. */
  kill(): Promise<void>;
}

/**
 * How long a function may take up to its first wait for an invocation. On Lambda one that takes
 * longer is started over within its timeout; here it has failed.
 */
const INIT_SECONDS = 10;

/**
 * Opens an environment for an invocation, which the caller then has to `run`. Timeouts are in wall
 * time, whatever the cloud's clock: the process itself knows no other.
 *
 * @param onChange called when its state has become `idle` or `dead`
 */
export function openEnvironment(
  definition: FunctionDefinition,
  host: EnvironmentHost,
  onChange: () => void,
): Environment {
  let state: Environment["state"] = "busy";
  let assigned: Invocation | undefined;
  let agent: Agent | undefined;
  let api: RuntimeApi | undefined;
  let child: ChildProcess | undefined;
  let output: Output | undefined;
  let ended = false;
  // Whose the printed lines are: nobody's before the first invocation.
  let requestId: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  // The first of response, error and deadline decides; what the process's end would say comes last.
  let outcome: Outcome | undefined;
  let answer = Promise.withResolvers<Outcome>();
  const initialized = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();

  const becomeIdle = () => {
    if (ended) return;
    state = "idle";
    onChange();
  };
  const closeParts = () => Promise.allSettled([api?.close(), agent?.close()]);
  const killGroup = () => {
    try {
      if (child?.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
  };
  const setDeadline = (seconds: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      outcome ??= timedOut(assigned?.requestId ?? "", seconds);
      stop();
    }, seconds * 1000);
  };
  const settle = async (result: Outcome) => {
    outcome ??= result;
    await output?.settled();
    // Where there is an error of init, the process is about to exit.
    if (state === "busy") state = "finishing";
    answer.resolve(outcome);
  };
  const succeeded = (payload: Buffer): Outcome => ({ payload, failed: false });
  const failed = (payload: Buffer): Outcome => ({ payload, failed: true });

  const end = async (code: number | null, signal: NodeJS.Signals | null) => {
    if (ended) return;
    ended = true;
    // At once, so that who reads the answer finds the concurrency free.
    state = "dead";
    clearTimeout(timer);
    output?.flush();
    answer.resolve(outcome ?? exited(assigned?.requestId ?? "", code, signal));
    if (child?.pid !== undefined) host.reaper.forget(child.pid);
    await closeParts();
    onChange();
    gone.resolve();
  };
  const stop = () => {
    killGroup();
    // It may be waiting for its agent still.
    if (child === undefined) void end(null, "SIGKILL");
  };

  const start = async () => {
    setDeadline(INIT_SECONDS);
    if (definition.hasAppConfigAgent) agent = await host.startAgent(definition.variables);
    api = await startRuntimeApi({
      onNext() {
        clearTimeout(timer);
        initialized.resolve();
        // With a response just posted, its answer goes first.
        if (outcome !== undefined) void answer.promise.then(becomeIdle);
      },
      onResponse: (payload) => void settle(succeeded(payload)),
      onResponseTooLarge: () => void settle(responseTooLarge()),
      onError: (payload) => void settle(failed(payload)),
      onInitError: (payload) => void settle(failed(payload)),
    });
    if (ended) return closeParts();
    const date = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
    const variables = processVariables(definition, {
      ...host,
      logStreamName: `${date}/[$LATEST]${randomUUID().replaceAll("-", "")}`,
      runtimeApi: api.address,
      ...(agent && { agentPort: agent.port }),
    });
    child = spawn(process.execPath, [host.runtimeClient, definition.handler], {
      cwd: host.taskRoot,
      env: variables,
      stdio: ["ignore", "pipe", "pipe"],
      // A process group of its own, to be killed with all that it started; and the terminal's
      // Ctrl-C is for the local cloud alone.
      detached: true,
    });
    if (child.pid !== undefined) host.reaper.watch(child.pid);
    output = readOutput([child.stdout!, child.stderr!], (line) => host.onLine(line, requestId));
    // What it started may hold its pipes open, and goes when it goes.
    child.on("exit", () => {
      killGroup();
      // Unless it left the group.
      const { stdout, stderr } = child!;
      setTimeout(() => [stdout, stderr].forEach((stream) => stream?.destroy()), 1000).unref();
    });
    child.on("close", (code, signal) => void end(code, signal));
    child.on("error", (error) => {
      answer.reject(error);
      if (child?.pid === undefined) void end(null, null);
    });
    return undefined;
  };
  start().catch(async (error: unknown) => {
    // A fault of the local cloud's own.
    answer.reject(error);
    await end(null, null);
  });

  return {
    get state() {
      return state;
    },
    async run(invocation) {
      state = "busy";
      assigned = invocation;
      if (outcome !== undefined) {
        outcome = undefined;
        answer = Promise.withResolvers();
      }
      // An environment that fails in its init has its answer by then.
      await Promise.race([initialized.promise, answer.promise]);
      if (outcome !== undefined || ended) return answer.promise;
      agent?.invoked();
      requestId = invocation.requestId;
      setDeadline(definition.timeoutSeconds);
      const deadlineMs = Date.now() + definition.timeoutSeconds * 1000;
      api!.deliver(invocation, { deadlineMs, functionArn: definition.arn });
      return answer.promise;
    },
    async kill() {
      stop();
      await gone.promise;
    },
  };
}
