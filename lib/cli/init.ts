import { join } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { assertAnswerable } from "./ask.ts";
import { runs, segueCommand } from "./command.ts";
import { CommandError, explain } from "./errors.ts";
import { EXIT_CODES } from "./exit-codes.ts";
import { choose, whyNotName, type GivenChoice } from "./init/choice.ts";
import { migrationFiles } from "./init/new-files.ts";
import { nextStepsText } from "./init/next-steps.ts";
import { readProject } from "./init/project.ts";
import { KINDS } from "./init/template.ts";
import { writeNewFiles } from "./init/write-new-files.ts";

/** `segue init`: a first migration, as new files of a project that is there. */
export function initCommand(): Command {
  return segueCommand(
    "init [folder]",
    "write a first migration into an existing project, as new files that compile",
    [
      ["segue init", "ask, and write into the project that is here"],
      ["segue init --name customer-ids --yes", "a migration of reads, without a question"],
      ["segue init pay --name payments --kind dual-write --yes", "writes too, to both versions"],
    ],
  )
    .option("--name <name>", "the migration's name, such as customer-ids", nameOf)
    .addOption(new Option("--kind <kind>", "what the handler does (default: read)").choices(KINDS))
    .option("--dir <dir>", "the files' folder in the project (default: the name, in src or lib)")
    .option("--yes", "don't ask: what is not given has its default")
    .action(
      runs(async ({ terminal }, folder = ".", given: GivenChoice) => {
        assertAnswerable(given.yes === true, terminal);
        const project = readProject(folder);
        const choice = await choose(project, given);
        const files = migrationFiles(choice, project.style);
        await writeNewFiles(join(folder, choice.dir), files).catch(explainUnwritten);
        terminal.print(nextStepsText(choice, files, project, terminal.colors));
        return EXIT_CODES.done;
      }),
    );
}

function nameOf(text: string): string {
  const why = whyNotName(text);
  if (why !== undefined) throw new InvalidArgumentError(why);
  return text;
}

function explainUnwritten(error: NodeJS.ErrnoException): never {
  const why = error.code === "EEXIST" ? `${error.path} is there already` : explain(error);
  throw new CommandError(`${why}; nothing was written`, EXIT_CODES.failed, { cause: error });
}
