import { isDeepStrictEqual } from "node:util";
import type { Comparison } from "../call/comparison.ts";
import type { Settlement } from "../call/settlement.ts";
import type { DifferenceKind } from "../comparison/index.ts";
import type { Mode, Version } from "../mode/mode.ts";
import type { Outcome } from "../call/outcome.ts";
import { messageOf } from "../logger.ts";
import { decodeValue } from "./decode.ts";
import { cutText, encodeValue } from "./encode.ts";
import { comparisonKey } from "./keys.ts";

/** How one version's run ended, as it is stored. */
export interface RecordedRun {
  readonly status: Settlement["status"];
  readonly durationMs: number;
  /** The answer as text (see `encode.ts`), for `answered`. */
  readonly answer?: string;
  /** The error as text, for `failed`. */
  readonly error?: string;
}

/** A difference as it is stored; a side that is absent has no text. */
export interface RecordedDifference {
  readonly path: string;
  readonly kind: DifferenceKind;
  readonly v1?: string;
  readonly v2?: string;
}

/** A comparison, or a calibration that was noisy, as a DynamoDB item. */
export interface ComparisonRecord {
  readonly pk: string;
  readonly sk: string;
  readonly migration: string;
  readonly operation: string;
  readonly mode: Mode;
  readonly documentVersion: string;
  readonly requestId: string;
  readonly sequence: number;
  /** ISO 8601. */
  readonly time: string;
  readonly primary: Version;
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly fallback: boolean;
  readonly v1?: RecordedRun;
  readonly v2?: RecordedRun;
  /** The arguments as text. */
  readonly arguments: string;
  /** Whether the arguments were more than their text says, as an instance of a class is; absent if not. */
  readonly inexact?: true;
  readonly differences: readonly RecordedDifference[];
  /** Whether there are more differences than are listed. */
  readonly truncated: boolean;
  readonly signature: string;
  readonly weight: number;
  /** The weight of those before it that have its signature and no record; absent for none. */
  readonly leftOut?: number;
  /** What was cut to fit into an item, such as `v1.answer`. */
  readonly cut?: readonly string[];
  /** When DynamoDB may delete the record, in epoch seconds. */
  readonly expiresAt: number;
}

/**
 * How many UTF-8 bytes of each part are kept. Together they stay below DynamoDB's 400 KB an item:
 * 2 × 80 for the answers, 40 for the arguments, 100 × (2 × 0.5 + 0.3) for the differences.
 */
const MAX_BYTES = {
  answer: 80_000,
  arguments: 40_000,
  differenceValue: 512,
  path: 300,
  reason: 1_000,
  signature: 300,
};
const MAX_DIFFERENCES = 100;
const DAY_SECONDS = 86_400;

/**
 * Turns a comparison into the item that stands for it. Never throws.
 *
 * @param retentionDays how long it is kept.
 */
export function comparisonRecord(comparison: Comparison, retentionDays: number): ComparisonRecord {
  const cut: string[] = [];
  const fit = (part: string, made: { text: string; cut: boolean }): string => {
    if (made.cut) cut.push(part);
    return made.text;
  };
  const run = (version: Version, settlement: Settlement): RecordedRun => {
    const { status, durationMs } = settlement;
    if (status === "timed-out") return { status, durationMs };
    if (status === "failed") {
      const text = encodeError(settlement.error);
      return { status, durationMs, error: fit(`${version}.error`, text) };
    }
    const { notCopied, value } = settlement;
    const text = encodeValue(
      notCopied === undefined ? value : { $unreadable: notCopied },
      MAX_BYTES.answer,
    );
    return { status, durationMs, answer: fit(`${version}.answer`, text) };
  };
  const { v1, v2, differences, time, reason } = comparison;
  const args = encodeValue(comparison.arguments, MAX_BYTES.arguments);
  return {
    ...comparisonKey(comparison),
    migration: comparison.migration,
    operation: comparison.operation,
    mode: comparison.mode,
    documentVersion: comparison.documentVersion,
    requestId: comparison.requestId,
    sequence: comparison.sequence,
    time: new Date(time).toISOString(),
    primary: comparison.primary,
    outcome: comparison.outcome,
    ...(reason !== undefined && { reason: fit("reason", cutText(reason, MAX_BYTES.reason)) }),
    fallback: comparison.fallback,
    ...(v1 !== undefined && { v1: run("v1", v1) }),
    ...(v2 !== undefined && { v2: run("v2", v2) }),
    arguments: fit("arguments", args),
    ...(!isReadAs(args.text, comparison.arguments) && { inexact: true }),
    differences: differences.slice(0, MAX_DIFFERENCES).map((difference) => {
      const value = (side: unknown) =>
        fit("differences", encodeValue(side, MAX_BYTES.differenceValue));
      const { path, kind } = difference;
      return {
        path: fit("differences", cutPath(path)),
        kind,
        ...(kind !== "extra" && { v1: value(difference.v1) }),
        ...(kind !== "missing" && { v2: value(difference.v2) }),
      };
    }),
    truncated: comparison.truncated || differences.length > MAX_DIFFERENCES,
    signature: cutText(comparison.signature, MAX_BYTES.signature).text,
    weight: comparison.weight,
    ...(comparison.leftOut && { leftOut: comparison.leftOut }),
    ...(cut.length > 0 && { cut: [...new Set(cut)] }),
    expiresAt: Math.floor(time / 1000) + retentionDays * DAY_SECONDS,
  };
}

/** Whether who reads a text has the value of which it was made. Never throws. */
function isReadAs(text: string, value: unknown): boolean {
  try {
    return isDeepStrictEqual(decodeValue(text), value);
  } catch {
    return false;
  }
}

/** A path, with an end that no path has where it was cut, so that no rule is ever made of half a path. */
function cutPath(path: string): { text: string; cut: boolean } {
  const { text, cut } = cutText(path, MAX_BYTES.path);
  return { text: cut ? `${text} …` : text, cut };
}

/** An error in full where it can be read, with its message at least where it can't. */
function encodeError(error: unknown): { text: string; cut: boolean } {
  const made = encodeValue(error, MAX_BYTES.answer);
  return made.text.startsWith('{"$unreadable"')
    ? encodeValue({ $error: messageOf(error) }, MAX_BYTES.answer)
    : made;
}
