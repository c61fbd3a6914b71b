import { confirm, isCancel, select, text } from "@clack/prompts";
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

/**
 * Asks for a text.
 *
 * @param options.initial what is there to begin with.
 * @param options.refuse says why a text won't do, and nothing where it will.
 * @throws {CommandError} where the answer is Ctrl-C or Escape.
 */
export async function askForText(
  question: string,
  options: { readonly initial?: string; refuse(text: string): string | undefined },
): Promise<string> {
  const { initial: initialValue, refuse } = options;
  const validate = (value = "") => refuse(value);
  return answered<string>(await text({ message: question, initialValue, validate }));
}

/**
 * Asks for one of several.
 *
 * @throws {CommandError} where the answer is Ctrl-C or Escape.
 */
export async function askForOne<Value extends string>(
  question: string,
  choices: readonly { readonly value: Value; readonly hint: string }[],
): Promise<Value> {
  return answered(
    await select<string>({
      message: question,
      options: choices.map(({ value, hint }) => ({ value, label: value, hint })),
    }),
  ) as Value;
}

function answered<Value>(answer: Value | symbol): Value {
  if (isCancel(answer)) throw new CommandError("nothing was done", EXIT_CODES.declined);
  return answer as Value;
}
