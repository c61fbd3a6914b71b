import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { readOutput } from "./output.ts";
import type { Reaper } from "./reaper.ts";
import { TELEMETRY_VARIABLE, unframe } from "./telemetry.ts";

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A function's process with all that it starts: one process group. */
export interface FunctionProcess {
  /** Resolves when it is gone and its output is read; rejects when it could not be started. */
  readonly gone: Promise<Exit>;
  /** Resolves when what it has printed by now is read. */
  outputSettled(): Promise<void>;
  /** Stops the group where it stands. Nothing of it runs until `thaw`. */
  freeze(): void;
  thaw(): void;
  /** Asks it to end, which it may take as it likes. */
  terminate(): void;
  kill(): void;
}

export interface ProcessOptions {
  /** Node's own, then the file that it runs and that file's. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly reaper: Reaper;
  onLine(line: string): void;
}

/** How long the output of a process that has ended may be held open by one that left its group. */
const OUTPUT_GRACE_MS = 1000;

/** The first that isn't a standard stream. */
const TELEMETRY_DESCRIPTOR = 3;

export function startProcess({ args, cwd, env, reaper, onLine }: ProcessOptions): FunctionProcess {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...env, [TELEMETRY_VARIABLE]: String(TELEMETRY_DESCRIPTOR) },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    // A process group of its own, to be signalled with all that it started; and the terminal's
    // Ctrl-C is for the local cloud alone.
    detached: true,
  });
  const { pid } = child;
  const [stdout, stderr, telemetry] = child.stdio.slice(1) as [Readable, Readable, Readable];
  if (pid !== undefined) reaper.watch(pid);
  const output = readOutput([stdout, stderr, telemetry.pipe(unframe())], onLine);
  const gone = Promise.withResolvers<Exit>();
  let ended = false;

  const signalGroup = (signal: NodeJS.Signals) => {
    // Once it is gone, its id may be another's.
    if (pid === undefined || ended) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It is just going.
    }
  };

  child.on("exit", () => {
    // What it started may hold its pipes open, and goes when it goes.
    signalGroup("SIGKILL");
    // Unless it left the group.
    const destroy = () => [stdout, stderr, telemetry].forEach((stream) => stream.destroy());
    setTimeout(destroy, OUTPUT_GRACE_MS).unref();
  });
  child.on("close", (code, signal) => {
    ended = true;
    if (pid !== undefined) reaper.forget(pid);
    output.flush();
    gone.resolve({ code, signal });
  });
  child.on("error", gone.reject);

  return {
    gone: gone.promise,
    outputSettled: () => output.settled(),
    freeze: () => signalGroup("SIGSTOP"),
    thaw: () => signalGroup("SIGCONT"),
    terminate: () => signalGroup("SIGTERM"),
    kill: () => signalGroup("SIGKILL"),
  };
}
