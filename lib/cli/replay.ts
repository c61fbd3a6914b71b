import { Option, type Command } from "commander";
import { readComparisons } from "../records/reader.ts";
import type { ComparisonRecord } from "../records/record.ts";
import { askToGoAhead, assertAnswerable } from "./ask.ts";
import { onMigration, runs, segueCommand, type CommandContext } from "./command.ts";
import { EXIT_CODES, type ExitCode } from "./exit-codes.ts";
import { bar, count } from "../text/figures.ts";
import { askOperatorFunction, operatorFunction } from "./invoke.ts";
import { openOperator, type Operator } from "./operator.ts";
import { withProgress } from "./progress.ts";
import {
  countOf,
  filtersRecords,
  findRecord,
  isWanted,
  queryOf,
  type RecordFilter,
} from "./record-filter.ts";
import { askAbout, type Chosen } from "./replay-records.ts";
import { replayText, Verdicts, type Replay } from "./replay-text.ts";
import type { Terminal } from "./terminal.ts";

interface ReplayOptions extends RecordFilter {
  readonly id?: string;
  readonly limit: number;
  readonly rules?: boolean;
  readonly writes?: boolean;
  readonly yes?: boolean;
}

/** Invocations of the operator function side by side; one where writes have to keep their order. */
const CONCURRENCY = 3;

/** `segue replay`: whether V1 and V2 agree by now on what they once disagreed on. */
export function replayCommand(): Command {
  return filtersRecords(
    onMigration(
      segueCommand(
        "replay [migration]",
        "call both versions again with what they disagreed on, and tell which calls agree now, which differ " +
          "as before, and which otherwise",
        [
          ["segue replay", "the disagreements of the last 24 hours"],
          ["segue replay --since 7d --operation customerIds", "of one operation"],
          ["segue replay --id 'b1c2…#customerIds#0'", "one call"],
          ["segue replay --rules", "calls nothing: judges what is recorded by the rules of now"],
          ["segue replay payments --writes", "dual writes too, under their own keys"],
        ],
      ),
    ),
  )
    .option("--limit <records>", "how many records to look into", countOf, 1_000)
    .option("--id <record>", "one record alone")
    .option("--rules", "judge the recorded answers by the rules of now, and call nothing")
    .addOption(
      new Option("--writes", "make dual writes again too, as a handler would").conflicts("rules"),
    )
    .option("-y, --yes", "make them again without asking")
    .action(
      runs(async (context, migration: string | undefined, options: ReplayOptions) => {
        const operator = await openOperator(migration, options);
        return replay(context, operator, options);
      }),
    );
}

async function replay(
  { terminal, interruption }: CommandContext,
  operator: Operator,
  options: ReplayOptions,
): Promise<ExitCode> {
  const name = operatorFunction(operator.parts);
  const { writes = false, rules = false, yes = false, json = false } = options;
  if (writes) assertAnswerable(yes, terminal);
  const { chosen, limited } = await chooseRecords(operator, options);
  if (writes && !yes && chosen.length > 0) {
    const question = `Have ${name} call both versions for ${count(chosen.length)} records, writes included?`;
    if (!(await askToGoAhead(question))) return EXIT_CODES.declined;
  }
  const signal = interruption();
  const verdicts = new Verdicts();
  const { migration, stage } = operator.parts;
  await withProgress(terminal.isInteractive && !json, (show) =>
    askAbout(
      chosen,
      (batch, ended) => {
        const records = batch.map(({ id, time }) => ({ id, time }));
        const request = rules
          ? ({ action: "judge", migration, records } as const)
          : ({ action: "replay", migration, records, writes } as const);
        return askOperatorFunction(operator, request, ended);
      },
      {
        concurrency: writes ? 1 : CONCURRENCY,
        signal,
        onVerdict(record, verdict) {
          verdicts.add(record, verdict);
          const { told } = verdicts;
          show(`${bar((100 * told) / chosen.length)} ${count(told)} of ${count(chosen.length)}`);
        },
      },
    ),
  );
  const interrupted = signal.aborted;
  const { totals, groups } = verdicts;
  tell(terminal, json, {
    migration,
    stage,
    by: rules ? "rules" : "calls",
    records: chosen.length,
    totals,
    groups,
    limited,
    interrupted,
  });
  return interrupted ? EXIT_CODES.interrupted : EXIT_CODES.done;
}

function tell({ print, colors }: Terminal, json: boolean, told: Replay): void {
  print(json ? JSON.stringify(told, undefined, 2) : replayText(told, colors));
}

/** The records that are meant, oldest first; no more of each than it takes to ask about it. */
async function chooseRecords(
  operator: Operator,
  options: ReplayOptions,
): Promise<{ chosen: readonly Chosen[]; limited: boolean }> {
  if (options.id !== undefined) {
    const record = await findRecord(operator, options, options.id);
    return { chosen: [chosenOf(record)], limited: false };
  }
  const chosen: Chosen[] = [];
  let limited = false;
  for await (const record of readComparisons(queryOf(operator, options))) {
    if (!isWanted(record, options)) continue;
    limited = chosen.length >= options.limit;
    if (limited) break;
    chosen.push(chosenOf(record));
  }
  return { chosen: chosen.toSorted((a, b) => a.time.localeCompare(b.time)), limited };
}

function chosenOf({ sk, operation, outcome, signature, time }: ComparisonRecord): Chosen {
  return { id: sk, operation, outcome, signature, time };
}
