import type { NoiseReport, NoiseVerdict } from "../comparison/noise.ts";
import type { SignatureGroup } from "../records/groups.ts";
import type { ComparisonRecord, RecordedDifference, RecordedRun } from "../records/record.ts";
import { count, counted, milliseconds, share } from "../text/figures.ts";
import { printable, shortened } from "../text/printable.ts";
import { tableText } from "./table.ts";
import type { Colors } from "./terminal.ts";

/** A group of records that went wrong the same way, beside how often the primary differs so from itself. */
export interface MismatchGroup extends SignatureGroup {
  /** Of the operation's comparisons, from 0 to 1; `undefined` where the metrics have none. */
  readonly share: number | undefined;
  /** Of the operation's calibrations, from 0 to 1; absent where there were none. */
  readonly noiseShare?: number;
  /** Absent likewise. */
  readonly verdict?: NoiseVerdict;
}

export interface Mismatches {
  readonly migration: string;
  readonly stage: string;
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly records: number;
  /** The heaviest first. */
  readonly groups: readonly MismatchGroup[];
  /** Calls of records that are in no group, since there are too many. */
  readonly ungrouped: number;
  /** By operation: the rules that would silence what is noise. */
  readonly rules: Readonly<Record<string, NoiseReport["rules"]>>;
}

const MAX_VALUE_CHARACTERS = 100;
const MAX_DIFFERENCES = 3;

/** What differs, for a person. */
export function mismatchesText(mismatches: Mismatches, limit: number, colors: Colors): string {
  const { migration, stage, from, to, records, groups, ungrouped, rules } = mismatches;
  const head = `${colors.bold(`${migration} (${stage})`)}: ${counted(records, "record")} from ${from} to ${to}`;
  if (groups.length === 0) return `${head}\nnothing differs`;
  const hidden = groups.length - limit;
  return [
    head,
    "",
    ...groups.slice(0, limit).map((group) => groupText(group, colors)),
    ...(hidden > 0 ? [`${count(hidden)} more groups: --limit shows them`] : []),
    ...(ungrouped > 0 ? [`${count(ungrouped)} more calls with signatures beyond those`] : []),
    ...Object.entries(rules).flatMap(([operation, { ignore, unordered }]) =>
      ignore.length + unordered.length === 0
        ? []
        : [
            `${printable(operation)}: rules that would silence what is noise: ${printable(JSON.stringify({ ignore, unordered }))}`,
          ],
    ),
  ].join("\n");
}

function groupText(group: MismatchGroup, colors: Colors): string {
  const { operation, outcome, signature, example } = group;
  const seen = [
    counted(group.weight, "call"),
    `raw ${share(group.share)}`,
    group.noiseShare === undefined
      ? "noise not measured"
      : `noise ${share(group.noiseShare)}: ${group.verdict}`,
    counted(group.records, "record"),
    `${group.firstSeen} to ${group.lastSeen}`,
  ];
  return [
    `${colors.bold(printable(signature))}  ${printable(operation)}, ${colors.yellow(outcome)}`,
    `  ${seen.join(" · ")}`,
    ...differencesText(example.differences.slice(0, MAX_DIFFERENCES), colors),
    ...(example.reason === undefined ? [] : [`    ${printable(example.reason)}`]),
    colors.dim(`  called with ${value(example.arguments)}`),
    colors.dim(`  such as --id '${printable(example.sk)}'`),
    "",
  ].join("\n");
}

/** Differences as a diff: what V1 has, and what V2 has. */
export function differencesText(
  differences: readonly RecordedDifference[],
  colors: Colors,
): string[] {
  return differences.flatMap(({ path, kind, v1, v2 }) => [
    `    ${printable(path)} ${colors.dim(kind)}`,
    ...(v1 === undefined ? [] : [colors.red(`    - ${value(v1)}`)]),
    ...(v2 === undefined ? [] : [colors.green(`    + ${value(v2)}`)]),
  ]);
}

function value(text: string): string {
  return shortened(printable(text), MAX_VALUE_CHARACTERS);
}

/** One record in full. */
export function recordText(record: ComparisonRecord, colors: Colors): string {
  const facts: [string, string][] = [
    ["operation", record.operation],
    ["outcome", record.outcome],
    ...(record.reason === undefined ? [] : [["reason", record.reason] as [string, string]]),
    ["time", record.time],
    ["mode", `${record.mode}, document version ${record.documentVersion}`],
    ["primary", `${record.primary}${record.fallback ? ", answered by the other" : ""}`],
    ["stands for", counted(record.weight, "call")],
    ["request", record.requestId],
  ];
  const run = (name: string, ended: RecordedRun | undefined): string[] =>
    ended === undefined
      ? []
      : [
          colors.dim(`${name}: ${ended.status} in ${milliseconds(ended.durationMs)}`),
          ...[ended.answer, ended.error].flatMap((text) =>
            text === undefined ? [] : [indented(text)],
          ),
        ];
  return [
    colors.bold(printable(record.sk)),
    tableText(facts.map(([name, fact]) => [colors.dim(name), printable(fact)])),
    "",
    colors.dim("arguments"),
    indented(record.arguments),
    ...run("V1", record.v1),
    ...run("V2", record.v2),
    ...(record.differences.length > 0 ? [colors.dim("differences")] : []),
    ...record.differences.flatMap((difference) => differencesText([difference], colors)),
    ...(record.truncated ? ["  there are more than are listed"] : []),
    ...(record.cut === undefined ? [] : [`cut to fit: ${printable(record.cut.join(", "))}`]),
  ].join("\n");
}

/** JSON over several lines; what was cut is none any more, and stays as it is. */
function indented(text: string): string {
  let lines = [text];
  try {
    lines = JSON.stringify(JSON.parse(text), undefined, 2).split("\n");
  } catch {
    // It is shown as it is.
  }
  return lines.map((line) => `  ${printable(line)}`).join("\n");
}
