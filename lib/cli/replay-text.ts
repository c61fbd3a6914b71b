import { VERDICTS, type Verdict } from "../operate/verdict.ts";
import { count } from "../text/figures.ts";
import { differencesText } from "./mismatches-text.ts";
import { printable } from "../text/printable.ts";
import type { Chosen } from "./replay-records.ts";
import { tableText } from "./table.ts";
import type { Colors } from "./terminal.ts";

/** Records that went wrong the same way then, and have the same verdict now. */
export interface ReplayGroup {
  readonly operation: string;
  /** As recorded. */
  readonly outcome: string;
  readonly signature: string;
  readonly verdict: Verdict;
  records: number;
  /** The id of one of them. */
  readonly example: string;
}

/** What came of a replay. */
export interface Replay {
  readonly migration: string;
  readonly stage: string;
  /** Whether the versions were called, or the recorded answers judged. */
  readonly by: "calls" | "rules";
  /** Records that there were to look into. */
  readonly records: number;
  readonly totals: Readonly<Record<Verdict["verdict"], number>>;
  /** The largest first. */
  readonly groups: readonly ReplayGroup[];
  /** Whether there are more records than the limit. */
  readonly limited: boolean;
  readonly interrupted: boolean;
}

/** Adds up verdicts. */
export class Verdicts {
  readonly #totals = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<
    Verdict["verdict"],
    number
  >;
  readonly #groups = new Map<string, ReplayGroup>();

  add({ id, operation, outcome, signature }: Chosen, verdict: Verdict): void {
    this.#totals[verdict.verdict]++;
    const name = JSON.stringify([operation, outcome, signature, verdict.verdict, nowOf(verdict)]);
    const group = this.#groups.get(name);
    if (group !== undefined) group.records++;
    else {
      const first = { operation, outcome, signature, verdict, records: 1, example: id };
      this.#groups.set(name, first);
    }
  }

  get told(): number {
    return Object.values(this.#totals).reduce((sum, records) => sum + records, 0);
  }

  get totals(): Replay["totals"] {
    return { ...this.#totals };
  }

  get groups(): readonly ReplayGroup[] {
    return [...this.#groups.values()].toSorted((a, b) => b.records - a.records);
  }
}

const WORDS: Readonly<Record<Verdict["verdict"], string>> = {
  agrees: "now agree",
  "differs-as-before": "differ as before",
  "differs-otherwise": "differ otherwise",
  gone: "gone",
  undecided: "can't be told",
};

/** What a verdict says beside its own name. */
function nowOf(verdict: Verdict): string {
  switch (verdict.verdict) {
    case "agrees":
      return "agrees";
    case "differs-as-before":
      return "as before";
    case "differs-otherwise":
      return verdict.signature;
    case "gone":
    case "undecided":
      return verdict.why;
  }
}

/** What came of a replay, for a person. */
export function replayText(replay: Replay, colors: Colors): string {
  const { migration, stage, by, records, totals, groups, limited, interrupted } = replay;
  const told = Object.values(totals).reduce((sum, one) => sum + one, 0);
  const how = by === "calls" ? "called again" : "judged by the rules of now";
  const head = `${colors.bold(`${migration} (${stage})`)}: ${count(told)} of ${count(records)} records ${how}`;
  return [
    head,
    ...(interrupted ? [colors.yellow("interrupted: that is what is known so far")] : []),
    ...(limited ? ["there are more records: --limit takes them in"] : []),
    ...(told === 0
      ? []
      : [
          tableText(
            VERDICTS.map((verdict) => [count(totals[verdict]), WORDS[verdict]]),
            { alignRight: [0] },
          ),
          "",
          ...groups.map((group) => groupText(group, colors)),
        ]),
  ].join("\n");
}

function groupText(group: ReplayGroup, colors: Colors): string {
  const { operation, signature, verdict, records, example } = group;
  const color =
    verdict.verdict === "agrees"
      ? colors.green
      : verdict.verdict.startsWith("differs")
        ? colors.red
        : colors.yellow;
  const details =
    verdict.verdict === "differs-otherwise"
      ? [
          ...differencesText(verdict.differences, colors),
          ...(verdict.reason === undefined ? [] : [`    ${printable(verdict.reason)}`]),
        ]
      : [];
  return [
    `${colors.bold(printable(signature))} → ${color(printable(nowOf(verdict)))}  ${printable(operation)}`,
    `  ${count(records)} ${records === 1 ? "record" : "records"}, such as --id '${printable(example)}'`,
    ...details,
    "",
  ].join("\n");
}
