import { checkModeDocument } from "../mode/mode-document.ts";
import { withTimeLimit } from "../time-limit.ts";
import type { ModeReading, ModeSource } from "./mode-source.ts";

/** Milliseconds that a source has after its time is over, to answer with the best that it has. */
const GRACE_MS = 50;

/**
 * Reads a migration's document from a source that may be a user's own, and need not do as it should.
 *
 * @param budgetMs milliseconds that it may take.
 * @throws {Error} where the source fails, takes longer, or answers with what is no mode document.
 */
export async function readInTime(
  source: ModeSource,
  migration: string,
  budgetMs: number,
): Promise<ModeReading> {
  const reading = await withTimeLimit(
    () => source.read(migration, budgetMs),
    Math.max(0, budgetMs) + GRACE_MS,
  );
  checkModeDocument(reading.document);
  return reading;
}
