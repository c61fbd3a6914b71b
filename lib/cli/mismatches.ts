import { InvalidArgumentError, Option, type Command } from "commander";
import { createLogUpdate } from "log-update";
import { isAgreement, OUTCOMES, type Outcome } from "../call/outcome.ts";
import type { NoiseReport, NoiseTotals } from "../comparison/noise.ts";
import { SignatureGroups } from "../records/groups.ts";
import { countNoise } from "../records/noise-by-operation.ts";
import {
  readCalibrations,
  readComparison,
  readComparisons,
  type ComparisonQuery,
} from "../records/reader.ts";
import type { ComparisonRecord } from "../records/record.ts";
import { readTotals } from "../rollout/operation-totals.ts";
import { onMigration, runs, segueCommand } from "./command.ts";
import { CommandError } from "./errors.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { bar } from "./figures.ts";
import {
  mismatchesText,
  recordText,
  type MismatchGroup,
  type Mismatches,
} from "./mismatches-text.ts";
import { openOperator, type CommonOptions, type Operator } from "./operator.ts";
import { timeOf } from "./span.ts";
import type { Terminal } from "./terminal.ts";

interface MismatchesOptions extends CommonOptions {
  /** Epoch milliseconds. */
  readonly since: number;
  readonly until?: number;
  readonly operation?: string;
  readonly outcome?: readonly Outcome[];
  readonly limit: number;
  readonly id?: string;
}

/** `segue mismatches`: what differs, grouped, or one record in full. */
export function mismatchesCommand(): Command {
  return onMigration(
    segueCommand(
      "mismatches [migration]",
      "tell what differs: the records of disagreements by signature, raw beside noise, each with an example",
      [
        ["segue mismatches", "of the last 24 hours"],
        ["segue mismatches --since 7d --operation customerIds", "of one operation"],
        ["segue mismatches --outcome timeout secondary-error", "of some outcomes"],
        ["segue mismatches --id 'b1c2…#customerIds#0'", "one record in full"],
        ["segue mismatches --json | jq '.groups[].signature'", "for a script"],
      ],
    ),
  )
    .addOption(
      new Option("--since <time>", "90m, 24h, 7d ago and the like, or an ISO 8601 time")
        .argParser(timeOf)
        .default(timeOf("24h"), "24h"),
    )
    .option("--until <time>", "the same (default: now)", timeOf)
    .option("--operation <name>", "this operation alone")
    .addOption(
      new Option(
        "--outcome <outcome...>",
        "these outcomes alone (default: the disagreements)",
      ).choices(Object.keys(OUTCOMES)),
    )
    .option("--limit <groups>", "how many groups to show", countOf, 10)
    .option("--id <record>", "one record in full")
    .action(
      runs(async ({ terminal }, migration: string | undefined, options: MismatchesOptions) => {
        const operator = await openOperator(migration, options);
        if (options.id !== undefined) {
          const record = await findRecord(operator, options, options.id);
          terminal.print(
            options.json
              ? JSON.stringify(record, undefined, 2)
              : recordText(record, terminal.colors),
          );
          return EXIT_CODES.done;
        }
        const mismatches = await readMismatches(operator, options, terminal);
        terminal.print(
          options.json
            ? JSON.stringify(mismatches, undefined, 2)
            : mismatchesText(mismatches, options.limit, terminal.colors),
        );
        return EXIT_CODES.done;
      }),
    );
}

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new InvalidArgumentError("Allowed is a whole number from 1.");
  }
  return count;
}

function queryOf(
  { parts, dynamodb }: Operator,
  { since, until }: MismatchesOptions,
): ComparisonQuery {
  const query = {
    client: dynamodb,
    table: parts.table,
    migration: parts.migration,
    from: since,
    to: until ?? Date.now(),
  };
  if (query.from > query.to) {
    throw new CommandError("--since: it is after --until", EXIT_CODES.usage);
  }
  return query;
}

async function findRecord(
  operator: Operator,
  options: MismatchesOptions,
  id: string,
): Promise<ComparisonRecord> {
  const record = await readComparison(queryOf(operator, options), id);
  if (record === undefined) {
    const since = new Date(options.since).toISOString();
    throw new CommandError(`no record ${id} since ${since}: --since 30d looks further back`);
  }
  return record;
}

/** Reads the records once, some pages at a time, however many there are. */
async function readMismatches(
  operator: Operator,
  options: MismatchesOptions,
  terminal: Terminal,
): Promise<Mismatches> {
  const query = queryOf(operator, options);
  const groups = new SignatureGroups();
  let records = 0;
  const isWanted = ({ operation, outcome }: ComparisonRecord): boolean =>
    operation === (options.operation ?? operation) &&
    (options.outcome?.includes(outcome) ?? !isAgreement(outcome));

  const view =
    terminal.isInteractive && !options.json ? createLogUpdate(process.stdout) : undefined;
  async function* grouped(): AsyncGenerator<ComparisonRecord> {
    const onProgress = (read: number, all: number) =>
      view?.(`${bar((100 * read) / all)} ${records} records`);
    for await (const record of readComparisons({ ...query, onProgress })) {
      if (!isWanted(record)) continue;
      records++;
      groups.add(record);
      yield record;
    }
  }
  const counted = await countNoise(grouped(), readCalibrations(query));
  view?.clear();
  view?.done();

  const reports = new Map<string, { totals: NoiseTotals; report: NoiseReport }>();
  const reportOf = async (operation: string) => {
    let found = reports.get(operation);
    if (found === undefined) {
      const { cloudWatch, parts, now } = operator;
      const totals = await readTotals(
        { client: cloudWatch, migration: parts.migration, operation, now: now() },
        query.from,
      );
      const report = counted.get(operation)?.report(totals) ?? NO_NOISE;
      reports.set(operation, (found = { totals, report }));
    }
    return found;
  };
  const told: MismatchGroup[] = [];
  for (const group of groups.toArray()) {
    const { totals, report } = await reportOf(group.operation);
    const noise = report.signatures.find(({ signature }) => signature === group.signature);
    told.push({
      ...group,
      share: totals.comparisons > 0 ? Math.min(1, group.weight / totals.comparisons) : undefined,
      ...(noise !== undefined && { noiseShare: noise.noise.share, verdict: noise.verdict }),
    });
  }
  const { migration, stage } = operator.parts;
  return {
    migration,
    stage,
    from: new Date(query.from).toISOString(),
    to: new Date(query.to).toISOString(),
    records,
    groups: told,
    ungrouped: groups.ungrouped,
    rules: Object.fromEntries(Array.from(reports, ([name, { report }]) => [name, report.rules])),
  };
}

const NO_NOISE: NoiseReport = {
  signatures: [],
  rules: { ignore: [], unordered: [] },
  uncounted: 0,
};
