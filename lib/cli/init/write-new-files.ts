import { mkdir, open, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** A file that is to be. */
export interface NewFile {
  /** Within its folder. */
  readonly name: string;
  readonly text: string;
  /** What it is there for, in some words. */
  readonly about: string;
}

/**
 * Writes files that are not there yet, and the folder where it has to: all of them, or none.
 *
 * @throws {Error} with the code `EEXIST` and the `path` of what is there already.
 */
export async function writeNewFiles(folder: string, files: readonly NewFile[]): Promise<void> {
  const firstFolder = await mkdir(folder, { recursive: true });
  const made: string[] = [];
  try {
    for (const { name, text } of files) {
      const path = join(folder, name);
      // Refuses what is there, links too, at the very moment of making it.
      await using file = await open(path, "wx");
      made.push(path);
      await file.writeFile(text);
    }
  } catch (error) {
    await Promise.all(made.map((path) => rm(path, { force: true })));
    if (firstFolder !== undefined) await removeEmptyFolders(resolve(folder), resolve(firstFolder));
    throw error;
  }
}

/** Removes a folder and those that it is in, up to one of them, until one has something in it. */
async function removeEmptyFolders(folder: string, last: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch {
    return;
  }
  if (folder !== last) await removeEmptyFolders(dirname(folder), last);
}
