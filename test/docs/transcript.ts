import { segue, startSegue, type Ended, type Place, type Run } from "../support/segue-command.ts";
import { comparable } from "./console-blocks.ts";

/** What was typed, and what came of it. */
export interface Typed extends Ended {
  readonly line: string;
}

/** What was typed in a session. A line that has an id in it is known by any other id too. */
export class Transcript {
  readonly #typed = new Map<string, Typed>();

  #add(line: string, ended: Ended): void {
    this.#typed.set(comparable(line), { line, ...ended });
  }

  /**
   * Runs a line to its end, as it is to stand in the docs.
   *
   * @param line such as `segue status customer-ids`; a word with spaces stands in single quotes.
   */
  async type(line: string, env: NodeJS.ProcessEnv, place?: Place): Promise<void> {
    this.#add(line, await segue(wordsOf(line), env, place));
  }

  /** Starts a line that something else has to happen to before it ends. */
  async typeAnd(line: string, env: NodeJS.ProcessEnv, meanwhile: (run: Run) => Promise<void>) {
    const run = startSegue(wordsOf(line), env);
    await Promise.all([meanwhile(run), run.ended]);
    this.#add(line, await run.ended);
  }

  /** @throws {RangeError} for a line that was not typed. */
  of(line: string): Typed {
    const typed = this.#typed.get(comparable(line));
    if (typed === undefined) {
      throw new RangeError(`docs: got ${line}, the session has\n  ${this.lines.join("\n  ")}`);
    }
    return typed;
  }

  get lines(): readonly string[] {
    return Array.from(this.#typed.values(), ({ line }) => line);
  }
}

/** The arguments of a line whose first word is the command. */
function wordsOf(line: string): string[] {
  const words = line.match(/'[^']*'|\S+/g) ?? [];
  return words.slice(1).map((word) => word.replace(/^'(.*)'$/, "$1"));
}
