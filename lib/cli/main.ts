import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { CommandError, explain } from "./errors.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { initCommand } from "./init.ts";
import { localCommand } from "./local.ts";
import { mismatchesCommand } from "./mismatches.ts";
import { promoteCommand } from "./promote.ts";
import { rampCommand } from "./ramp.ts";
import { repairCommand } from "./repair.ts";
import { replayCommand } from "./replay.ts";
import { reportCommand } from "./report.ts";
import { rollbackCommand } from "./rollback.ts";
import { statusCommand } from "./status.ts";
import { printable } from "../text/printable.ts";
import { processTerminal } from "./terminal.ts";
import { watchCommand } from "./watch.ts";

const DESCRIPTION =
  "Runs a migration from V1 to V2: tells where it stands, whether it is safe to go on and what differs, " +
  "and goes forward or back.";

const AFTER = `
Credentials, region and profile are the AWS SDK's usual ones. The migration may be
left out where there is one.

Examples:
  segue status                       where the migration stands
  segue promote customer-ids         one mode forward, if the gate lets it
  segue rollback customer-ids --yes  one step back, at once, without a question
  segue mismatches --since 1h        what differs, grouped

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by the gate, 4 rolled back,
5 answered with no, 130 interrupted (a deployment goes on).`;

function program(): Command {
  const commands = [
    statusCommand,
    watchCommand,
    promoteCommand,
    rampCommand,
    rollbackCommand,
    mismatchesCommand,
    replayCommand,
    repairCommand,
    reportCommand,
    localCommand,
    initCommand,
  ];
  const root = new Command("segue")
    .description(DESCRIPTION)
    .version(version(), "-V, --version", "tell the version of middy-segue")
    .helpCommand(false)
    .addHelpText("after", AFTER)
    .configureOutput({
      outputError(text, write) {
        const message = printable(text.trim().replace(/^error: /, ""));
        write(
          `${processTerminal().colors.red("segue:")} ${message} (--help tells what there is)\n`,
        );
      },
    })
    .exitOverride();
  for (const create of commands) root.addCommand(create().copyInheritedSettings(root));
  return root;
}

/** The package's own, of its sources and of what is built from them. */
function version(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

/** Runs the command `segue`; sets the process's exit code, and never rejects. */
export async function main(argv: readonly string[]): Promise<void> {
  // Whoever reads, such as `head`, has had enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(EXIT_CODES.done);
  });
  try {
    await program().parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said it already, be it help or what is wrong.
      process.exitCode = error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
      return;
    }
    const { complain, colors } = processTerminal();
    complain(`${colors.red("segue:")} ${printable(explain(error))}`);
    if (argv.includes("--verbose")) complain(inFull(error));
    process.exitCode = error instanceof CommandError ? error.exitCode : EXIT_CODES.failed;
  }
}

function inFull(error: unknown): string {
  return error instanceof Error ? `${error.stack}\n${JSON.stringify(error)}` : String(error);
}
