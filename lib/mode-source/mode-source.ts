import type { CountName } from "../metrics/names.ts";
import type { ModeDocument } from "../mode/mode-document.ts";

/** What one invocation goes by. */
export interface ModeReading {
  readonly document: ModeDocument;
  /** The document's version, as it stands in the records. */
  readonly version: string;
  /** What went wrong on the way, to be counted. */
  readonly counts: readonly CountName[];
}

/** Where the mode documents come from. */
export interface ModeSource {
  /**
   * Reads a migration's document. Answers in bounded time, and never rejects: a source that has
   * nothing better answers with the last good document, or the default.
   *
   * @param budgetMs milliseconds that the invocation can spare for it.
   */
  read(migration: string, budgetMs: number): Promise<ModeReading>;
}
