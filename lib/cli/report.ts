import { constants } from "node:fs";
import { access, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Option, type Command } from "commander";
import { readComparisons } from "../records/reader.ts";
import { reportPage } from "../report/page.ts";
import { makeReport, type Report } from "../report/report.ts";
import { METRICS_KEPT_MS, periodOver } from "../report/span.ts";
import { readHistory } from "../rollout/history.ts";
import { MEASURES } from "../rollout/measures.ts";
import { readPoints, type Question } from "../rollout/metric-points.ts";
import { onMigration, runs, segueCommand } from "./command.ts";
import { CommandError } from "./errors.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { bar, count } from "../text/figures.ts";
import { openOperator, type CommonOptions, type Operator } from "./operator.ts";
import { withProgress } from "./progress.ts";
import { timeOf } from "./span.ts";

interface ReportOptions extends CommonOptions {
  /** Epoch milliseconds. */
  readonly since?: number;
  readonly until?: number;
  readonly output?: string;
}

/** The file that stands for the standard output. */
const STANDARD_OUTPUT = "-";

const QUESTIONS = {
  ...MEASURES,
  guardRollbacks: { metric: "GuardRollbacks", statistic: "Sum" },
} as const satisfies Record<string, Question>;

/** `segue report`: a migration's story, as one HTML file. */
export function reportCommand(): Command {
  return onMigration(
    segueCommand(
      "report [migration]",
      "write one HTML file for all who have a stake in the migration: phases, agreement, latencies, rollbacks, what differed before and after",
      [
        ["segue report", "from the first deployment until now"],
        ["segue report --since 30d --output june.html", "of a time, into a file"],
        ["segue report --output - | gzip > report.html.gz", "to the standard output"],
        ["segue report --json | jq .rollbacks", "the figures, for a script"],
      ],
    ),
  )
    .addOption(
      new Option(
        "--since <time>",
        "90m, 24h, 7d ago and the like, or an ISO 8601 time, 455 days ago at the most (default: the first deployment)",
      ).argParser(timeOf),
    )
    .option("--until <time>", "the same (default: now)", timeOf)
    .option(
      "--output <file>",
      "the file; - is the standard output (default: <migration>-<stage>.html)",
    )
    .action(
      runs(async ({ terminal }, migration: string | undefined, options: ReportOptions) => {
        const operator = await openOperator(migration, options);
        const { migration: name, stage } = operator.parts;
        const output = options.output ?? `${name}-${stage}.html`;
        const toFile = !options.json && output !== STANDARD_OUTPUT;
        if (toFile) await assertWritable(output);
        const report = await withProgress(terminal.isInteractive && toFile, (show) =>
          readReport(operator, options, show),
        );
        if (options.json) {
          terminal.print(JSON.stringify(report, undefined, 2));
          return EXIT_CODES.done;
        }
        const page = reportPage(report);
        if (toFile) await writeFile(output, page);
        terminal.print(toFile ? `${output} is written` : page);
        return EXIT_CODES.done;
      }),
    );
}

/** What can't be written is told now, and not after minutes of reading. */
async function assertWritable(file: string): Promise<void> {
  const folder = dirname(resolve(file));
  if (!(await isWritable(folder))) {
    throw new CommandError(`--output: ${folder} is no folder to write to`);
  }
  const stats = await stat(file).catch(() => undefined);
  if (stats?.isDirectory()) throw new CommandError(`--output: ${file} is a folder`);
  if (stats !== undefined && !(await isWritable(file))) {
    throw new CommandError(`--output: ${file} can't be written to`);
  }
}

function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

/** Reads all that a report is made from, and says meanwhile how far it is. */
async function readReport(
  operator: Operator,
  { since, until }: ReportOptions,
  onProgress: (text: string) => void,
): Promise<Report> {
  const { parts, target, cloudWatch: client, dynamodb } = operator;
  const { migration, stage, table } = parts;
  const now = operator.now();
  const to = until ?? now;
  const earliest = Math.max(since ?? 0, now - METRICS_KEPT_MS);
  const { deployments, unreadable } = await readHistory(target, earliest, (read) =>
    onProgress(`deployments: ${count(read)}`),
  );
  const first = deployments[0]?.startedAt ?? now;
  const from = since === undefined ? Math.max(earliest, first) : earliest;
  if (from > to) throw new CommandError("--since: it is after --until", EXIT_CODES.usage);

  return makeReport({
    migration,
    stage,
    from,
    to,
    deployments,
    unreadableDeployments: unreadable,
    async metricsOver(span) {
      onProgress(`metrics since ${new Date(span.from).toISOString()}`);
      const periodMs = periodOver(span, now);
      const start = Math.floor(span.from / periodMs) * periodMs;
      const reader = { client, migration, now: span.to };
      return {
        points: await readPoints(reader, QUESTIONS, { from: start, periodMs }),
        periodMs,
      };
    },
    records: readComparisons({
      client: dynamodb,
      table,
      migration,
      from,
      to,
      onProgress: (read, all) => onProgress(`${bar((100 * read) / all)} records`),
    }),
  });
}
