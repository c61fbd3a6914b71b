import { isMode, MODES, nextMode, type Mode } from "./mode.ts";

/** What AppConfig serves for one migration: who runs, who answers, and for which share of calls. */
export interface ModeDocument {
  readonly mode: Mode;
  /** The share of keys that are in the next mode already. */
  readonly ramp?: {
    /** The mode right after `mode`. */
    readonly mode: Mode;
    /** Percent of keys, 0 to 100; fractions are allowed. */
    readonly percent: number;
  };
  /** Shares of calls, each from 0 to 1. */
  readonly sample?: {
    /** Reads that call the secondary too. @default 1 */
    readonly secondary?: number;
    /** Reads that call the primary twice, to measure noise. @default 0 */
    readonly calibrate?: number;
    /** Comparisons in agreement that are stored as records. @default 0 */
    readonly matches?: number;
  };
  /** Why an operator went ahead without the gate's evidence. */
  readonly override?: string;
}

/** What AppConfig serves until an operator deploys something else. */
export const FIRST_DOCUMENT: ModeDocument = { mode: "old" };

/** The document's keys and bounds, for the check below and for the JSON Schema. */
export const DOCUMENT_KEYS = ["mode", "ramp", "sample", "override"] as const;
export const RAMP_KEYS = ["mode", "percent"] as const;
export const SAMPLE_KEYS = ["secondary", "calibrate", "matches"] as const;
export const MAX_PERCENT = 100;
export const MAX_SHARE = 1;

/** A document that isn't a mode document. Its message says what was got and what is allowed. */
export class ModeDocumentError extends Error {
  override readonly name = "ModeDocumentError";
}

const MAX_QUOTED_CHARACTERS = 80;

function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_QUOTED_CHARACTERS ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}…` : text;
}

function refuse(where: string, got: unknown, allowed: string): never {
  throw new ModeDocumentError(`${where}: got ${quote(got)}, allowed is ${allowed}`);
}

function objectOf(
  where: string,
  value: unknown,
  keys: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    refuse(where, value, `an object with ${keys.join(", ")}`);
  }
  for (const key of Object.keys(value)) {
    // A key that is not known is most likely a slip ("percnt"), and obeying half a document is worse
    // than keeping the last good one.
    if (!keys.includes(key)) refuse(where, key, `only the keys ${keys.join(", ")}`);
  }
  return value as Record<string, unknown>;
}

function numberOf(where: string, value: unknown, max: number): void {
  if (typeof value !== "number" || !(value >= 0 && value <= max)) {
    refuse(where, value, `a number from 0 to ${max}`);
  }
}

/**
 * Checks a value against the mode document's rules and gives it back, typed.
 *
 * @throws {ModeDocumentError} naming the place, what it got and what is allowed.
 */
export function checkModeDocument(value: unknown): ModeDocument {
  const document = objectOf("mode document", value, DOCUMENT_KEYS);
  const { mode } = document;
  if (!isMode(mode)) refuse("mode", mode, MODES.join(", "));
  if (document.ramp !== undefined) {
    const ramp = objectOf("ramp", document.ramp, RAMP_KEYS);
    const next = nextMode(mode);
    if (next === undefined) refuse("ramp", document.ramp, `no ramp where the mode is ${mode}`);
    if (ramp.mode !== next) {
      refuse("ramp.mode", ramp.mode, `the mode right after ${mode}, which is ${next}`);
    }
    numberOf("ramp.percent", ramp.percent, MAX_PERCENT);
  }
  if (document.sample !== undefined) {
    const sample = objectOf("sample", document.sample, SAMPLE_KEYS);
    for (const [key, share] of Object.entries(sample)) numberOf(`sample.${key}`, share, MAX_SHARE);
  }
  const { override } = document;
  if (override !== undefined && (typeof override !== "string" || override.trim() === "")) {
    refuse("override", override, "a reason, as text that is not empty");
  }
  return document as unknown as ModeDocument;
}

/**
 * Reads a mode document from JSON text.
 *
 * @throws {ModeDocumentError} for text that is not JSON, and for what {@link checkModeDocument} refuses.
 */
export function parseModeDocument(text: string): ModeDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuse("mode document", text, "JSON");
  }
  return checkModeDocument(value);
}
