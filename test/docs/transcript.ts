import { segue, startSegue, type Ended, type Place, type Run } from "../support/segue-command.ts";

/** What was typed in a session, and what came of it, by the line that was typed. */
export class Transcript {
  readonly #ended = new Map<string, Ended>();

  /**
   * Runs a line to its end, as it is to stand in the docs.
   *
   * @param line such as `segue status customer-ids`; a word with spaces stands in single quotes.
   */
  async type(line: string, env: NodeJS.ProcessEnv, place?: Place): Promise<void> {
    this.#ended.set(line, await segue(wordsOf(line), env, place));
  }

  /** Starts a line that something else has to happen to before it ends. */
  async typeAnd(line: string, env: NodeJS.ProcessEnv, meanwhile: (run: Run) => Promise<void>) {
    const run = startSegue(wordsOf(line), env);
    await Promise.all([meanwhile(run), run.ended]);
    this.#ended.set(line, await run.ended);
  }

  /** @throws {RangeError} for a line that was not typed. */
  of(line: string): Ended {
    const ended = this.#ended.get(line);
    if (ended === undefined) {
      const typed = [...this.#ended.keys()].join("\n  ");
      throw new RangeError(`docs: got ${line}, the session has\n  ${typed}`);
    }
    return ended;
  }

  get lines(): readonly string[] {
    return [...this.#ended.keys()];
  }
}

/** The arguments of a line whose first word is the command. */
function wordsOf(line: string): string[] {
  const words = line.match(/'[^']*'|\S+/g) ?? [];
  return words.slice(1).map((word) => word.replace(/^'(.*)'$/, "$1"));
}
