import { constants } from "node:fs";
import { cp, mkdir, mkdtemp, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionCode } from "./definition.ts";

/** Where functions' code lies for their processes: what /var/task is on Lambda. */
export interface CodeStore {
  /** @returns the directory of a function's own that its code has been put into */
  unpack(functionName: string, code: FunctionCode): Promise<string>;
  close(): Promise<void>;
}

/**
 * A store in a temporary directory. Assets are copied, as Lambda unpacks them, so that nothing of
 * the project around them is found from there: neither its node_modules, which would hide that a
 * package is missing in the bundle, nor its package.json, whose `type` would change the code's.
 *
 * @param asset the path that stands behind an S3 key
 */
export function createCodeStore(asset: (s3Key: string) => string | undefined): CodeStore {
  let root: Promise<string> | undefined;
  const rootDirectory = () =>
    (root ??= mkdtemp(join(tmpdir(), "segue-lambda-")).then((path) => realpath(path)));
  return {
    async unpack(functionName, code) {
      const directory = join(await rootDirectory(), functionName);
      if ("source" in code) {
        await mkdir(directory);
        await writeFile(join(directory, "index.js"), code.source);
        return directory;
      }
      const path = asset(code.s3Key);
      if (path === undefined) throw new Error(`Code: the assembly has no asset ${code.s3Key}`);
      if (!(await stat(path)).isDirectory()) {
        throw new Error(`Code: got the file ${path}, allowed is a directory as asset`);
      }
      const mode = constants.COPYFILE_FICLONE;
      await cp(path, directory, { recursive: true, verbatimSymlinks: true, mode });
      return directory;
    },
    async close() {
      if (root !== undefined) await rm(await root, { recursive: true, force: true });
    },
  };
}
