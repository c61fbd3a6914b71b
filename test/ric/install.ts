import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
/** The client's own manifest and lock file, apart from the project's. */
const pinned = join(import.meta.dirname, "client");
const cache = join(root, "node_modules/.cache/segue-ric");
const client = join(cache, "node_modules/aws-lambda-ric");
const entry = join(client, "index.mjs");
const files = ["package.json", "package-lock.json"];

/** What its build wants, with Debian's names for it. */
const tools = { cmake: "cmake", "g++": "g++", make: "make", xz: "xz-utils", python3: "python3" };

/**
 * Installs AWS's runtime client, unless that version is there already.
 *
 * @returns the file that functions' processes run
 * @throws Error that says what is missing
 */
export function installClient(): string {
  const installed = installedClient();
  if (installed !== undefined) return installed;
  if (process.platform !== "linux") {
    throw new Error(`aws-lambda-ric is built on Linux only, this is ${process.platform}`);
  }
  const missing = Object.entries(tools).filter(([tool]) => !isThere(tool));
  if (missing.length > 0) {
    const packages = missing.map(([, debian]) => debian).join(" ");
    throw new Error(`aws-lambda-ric can't be built here. On Debian: apt-get install ${packages}`);
  }
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  for (const file of files) copyFileSync(join(pinned, file), join(cache, file));
  const { status, error } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: cache,
    stdio: "inherit",
    env: { ...process.env, ...headers() },
  });
  if (status !== 0 || !isInstalled()) {
    // What is half there must not pass for the whole next time.
    rmSync(cache, { recursive: true, force: true });
    throw new Error("aws-lambda-ric could not be installed", { cause: error });
  }
  return entry;
}

/** The same file, where that version is there already. */
export function installedClient(): string | undefined {
  return isInstalled() ? entry : undefined;
}

function isInstalled(): boolean {
  const isSame = (file: string) => {
    const installed = join(cache, file);
    if (!existsSync(installed)) return false;
    return readFileSync(installed).equals(readFileSync(join(pinned, file)));
  };
  return files.every(isSame) && existsSync(join(client, "rapid-client.node"));
}

function isThere(tool: string): boolean {
  return spawnSync(tool, ["--version"], { stdio: "ignore" }).status === 0;
}

/** Node's C headers, which come with the project's own Node: else node-gyp fetches them. */
function headers(): Record<string, string> {
  const { arch } = process;
  const folder = join(root, `node_modules/node/node_modules/node-linux-${arch}`);
  return existsSync(join(folder, "include/node")) ? { npm_config_nodedir: folder } : {};
}
