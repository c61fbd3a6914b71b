import pc from "picocolors";

export type Colors = ReturnType<typeof pc.createColors>;

/** Where a command writes, and what it may write there. */
export interface Terminal {
  /** Whether a person reads along and can be asked. */
  readonly isInteractive: boolean;
  readonly colors: Colors;
  /** Writes lines to the standard output. */
  print(text: string): void;
  /** Writes a line to the standard error. */
  complain(text: string): void;
}

/** The process's own terminal. Colours are off without one, and with `NO_COLOR`. */
export function processTerminal(): Terminal {
  const { stdin, stdout, env } = process;
  const isTerminal = stdout.isTTY;
  return {
    isInteractive: isTerminal && stdin.isTTY,
    // Its own guess takes a variable such as CI for a terminal.
    colors: pc.createColors(pc.isColorSupported && (isTerminal || Boolean(env["FORCE_COLOR"]))),
    print: (text) => void stdout.write(`${text}\n`),
    complain: (text) => void process.stderr.write(`${text}\n`),
  };
}
