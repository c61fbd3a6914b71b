import { confirm } from "@clack/prompts";
import { CommandError } from "./errors.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** @throws {CommandError} where a question would have to be asked, and there is no terminal for it. */
export function assertAnswerable(isAnswered: boolean, { isInteractive }: Terminal): void {
  if (isAnswered || isInteractive) return;
  throw new CommandError("there is no terminal to ask on: pass --yes", EXIT_CODES.usage);
}

/** Asks on the terminal whether to go ahead. Ctrl-C and Escape are a no. */
export async function askToGoAhead(question: string): Promise<boolean> {
  return (await confirm({ message: question, initialValue: false })) === true;
}
