import { checkModeDocument, type ModeDocument } from "../mode/mode-document.ts";
import type { Mode } from "../mode/mode.ts";
import type { ModeSource } from "./mode-source.ts";

/**
 * A source that always answers with one document, or with one that the test changes.
 *
 * @param document a mode document or just a mode, or a function that is asked at every invocation.
 * @throws {ModeDocumentError} for what isn't a mode document; from a function, at the invocation.
 * @example
 * const handler = middy().use(segue(migration, { modeSource: fixedMode("shadow") })).handler(…);
 */
export function fixedMode(document: Mode | ModeDocument | (() => Mode | ModeDocument)): ModeSource {
  const check = (given: Mode | ModeDocument) =>
    checkModeDocument(typeof given === "string" ? { mode: given } : given);
  const current =
    typeof document === "function"
      ? () => check(document())
      : (
          (checked) => () =>
            checked
        )(check(document));
  return {
    async read() {
      return { document: current(), version: "fixed", counts: [] };
    },
  };
}
