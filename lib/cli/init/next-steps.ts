import { posix, sep } from "node:path";
import { printable } from "../../text/printable.ts";
import { tableText } from "../table.ts";
import type { Colors } from "../terminal.ts";
import type { Choice } from "./choice.ts";
import { namesOf } from "./names.ts";
import type { Project } from "./project.ts";
import type { NewFile } from "./write-new-files.ts";

/** What the files import, at run time and otherwise, and what bundles them. */
const RUNTIME_PACKAGES = ["middy-segue", "@middy/core"];
const DEVELOPMENT_PACKAGES = [
  "@types/aws-lambda",
  "@types/node",
  "aws-cdk-lib",
  "constructs",
  "esbuild",
];

/** Tells what was written, and what to do next. */
export function nextStepsText(
  { migration, kind, dir }: Choice,
  files: readonly NewFile[],
  { packages, style: { extension, importSuffix } }: Project,
  colors: Colors,
): string {
  const at = (name: string) => printable(posix.join(dir.replaceAll(sep, "/"), name));
  const { type } = namesOf(migration);
  // Node runs TypeScript as it is, but knows no file by the name that a compiler will have given it.
  const needsTsx = extension !== importSuffix;
  const functions = kind === "read" ? "{ fn }" : "{ fn, repair }";
  const steps = [
    ...installLines(packages, needsTsx ? ["tsx"] : []).map((line) => ["install", line] as const),
    ["test", `${needsTsx ? "npx tsx" : "node"} --test ${quoted(at(`handler.test${extension}`))}`],
    ["add to your stack", `new ${type}Migration(this, "${type}Migration", ${functions})`],
    ["try it here", "npx cdk synth && npx segue local"],
    ["deploy", "npx cdk deploy"],
    ["go to shadow", `npx segue promote ${migration}`],
  ] as const;
  return [
    "Written:",
    "",
    tableText(files.map(({ name, about }) => [at(name), about])),
    "",
    "Your own calls go into v1 and v2, your own handler into handler. Then:",
    "",
    tableText(steps.map(([what, line]) => [what, colors.bold(line)])),
  ].join("\n");
}

/** The lines that install what a project lacks. */
function installLines(packages: ReadonlySet<string>, runners: readonly string[]): string[] {
  const line = (command: string, names: readonly string[]) => {
    const missing = names.filter((name) => !packages.has(name));
    return missing.length === 0 ? [] : [`${command} ${missing.join(" ")}`];
  };
  return [
    ...line("npm install", RUNTIME_PACKAGES),
    ...line("npm install --save-dev", [...DEVELOPMENT_PACKAGES, ...runners]),
  ];
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
