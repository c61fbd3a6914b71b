import { InvokeCommand } from "@aws-sdk/client-lambda";
import type { Command } from "commander";
import type { StoredRepair } from "../call/repair.ts";
import { dynamodbRepairs } from "../records/dynamodb-repairs.ts";
import type { LeftRepair, RepairReport } from "../repair/pass.ts";
import { askToGoAhead, assertAnswerable } from "./ask.ts";
import { onMigration, runs, segueCommand } from "./command.ts";
import { CommandError } from "./errors.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { openOperator, type CommonOptions, type Operator } from "./operator.ts";
import { printable } from "./printable.ts";
import { tableText } from "./table.ts";
import type { Colors } from "./terminal.ts";

/** Repairs that are listed; all are counted. */
const MAX_LISTED = 100;

interface RepairOptions extends CommonOptions {
  readonly run?: boolean;
  readonly yes?: boolean;
}

/** A repair as it is told: without its arguments as bytes. */
type ListedRepair = Omit<StoredRepair, "replay" | "time" | "dueAt"> & {
  /** ISO 8601. */
  readonly time: string;
  readonly isDue: boolean;
};

/** `segue repair`: the dual writes that are not done by both versions. */
export function repairCommand(): Command {
  return onMigration(
    segueCommand(
      "repair [migration]",
      "list the dual writes that are not done by both versions, or run a repair pass now",
      [
        ["segue repair payments", "what is left, and why"],
        ["segue repair payments --run", "asks, then runs the repair function once"],
      ],
    ),
  )
    .option("--run", "run the migration's repair function now")
    .option("-y, --yes", "run it without asking")
    .action(
      runs(async ({ terminal }, migration: string | undefined, options: RepairOptions) => {
        const operator = await openOperator(migration, options);
        if (options.run) {
          const { repair, migration: name } = operator.parts;
          if (repair === "") {
            throw new CommandError(
              `${name} has no repair function: schedule one with scheduleRepair`,
            );
          }
          assertAnswerable(options.yes === true, terminal);
          if (!options.yes && !(await askToGoAhead(`Run ${repair} now?`))) {
            return EXIT_CODES.declined;
          }
          const report = await runPass(operator);
          terminal.print(
            options.json ? JSON.stringify(report, undefined, 2) : passText(report, terminal.colors),
          );
          return EXIT_CODES.done;
        }
        const { repairs, total } = await listRepairs(operator);
        terminal.print(
          options.json
            ? JSON.stringify({ total, repairs }, undefined, 2)
            : repairsText(repairs, total, terminal.colors),
        );
        return EXIT_CODES.done;
      }),
    );
}

async function listRepairs({
  parts,
}: Operator): Promise<{ repairs: ListedRepair[]; total: number }> {
  const repairs: ListedRepair[] = [];
  let total = 0;
  for await (const repair of dynamodbRepairs(() => parts.table).list(parts.migration)) {
    total++;
    if (repairs.length >= MAX_LISTED) continue;
    const { replay: _bytes, time, dueAt, ...told } = repair;
    repairs.push({ ...told, time: new Date(time).toISOString(), isDue: dueAt <= Date.now() });
  }
  return { repairs: repairs.toSorted((a, b) => a.time.localeCompare(b.time)), total };
}

/** Runs the repair function once, which is what its schedule does. */
async function runPass({ parts, lambda }: Operator): Promise<RepairReport> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: parts.repair, Payload: "{}" }),
  );
  const answer = JSON.parse(Payload?.transformToString() ?? "null");
  if (FunctionError !== undefined) {
    throw new CommandError(`${parts.repair} failed: ${answer?.errorMessage ?? FunctionError}`);
  }
  const report = (answer as RepairReport[]).find(({ migration }) => migration === parts.migration);
  if (report === undefined) {
    throw new CommandError(`${parts.repair} does not repair ${parts.migration}`);
  }
  return report;
}

function passText({ done, failed, pending, left, complete }: RepairReport, colors: Colors): string {
  return [
    `${done} done, ${failed} failed, ${pending} pending`,
    ...(complete ? [] : ["there was no time to look at all: run it again"]),
    ...(left.length === 0 ? [] : ["", leftText(left, colors)]),
  ].join("\n");
}

function leftText(left: readonly LeftRepair[], colors: Colors): string {
  return tableText([
    ["time", "operation", "key", "why"].map((text) => colors.dim(text)),
    ...left.map(({ time, operation, idempotencyKey = "", why }) =>
      [time, operation, idempotencyKey, why].map(printable),
    ),
  ]);
}

function repairsText(repairs: readonly ListedRepair[], total: number, colors: Colors): string {
  if (total === 0) return "nothing is left to repair";
  return [
    tableText([
      ["time", "operation", "key", "state", "why"].map((text) => colors.dim(text)),
      ...repairs.map(
        ({ time, operation, idempotencyKey = "", state, why = "", isDue, attempts }) => {
          const tries = attempts > 0 ? `, tried ${attempts} times` : "";
          const stateText = `${state}${tries}${isDue ? "" : ", under way"}`;
          return [time, operation, idempotencyKey, stateText, why].map(printable);
        },
      ),
    ]),
    ...(total > repairs.length ? [`and ${total - repairs.length} more`] : []),
  ].join("\n");
}
