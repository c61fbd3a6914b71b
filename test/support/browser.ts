import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** Where the machine's browser is, if it has one. */
export const browserPath: string | undefined = (process.env["PATH"] ?? "")
  .split(delimiter)
  .flatMap((folder) => NAMES.map((name) => join(folder, name)))
  .find(isExecutable);

/** Why there is no browser to be had here; `false` where there is. CI always has one. */
export const noBrowser: string | false =
  process.env["CI"] === undefined && browserPath === undefined
    ? `no browser is installed: none of ${NAMES.join(", ")} is on the path`
    : false;

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
