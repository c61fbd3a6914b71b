import { Command } from "commander";
import type { ExitCode } from "./exit-codes.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/** What a command runs in. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** From the first call on Ctrl-C aborts this signal, once, instead of ending the process. */
  interruption(): AbortSignal;
}

/**
 * A command of `segue`, with the options that all have.
 *
 * @param examples lines of a shell, the first word being `segue`, each with what it does.
 */
export function segueCommand(
  usage: string,
  description: string,
  examples: readonly (readonly [line: string, does: string])[],
): Command {
  const width = Math.max(...examples.map(([line]) => line.length)) + 2;
  const lines = examples.map(([line, does]) => `  ${line.padEnd(width)}${does}`);
  const [name = usage, ...operands] = usage.split(" ");
  const command = new Command(name)
    .description(description)
    .option("--verbose", "tell an error in full")
    .addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
  if (operands.length > 0) command.arguments(operands.join(" "));
  return command;
}

/** Adds the options by which a migration is found. */
export function onMigration(command: Command): Command {
  return command
    .option("--stage <stage>", "the migration's stage, where it has several")
    .option("--region <region>", "the AWS region (default: the SDK's, such as AWS_REGION)")
    .option("--profile <profile>", "the AWS profile (default: the SDK's, such as AWS_PROFILE)")
    .option("--json", "print one JSON object");
}

/** Has a command run with the process's terminal, and set the process's exit code. */
export function runs<Args extends unknown[]>(
  run: (context: CommandContext, ...args: Args) => Promise<ExitCode>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    process.exitCode = await run({ terminal: processTerminal(), interruption }, ...args);
  };
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => controller.abort());
  return controller.signal;
}
