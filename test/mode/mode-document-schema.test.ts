import assert from "node:assert/strict";
import { describe, it } from "node:test";
import Ajv from "ajv-draft-04";
import fc from "../support/property.ts";
import { MODE_DOCUMENT_SCHEMA } from "../../lib/mode/mode-document-schema.ts";
import { checkModeDocument, ModeDocumentError } from "../../lib/mode/mode-document.ts";
import { MODES } from "../../lib/mode/mode.ts";
import { BAD_DOCUMENTS, GOOD_DOCUMENTS } from "./corpus.ts";

const schemaTakes = new Ajv.default({ strict: true }).compile(MODE_DOCUMENT_SCHEMA);

function runtimeTakes(value: unknown): boolean {
  try {
    checkModeDocument(value);
    return true;
  } catch (error) {
    assert.ok(error instanceof ModeDocumentError, String(error));
    return false;
  }
}

function assertSameVerdict(value: unknown): void {
  assert.equal(schemaTakes(value), runtimeTakes(value), JSON.stringify(value));
}

describe("the mode document's schema", () => {
  it("is one that AppConfig takes: draft 4, of at most 32,768 characters", () => {
    assert.equal(MODE_DOCUMENT_SCHEMA["$schema"], "http://json-schema.org/draft-04/schema#");
    assert.ok(JSON.stringify(MODE_DOCUMENT_SCHEMA).length <= 32_768);
  });

  for (const document of GOOD_DOCUMENTS) {
    it(`takes ${JSON.stringify(document)}`, () => assert.ok(schemaTakes(document)));
  }

  for (const [text] of BAD_DOCUMENTS) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      continue; // What is not JSON doesn't come as far as a schema.
    }
    it(`refuses ${text.slice(0, 70)}`, () => assert.ok(!schemaTakes(value)));
  }

  const number = fc.oneof(
    fc.constantFrom(-0, 0, 1, 100, -1, 100.1, 1.0000001, 5e-324, 1e308, Infinity),
    fc.double({ min: -1, max: 101, noNaN: true }),
  );
  const key = fc.constantFrom("mode", "percent", "secondary", "__proto__", "constructor", "x");
  const scalar = fc.oneof(
    fc.constantFrom(...MODES, null, true, "", " ", "\u00a0", "\ufeff\n", "why", "old "),
    number,
  );
  const anything = fc.oneof(
    scalar,
    fc.array(scalar),
    fc.dictionary(key, scalar),
    fc.json().map((text) => JSON.parse(text)),
  );
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const percent = fc.double({ min: 0, max: 100, noNaN: true });
  /** Documents that are in order, but for the ramp's mode, which is the next one now and then. */
  const orderly = fc.record(
    {
      mode: fc.constantFrom(...MODES),
      ramp: fc.record({ mode: fc.constantFrom(...MODES), percent }),
      sample: fc.record(
        { secondary: share, calibrate: share, matches: share },
        { requiredKeys: [] },
      ),
      override: fc.string({ minLength: 1 }),
    },
    { requiredKeys: ["mode"] },
  );
  /** One slip, somewhere. */
  const slip = fc
    .tuple(
      orderly,
      fc.constantFrom("mode", "ramp", "sample", "override", "other"),
      fc.option(fc.constantFrom("mode", "percent", "secondary", "matches", "__proto__", "other")),
      anything,
    )
    .map(([document, at, inside, value]) => {
      const slipped: Record<string, unknown> = structuredClone(document);
      slipped[at] =
        inside === null ? value : { ...(slipped[at] as object | undefined), [inside]: value };
      return slipped;
    });

  it("comes to the runtime's verdict, whatever it is given", () => {
    fc.assert(fc.property(fc.oneof(orderly, slip, anything), assertSameVerdict), {
      numRuns: 5_000,
    });
  });

  it("takes every document that is in order", () => {
    const next = fc.nat(MODES.length - 2).chain((i) =>
      fc.record({
        mode: fc.constant(MODES[i]!),
        ramp: fc.record({ mode: fc.constant(MODES[i + 1]!), percent }),
      }),
    );
    const good = fc.tuple(orderly, next).map(([document, move]) => ({
      ...document,
      ...("ramp" in document && move),
      ...("override" in document && { override: `why${document.override}` }),
    }));
    fc.assert(
      fc.property(good, (document) => {
        assertSameVerdict(document);
        assert.ok(schemaTakes(document), JSON.stringify(document));
      }),
    );
  });

  it("comes to the runtime's verdict on what only JSON text can have", () => {
    for (const text of [
      '{"mode":"old","__proto__":{}}',
      '{"mode":"shadow","ramp":{"mode":"reverse-shadow","percent":1,"__proto__":1}}',
      '{"mode":"shadow","sample":{"__proto__":0.5}}',
      '{"mode":"old","mode":"new"}',
      '{"mode":"shadow","sample":{"matches":1e400}}',
    ]) {
      assertSameVerdict(JSON.parse(text));
    }
  });
});
