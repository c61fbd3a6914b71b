import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { join } from "node:path";

const BIN = join(import.meta.dirname, "..", "..", "bin", "segue.ts");

/** How a run of the command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the command. */
export interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when the standard output has a text; rejects if the command ends without. */
  says(text: string): Promise<string>;
}

/** Which command is run, and where: by default this repository's own, here. */
export interface Place {
  readonly bin?: string;
  readonly cwd?: string;
}

/** Starts the real command as a process, with pipes. */
export function startSegue(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { bin = BIN, cwd }: Place = {},
): Run {
  return watched(spawn(process.execPath, [bin, ...args], { env: environment(env), cwd }));
}

/** Runs the real command to its end. */
export function segue(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  place?: Place,
): Promise<Ended> {
  return startSegue(args, env, place).ended;
}

/** Why there is no pseudo-terminal to be had here; `false` where there is. CI always has one. */
export const noTerminal: string | false =
  process.env["CI"] === undefined && spawnSync("script", ["--version"]).status !== 0
    ? "util-linux's script is not installed, which makes the pseudo-terminal"
    : false;

/** Starts the real command on a pseudo-terminal, and types what is written to its standard input. */
export function startOnTerminal(args: readonly string[], env: NodeJS.ProcessEnv): Run {
  const quoted = [process.execPath, BIN, ...args].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`);
  // A pseudo-terminal has no size at first, and what is wrapped to no columns can't be read.
  const command = `stty cols 120 rows 40 && exec ${quoted.join(" ")}`;
  const script = ["--quiet", "--return", "--flush", "--command", command, "/dev/null"];
  return watched(spawn("script", script, { env: environment({ TERM: "xterm-256color", ...env }) }));
}

/** What the test's own terminal would say is kept out. */
function environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, AWS_EC2_METADATA_DISABLED: "true", ...env };
}

function watched(child: ChildProcess & { stdout: any; stderr: any }): Run {
  let stdout = "";
  let stderr = "";
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (data: string) => {
    stdout += data;
    for (const listen of listeners) listen();
  });
  child.stderr.setEncoding("utf8").on("data", (data: string) => (stderr += data));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return {
    child,
    ended,
    says(text) {
      return new Promise((resolve, reject) => {
        const listen = () => {
          if (!stdout.includes(text)) return;
          listeners.delete(listen);
          resolve(stdout);
        };
        listeners.add(listen);
        ended.then(
          () => reject(new Error(`it ended and never said ${text}: ${stdout}${stderr}`)),
          reject,
        );
        listen();
      });
    },
  };
}
