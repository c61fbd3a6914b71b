import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ModeDocumentError, parseModeDocument } from "../../lib/mode/mode-document.ts";
import { BAD_DOCUMENTS, GOOD_DOCUMENTS } from "./corpus.ts";

describe("parseModeDocument", () => {
  for (const document of GOOD_DOCUMENTS) {
    it(`takes ${JSON.stringify(document)}`, () => {
      assert.deepEqual(parseModeDocument(JSON.stringify(document)), document);
    });
  }

  for (const [text, message] of BAD_DOCUMENTS) {
    it(`refuses ${text.slice(0, 70)}`, () => {
      assert.throws(
        () => parseModeDocument(text),
        (error) => error instanceof ModeDocumentError && message.test(error.message),
      );
    });
  }
});
