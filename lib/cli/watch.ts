import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { createLogUpdate } from "log-update";
import { readStatus, type MigrationStatus } from "../rollout/status.ts";
import { onMigration, runs, segueCommand } from "./command.ts";
import { explain } from "./errors.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { milliseconds, share, sparkline } from "../text/figures.ts";
import { openOperator, type CommonOptions } from "./operator.ts";
import { printable } from "../text/printable.ts";
import { statusText } from "./status-text.ts";
import { tableText } from "./table.ts";
import type { Colors } from "./terminal.ts";

/** Milliseconds between two looks: CloudWatch has nothing new within less. */
const LOOK_EVERY_MS = 10_000;

/** Periods that a sparkline shows, the latest ones. */
const PERIODS = 60;

/** `segue watch`: where a migration stands, live. */
export function watchCommand(): Command {
  return onMigration(
    segueCommand(
      "watch [migration]",
      "show where a migration stands until Ctrl-C, with sparklines of the mismatch rate and the latencies",
      [
        ["segue watch customer-ids", "a live view; without a terminal a text at each look"],
        ["segue watch --json", "one JSON object a line at each look"],
      ],
    ),
  ).action(
    runs(
      async ({ terminal, interruption }, migration: string | undefined, options: CommonOptions) => {
        const operator = await openOperator(migration, options);
        const signal = interruption();
        const live = terminal.isInteractive && !options.json;
        const view = live ? createLogUpdate(process.stdout) : terminal.print;
        while (!signal.aborted) {
          view(await look());
          await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
        }
        return EXIT_CODES.done;

        async function look(): Promise<string> {
          const { colors } = terminal;
          try {
            const status = await readStatus(operator);
            if (options.json) return JSON.stringify(status);
            return `${statusText(status, operator.now(), colors)}\n\n${sparklines(status, colors)}`;
          } catch (error) {
            // A look that fails, such as for throttling, is no reason to stop.
            const message = printable(explain(error));
            return options.json ? JSON.stringify({ error: message }) : colors.red(message);
          }
        }
      },
    ),
  );
}

function sparklines({ measures: { series } }: MigrationStatus, colors: Colors): string {
  const latest = series.slice(-PERIODS);
  const row = (name: string, values: (number | undefined)[], text: (value?: number) => string) => [
    colors.dim(name),
    colors.yellow(sparkline(values)),
    text(values.at(-1)),
  ];
  return tableText([
    row(
      "mismatch rate",
      latest.map(({ mismatchRate }) => mismatchRate),
      share,
    ),
    row(
      "V1's p99",
      latest.map(({ v1P99Ms }) => v1P99Ms),
      milliseconds,
    ),
    row(
      "V2's p99",
      latest.map(({ v2P99Ms }) => v2P99Ms),
      milliseconds,
    ),
  ]);
}
