import {
  MAX_PERCENT,
  MAX_SHARE,
  SAMPLE_KEYS,
  type DOCUMENT_KEYS,
  type RAMP_KEYS,
} from "./mode-document.ts";
import { MODES, nextMode, type Mode } from "./mode.ts";

type Schema = Readonly<Record<string, unknown>>;

/** Some of the keys that the check knows: the compiler sees to it that there are no others. */
type Properties<Keys extends readonly string[]> = Partial<Record<Keys[number], Schema>>;

/** An object with these keys and no others. */
function closed(properties: Properties<readonly string[]>, required: readonly string[]): Schema {
  return {
    type: "object",
    properties,
    additionalProperties: false,
    // Draft 4 takes no empty list.
    ...(required.length > 0 && { required }),
  };
}

function between0And(maximum: number): Schema {
  return { type: "number", minimum: 0, maximum };
}

function rampTo(mode: Mode): Schema {
  const properties: Properties<typeof RAMP_KEYS> = {
    mode: { enum: [mode] },
    percent: between0And(MAX_PERCENT),
  };
  return closed(properties, ["mode", "percent"]);
}

/** A mode has a schema of its own, since only so can draft 4 tie the ramp's mode to it. */
function documentIn(mode: Mode): Schema {
  const next = nextMode(mode);
  const properties: Properties<typeof DOCUMENT_KEYS> = {
    mode: { enum: [mode] },
    ...(next !== undefined && { ramp: rampTo(next) }),
    sample: { $ref: "#/definitions/sample" },
    override: { $ref: "#/definitions/override" },
  };
  return closed(properties, ["mode"]);
}

/**
 * The mode document as JSON Schema, in the draft that AppConfig's validators speak: what
 * `checkModeDocument` takes and nothing else, where both get parsed JSON.
 *
 * What no schema can say is whether a document may follow the one in force: that is the gate's.
 */
export const MODE_DOCUMENT_SCHEMA: Schema = {
  $schema: "http://json-schema.org/draft-04/schema#",
  title: "Mode document",
  oneOf: MODES.map(documentIn),
  definitions: {
    sample: closed(Object.fromEntries(SAMPLE_KEYS.map((key) => [key, between0And(MAX_SHARE)])), []),
    override: { type: "string", pattern: "\\S" },
  },
};
