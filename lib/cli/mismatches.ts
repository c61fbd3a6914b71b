import type { Command } from "commander";
import type { NoiseReport, NoiseTotals } from "../comparison/noise.ts";
import { SignatureGroups } from "../records/groups.ts";
import { countNoise } from "../records/noise-by-operation.ts";
import { readCalibrations, readComparisons } from "../records/reader.ts";
import type { ComparisonRecord } from "../records/record.ts";
import { readTotals } from "../rollout/operation-totals.ts";
import { onMigration, runs, segueCommand } from "./command.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { bar } from "../text/figures.ts";
import {
  mismatchesText,
  recordText,
  type MismatchGroup,
  type Mismatches,
} from "./mismatches-text.ts";
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
import type { Terminal } from "./terminal.ts";

interface MismatchesOptions extends RecordFilter {
  readonly limit: number;
  readonly id?: string;
}

/** `segue mismatches`: what differs, grouped, or one record in full. */
export function mismatchesCommand(): Command {
  return filtersRecords(
    onMigration(
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
    ),
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

/** Reads the records once, some pages at a time, however many there are. */
async function readMismatches(
  operator: Operator,
  options: MismatchesOptions,
  terminal: Terminal,
): Promise<Mismatches> {
  const query = queryOf(operator, options);
  const groups = new SignatureGroups();
  let records = 0;

  async function* grouped(show: (text: string) => void): AsyncGenerator<ComparisonRecord> {
    const onProgress = (read: number, all: number) =>
      show(`${bar((100 * read) / all)} ${records} records`);
    for await (const record of readComparisons({ ...query, onProgress })) {
      if (!isWanted(record, options)) continue;
      records++;
      groups.add(record);
      yield record;
    }
  }
  const counted = await withProgress(terminal.isInteractive && !options.json, (show) =>
    countNoise(grouped(show), readCalibrations(query)),
  );

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
    const known = report.signatures.find(({ signature }) => signature === group.signature);
    const isMeasured = totals.calibrations > 0 || (known?.noise.share ?? 0) > 0;
    const noise = isMeasured ? known : undefined;
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
