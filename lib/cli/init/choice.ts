import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { checkMigrationName } from "../../migration-name.ts";
import { askForOne, askForText } from "../ask.ts";
import { CommandError, explain } from "../errors.ts";
import { EXIT_CODES } from "../exit-codes.ts";
import type { Project } from "./project.ts";
import type { Kind } from "./template.ts";

/** What is to be written, and where. */
export interface Choice {
  /** The migration's name. */
  readonly migration: string;
  readonly kind: Kind;
  /** The files' folder, relative to the project's. */
  readonly dir: string;
}

/** What may be given on the command line. */
export interface GivenChoice {
  readonly name?: string;
  readonly kind?: Kind;
  readonly dir?: string;
  readonly yes?: boolean;
}

const KIND_HINTS = [
  { value: "read", hint: "the handler reads" },
  { value: "dual-write", hint: "the handler writes too, to both versions" },
] as const;

/**
 * What is given, and for the rest the defaults or what a person says who is asked.
 *
 * @throws {CommandError} where the name is missing, the folder is not one of the project's, or nobody
 *   answers.
 */
export async function choose(project: Project, given: GivenChoice): Promise<Choice> {
  const { name, kind, dir, yes } = given;
  if (yes && name === undefined) {
    throw new CommandError("a migration has a name: pass --name", EXIT_CODES.usage);
  }
  const migration =
    name ??
    (await askForText("The migration's name, such as customer-ids?", { refuse: whyNotName }));
  const defaultDir = join(project.sourceFolder, migration);
  const refuse = (text: string) => whyNotDir(project.folder, text);
  const choice = {
    migration,
    kind: kind ?? (yes ? "read" : await askForOne("What does the handler do?", KIND_HINTS)),
    dir:
      dir ??
      (yes ? defaultDir : await askForText("The files' folder?", { initial: defaultDir, refuse })),
  };
  const why = refuse(choice.dir);
  if (why !== undefined) throw new CommandError(why, EXIT_CODES.usage);
  return choice;
}

/** Says why a text is no migration's name. */
export function whyNotName(text: string): string | undefined {
  try {
    checkMigrationName("--name", text);
    return undefined;
  } catch (error) {
    return explain(error);
  }
}

function whyNotDir(folder: string, dir: string): string | undefined {
  const inside = relative(resolve(folder), resolve(folder, dir));
  const isOutside = inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside);
  return isOutside ? `--dir: got ${dir}, allowed is a folder within the project` : undefined;
}
