import { Option, type Command } from "commander";
import type { StoredRepair } from "../call/repair.ts";
import { otherVersion } from "../mode/mode.ts";
import { dynamodbRepairs } from "../records/dynamodb-repairs.ts";
import type { RepairReport } from "../repair/pass.ts";
import { askToGoAhead, assertAnswerable } from "./ask.ts";
import { onMigration, runs, segueCommand, type CommandContext } from "./command.ts";
import { CommandError } from "./errors.ts";
import { EXIT_CODES, type ExitCode } from "./exit-codes.ts";
import {
  askOperatorFunction,
  invokeFunction,
  operatorFunction,
  seenRepairOf,
  settledRepairOf,
} from "./invoke.ts";
import { openOperator, type CommonOptions, type Operator } from "./operator.ts";
import { printable } from "../text/printable.ts";
import { passText, repairsText, repairText, type ListedRepair } from "./repair-text.ts";

/** Repairs that are listed; all are counted. */
const MAX_LISTED = 100;

interface RepairOptions extends CommonOptions {
  readonly id?: string;
  readonly run?: boolean;
  readonly dismiss?: string;
  readonly yes?: boolean;
}

/** `segue repair`: the dual writes that are not done by both versions. */
export function repairCommand(): Command {
  return onMigration(
    segueCommand(
      "repair [migration]",
      "list the dual writes that are not done by both versions, run a repair pass now, or settle one of " +
        "those that are left to a person",
      [
        ["segue repair payments", "what is left, and why"],
        ["segue repair payments --run", "asks, then runs the repair function once"],
        ["segue repair payments --id 'b1c2…'", "one of them in full"],
        ["segue repair payments --id 'b1c2…' --run", "asks, then has the secondary do it"],
        ["segue repair payments --id 'b1c2…' --dismiss 'paid back'", "it was settled by hand"],
      ],
    ),
  )
    .option("--id <repair>", "this one alone, whatever kept the repair pass from making it")
    .option("--run", "run the migration's repair function now; with --id, make that repair")
    .addOption(
      new Option(
        "--dismiss <reason>",
        "with --id: take it out, since it is settled; the reason is logged",
      ).conflicts("run"),
    )
    .option("-y, --yes", "do so without asking")
    .action(
      runs(async (context, migration: string | undefined, options: RepairOptions) => {
        const { id, run, dismiss } = options;
        if (dismiss !== undefined && id === undefined) {
          throw new CommandError("--dismiss: say which repair, with --id", EXIT_CODES.usage);
        }
        if (dismiss?.trim() === "") {
          throw new CommandError("--dismiss: say why it is settled", EXIT_CODES.usage);
        }
        const operator = await openOperator(migration, options);
        if (id !== undefined) return settleOne(context, operator, options, id);
        if (run) return runAll(context, operator, options);
        const { repairs, total } = await listRepairs(operator);
        const { terminal } = context;
        terminal.print(
          options.json
            ? JSON.stringify({ total, repairs }, undefined, 2)
            : repairsText(repairs, total, terminal.colors),
        );
        return EXIT_CODES.done;
      }),
    );
}

async function runAll(
  { terminal }: CommandContext,
  operator: Operator,
  options: RepairOptions,
): Promise<ExitCode> {
  const { repair, migration } = operator.parts;
  if (repair === "") {
    throw new CommandError(`${migration} has no repair function: schedule one with scheduleRepair`);
  }
  assertAnswerable(options.yes === true, terminal);
  if (!options.yes && !(await askToGoAhead(`Run ${repair} now?`))) return EXIT_CODES.declined;
  const report = await runPass(operator);
  terminal.print(
    options.json ? JSON.stringify(report, undefined, 2) : passText(report, terminal.colors),
  );
  return EXIT_CODES.done;
}

/** Shows one repair, and does with it what the person has decided, if anything. */
async function settleOne(
  { terminal }: CommandContext,
  operator: Operator,
  { run, dismiss, yes = false, json }: RepairOptions,
  id: string,
): Promise<ExitCode> {
  const { print, colors } = terminal;
  const isDecided = run === true || dismiss !== undefined;
  if (isDecided) {
    operatorFunction(operator.parts);
    assertAnswerable(yes, terminal);
  }
  const found = await findRepair(operator, id);
  // Before what is shown is read, so that what comes after it is noticed.
  const look = isDecided ? await lookAt(operator, found) : undefined;
  const repair = isDecided ? await readAgain(operator, found) : found;
  if (!isDecided || !json) {
    print(json ? JSON.stringify(repair, undefined, 2) : repairText(repair, colors));
  }
  if (look === undefined) return EXIT_CODES.done;
  const secondary = otherVersion(repair.primary);
  const question =
    dismiss === undefined
      ? `Have ${secondary} brought to what ${repair.primary} has of it?`
      : "Take it out, as settled by hand?";
  if (!yes && !(await askToGoAhead(question))) return EXIT_CODES.declined;
  const { migration } = operator.parts;
  const seen = { id, subject: repair.subject, look };
  const settled = settledRepairOf(
    await askOperatorFunction(
      operator,
      dismiss === undefined
        ? { action: "run-repair", migration, repair: seen }
        : { action: "dismiss-repair", migration, repair: seen, reason: dismiss },
    ),
  );
  const { outcome, why } = settled;
  if (json) print(JSON.stringify(settled, undefined, 2));
  else if (outcome === "done") print(colors.green(dismiss === undefined ? "done" : "dismissed"));
  else print(`${colors.red(printable(outcome))}: ${printable(why)}`);
  return outcome === "done" ? EXIT_CODES.done : EXIT_CODES.failed;
}

/** @throws {CommandError} where there is no such repair. */
function findRepair({ parts }: Operator, id: string): Promise<ListedRepair> {
  return pick(parts, id, dynamodbRepairs(() => parts.table).list(parts.migration));
}

/** Reads a repair as it is by now. @throws {CommandError} where it is gone. */
function readAgain({ parts }: Operator, { id, subject }: ListedRepair): Promise<ListedRepair> {
  const { migration, table } = parts;
  return pick(parts, id, dynamodbRepairs(() => table).ofSubject({ migration, subject }));
}

async function pick(
  { migration }: Operator["parts"],
  id: string,
  repairs: AsyncIterable<StoredRepair>,
): Promise<ListedRepair> {
  for await (const repair of repairs) if (repair.id === id) return listed(repair);
  throw gone(migration, id);
}

function gone(migration: string, id: string): CommandError {
  return new CommandError(
    `no repair ${id} any more: "segue repair ${migration}" lists those there are`,
  );
}

/** Has it noted that a person looks at a repair. @throws {CommandError} where it is gone. */
async function lookAt(operator: Operator, { id, subject }: ListedRepair): Promise<string> {
  const { migration } = operator.parts;
  const repair = { id, subject };
  const seen = seenRepairOf(
    await askOperatorFunction(operator, { action: "look-at-repair", migration, repair }),
  );
  if (seen.outcome === "gone") throw gone(migration, id);
  return seen.look;
}

function listed({ replay: _bytes, time, dueAt, ...told }: StoredRepair): ListedRepair {
  // A record that somebody has spoilt must not keep the others from being told.
  const known = Number.isNaN(time) ? "unknown" : new Date(time).toISOString();
  // As the repair pass has it.
  return { ...told, time: known, isDue: !(dueAt > Date.now()) };
}

async function listRepairs({
  parts,
}: Operator): Promise<{ repairs: ListedRepair[]; total: number }> {
  const repairs: ListedRepair[] = [];
  let total = 0;
  for await (const repair of dynamodbRepairs(() => parts.table).list(parts.migration)) {
    total++;
    if (repairs.length < MAX_LISTED) repairs.push(listed(repair));
  }
  return { repairs: repairs.toSorted((a, b) => a.time.localeCompare(b.time)), total };
}

/** Runs the repair function once, which is what its schedule does. */
async function runPass({ parts, lambda }: Operator): Promise<RepairReport> {
  const answer = await invokeFunction(lambda, parts.repair, {});
  const report = (answer as RepairReport[]).find(({ migration }) => migration === parts.migration);
  if (report === undefined) {
    throw new CommandError(`${parts.repair} does not repair ${parts.migration}`);
  }
  return report;
}
