import type { Settlement } from "../call/settlement.ts";
import type { Version } from "../mode/mode.ts";
import { decodeValue } from "../records/decode.ts";
import type { ComparisonRecord } from "../records/record.ts";
import { REDACTED } from "../records/redaction.ts";
import { Undecided } from "./verdict.ts";

/**
 * The arguments of a recorded call.
 *
 * @throws {Undecided | NotDecodable} where the record doesn't have them whole.
 */
export function recordedArguments(record: ComparisonRecord): readonly unknown[] {
  const { arguments: text, cut, inexact } = record;
  if (text.includes(REDACTED)) throw new Undecided("its arguments are redacted");
  if (cut?.includes("arguments")) throw new Undecided("its arguments were cut");
  const args = decodeValue(text);
  if (!Array.isArray(args)) throw new Undecided("its arguments could not be copied");
  if (inexact)
    throw new Undecided("its arguments can't be made again, such as an instance of a class");
  return args;
}

/**
 * How the run of a version ended, as far as it is recorded; `undefined` where it was not known then.
 *
 * @param answers whether answers are of interest.
 * @throws {Undecided | NotDecodable} where the record doesn't have it whole.
 */
export function recordedSettlement(
  record: ComparisonRecord,
  version: Version,
  answers: boolean,
): Settlement | undefined {
  const run = record[version];
  if (run === undefined) return undefined;
  const { status, durationMs } = run;
  const whole = (part: "answer" | "error"): unknown => {
    if (record.cut?.includes(`${version}.${part}`)) {
      throw new Undecided(`the ${part} of ${version} was cut`);
    }
    return decodeValue(run[part] ?? "");
  };
  switch (status) {
    case "answered":
      return { status, durationMs, value: answers ? whole("answer") : undefined };
    case "failed":
      return { status, durationMs, error: whole("error") };
    case "timed-out":
      return { status, durationMs };
  }
}

/** Whether anything in the runs' answers or errors was redacted. */
export function isRedacted({ v1, v2 }: ComparisonRecord): boolean {
  return [v1, v2].some((run) => `${run?.answer} ${run?.error}`.includes(REDACTED));
}
