import type { NewFile } from "./write-new-files.ts";
import { namesOf } from "./names.ts";
import type { SourceStyle } from "./project.ts";
import type { Kind, Template } from "./template.ts";
import { constructTemplate } from "./templates/construct.ts";
import { handlerTemplate } from "./templates/handler.ts";
import { handlerTestTemplate } from "./templates/handler-test.ts";
import { migrationTemplate } from "./templates/migration.ts";
import { repairHandlerTemplate } from "./templates/repair-handler.ts";
import { versionTemplate } from "./templates/version.ts";

const READ_FILES: readonly [name: string, template: Template, about: string][] = [
  ["migration", migrationTemplate, "the dependency's interface, and its migration"],
  ["v1", versionTemplate("V1"), "V1: what the function uses today"],
  ["v2", versionTemplate("V2"), "V2: its successor"],
  ["handler", handlerTemplate, "the handler, with the migration around it"],
  ["handler.test", handlerTestTemplate, "its test, in all four modes"],
  ["construct", constructTemplate, "the cloud side, for your CDK app"],
];

const FILES: Readonly<Record<Kind, typeof READ_FILES>> = {
  read: READ_FILES,
  "dual-write": [
    ...READ_FILES,
    ["repair-handler", repairHandlerTemplate, "takes up writes that only one version has"],
  ],
};

/** The files of a first migration. */
export function migrationFiles(
  { migration, kind }: { readonly migration: string; readonly kind: Kind },
  { extension, importSuffix }: SourceStyle,
): NewFile[] {
  const input = { ...namesOf(migration), writes: kind === "dual-write", importSuffix };
  return FILES[kind].map(([name, template, about]) => ({
    name: `${name}${extension}`,
    text: template(input),
    about,
  }));
}
