import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { getTsconfig, type TsConfigJsonResolved } from "get-tsconfig";
import { CommandError, explain } from "../errors.ts";

type CompilerOptions = NonNullable<TsConfigJsonResolved["compilerOptions"]>;

/** How a project's modules are written. */
export interface SourceStyle {
  /** `.ts`, or `.mts` where that would not be an ES module. */
  readonly extension: ".ts" | ".mts";
  /** What an import of a neighbour ends with. */
  readonly importSuffix: ".ts" | ".mts" | ".js" | ".mjs";
}

/** What is to be known of a project before files are added to it. */
export interface Project {
  readonly folder: string;
  readonly style: SourceStyle;
  /** The folder of its sources, by its name; empty where they are at the top. */
  readonly sourceFolder: string;
  /** The packages that it depends on, whatever for. */
  readonly packages: ReadonlySet<string>;
}

interface Manifest {
  readonly type?: unknown;
  readonly [dependencies: string]: unknown;
}

/** @throws {CommandError} where there is no project, or none that can be read. */
export function readProject(folder: string): Project {
  const manifest = readManifest(folder);
  return {
    folder,
    style: sourceStyle(manifest.type === "module", compilerOptions(folder)),
    sourceFolder: ["src", "lib"].find((name) => existsSync(join(folder, name))) ?? "",
    packages: new Set(
      ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"].flatMap(
        (group) => Object.keys(manifest[group] ?? {}),
      ),
    ),
  };
}

/**
 * How new modules are to be written. Without a `tsconfig.json` Node itself runs them, and it wants imports
 * as the files are named. With one, a compiler that was not told otherwise wants them as it will have
 * named them.
 *
 * @param options of the compiler; `undefined` where there is no `tsconfig.json`.
 */
export function sourceStyle(isModule: boolean, options: CompilerOptions | undefined): SourceStyle {
  const { allowImportingTsExtensions, rewriteRelativeImportExtensions } = options ?? {};
  const asNamed =
    options === undefined || allowImportingTsExtensions || rewriteRelativeImportExtensions;
  return isModule
    ? { extension: ".ts", importSuffix: asNamed ? ".ts" : ".js" }
    : { extension: ".mts", importSuffix: asNamed ? ".mts" : ".mjs" };
}

function readManifest(folder: string): Manifest {
  const file = join(folder, "package.json");
  if (!existsSync(file)) {
    throw new CommandError(
      `${folder}: no package.json there: run "npm init" first, or name the project's folder`,
    );
  }
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new CommandError(`${file}: ${explain(error)}`);
  }
  if (typeof manifest !== "object" || manifest === null) {
    throw new CommandError(`${file}: it is not an object`);
  }
  return manifest as Manifest;
}

/** Those of the nearest `tsconfig.json`, which is above the project where many projects share one. */
function compilerOptions(folder: string): CompilerOptions | undefined {
  try {
    const tsconfig = getTsconfig(folder);
    return tsconfig === null ? undefined : (tsconfig.config.compilerOptions ?? {});
  } catch (error) {
    throw new CommandError(`the tsconfig.json of ${folder}: ${explain(error)}`);
  }
}
