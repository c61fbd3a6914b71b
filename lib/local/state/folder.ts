import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { deserialize, serialize } from "node:v8";
import { ClassicLevel } from "classic-level";
import type { CloudState } from "./cloud-state.ts";

/** A cloud's state in a folder, which one process at a time may have open. */
export interface StateFolder extends CloudState {
  /** Where DynamoDB has its tables. */
  readonly tables: string;
  /**
   * Writes all that is kept by now, as one, and from then on what changes. Before it nothing is written,
   * so that a start that fails or is cut off leaves the folder as it was.
   *
   * @param identity what is written anew each time that anything is; the next cloud finds it as `identity`
   */
  begin(identity: () => unknown): Promise<void>;
  /** Resolves when everything that is kept by now is written. */
  written(): Promise<void>;
  /** Writes what is left to write, and lets others have the folder. */
  close(): Promise<void>;
}

/** The key of what `begin` is given. */
export const IDENTITY = "identity";

/** Raised when what is kept is no longer understood by what is older, or the reverse. */
const FORMAT = 1;

const CLOUD = "cloud";
const TABLES = "dynamodb";

/** How long a change may wait for others, in milliseconds, where no answer waits for it. */
const WRITE_AFTER_MS = 100;

type Database = ClassicLevel<string, Buffer>;

/**
 * Opens a folder of a cloud's state, or makes one. Each write is one batch of LevelDB's log, so that a
 * process that is killed leaves all of it or nothing.
 *
 * @throws Error with one line that says why it can't be had; then nothing in it has changed
 */
export async function openStateFolder(path: string): Promise<StateFolder> {
  makeFolder(resolve(path));
  // What a desktop or a version control puts into any folder is nobody's state.
  const strange = readdirSync(path).find(
    (name) => ![CLOUD, TABLES].includes(name) && !name.startsWith("."),
  );
  if (strange !== undefined) {
    throw new Error(`${path}: has ${strange} in it, so it's no folder of the local cloud's state`);
  }
  const database = await openDatabase(join(path, CLOUD), path);
  try {
    return folderOf(database, join(path, TABLES), await read(database, path));
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** With those above it. Node's own way tries without end where none can be made, as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have been the first.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/**
 * Opens a database of the folder.
 *
 * @throws Error with one line, where another process has it or it is damaged
 */
export async function openDatabase(location: string, folder: string): Promise<Database> {
  // LevelDB would take it for a new one, and sweep away what is there.
  const files = existsSync(location) ? readdirSync(location) : [];
  if (files.some((name) => /\.(?:ldb|log)$/.test(name)) && !files.includes("CURRENT")) {
    throw damaged(folder, `${location} has no CURRENT`);
  }
  const database: Database = new ClassicLevel(location, { valueEncoding: "buffer" });
  try {
    await database.open();
    return database;
  } catch (error) {
    const { cause = error } = error as Error;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "LEVEL_LOCKED") {
      throw new Error(`${folder}: another local cloud has this state in use`, { cause: error });
    }
    throw damaged(folder, message);
  }
}

const damaged = (folder: string, why: string) =>
  new Error(`${folder}: this state can't be read, use another folder (${why})`);

async function read(database: Database, folder: string): Promise<Map<string, unknown>> {
  const left = new Map<string, unknown>();
  try {
    for await (const [key, value] of database.iterator()) left.set(key, deserialize(value));
  } catch (error) {
    throw damaged(folder, (error as Error).message);
  }
  const format = left.get("format");
  if (left.size > 0 && format === undefined) throw damaged(folder, "its beginning is missing");
  if (format !== undefined && format !== FORMAT) {
    throw new Error(`${folder}: this state is another version's of segue, use another folder`);
  }
  return left;
}

function folderOf(database: Database, tables: string, left: Map<string, unknown>): StateFolder {
  /** By key, what is to be written; `undefined` is to be removed. */
  const changes = new Map<string, (() => unknown) | undefined>();
  let identity: (() => unknown) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const write = async () => {
    if (changes.size === 0) return;
    changes.set(IDENTITY, identity);
    const batch = new Map(changes);
    changes.clear();
    try {
      await database.batch(
        Array.from(batch, ([key, value]) =>
          value === undefined
            ? { type: "del" as const, key }
            : { type: "put" as const, key, value: serialize(value()) },
        ),
      );
    } catch (error) {
      for (const [key, value] of batch) if (!changes.has(key)) changes.set(key, value);
      throw error;
    }
  };
  const written = () => {
    clearTimeout(timer);
    timer = undefined;
    if (identity === undefined) return Promise.resolve();
    // One after the other, also after one that failed: what it had to write is in the next.
    writing = writing.then(write, write);
    return writing;
  };
  const change = (key: string, value: (() => unknown) | undefined) => {
    changes.set(key, value);
    if (identity === undefined) return;
    timer ??= setTimeout(() => {
      written().catch((error: unknown) => {
        console.error(`local cloud: its state can't be written: ${(error as Error).message}`);
      });
    }, WRITE_AFTER_MS);
  };

  return {
    tables,
    left: (key) => left.get(key),
    leftUnder: (prefix) =>
      [...left].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value),
    keep: (key, value) => change(key, value),
    forget: (key) => change(key, undefined),
    async begin(given) {
      identity = given;
      changes.set("format", () => FORMAT);
      await written();
      left.clear();
    },
    written,
    async close() {
      try {
        await written();
      } finally {
        await database.close();
      }
    },
  };
}
