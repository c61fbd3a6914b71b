import { openDatabase } from "../state/folder.ts";

/**
 * Brings tables to rest that dynalite was making, changing or deleting when its process was killed: it never
 * comes back to them, and has no other way out of these states.
 *
 * @param folder what errors name
 * @throws Error with one line, where the tables are damaged
 */
export async function mendTables(path: string, folder: string): Promise<void> {
  const database = await openDatabase(path, folder);
  try {
    for await (const [key, value] of database.iterator(under("table~"))) {
      const table = JSON.parse(value.toString()) as Record<string, any>;
      if (table["TableStatus"] === "ACTIVE") continue;
      if (table["TableStatus"] === "DELETING") {
        const name: string = table["TableName"];
        for (const part of ["item-", "tag-", "index-local~", "index-global~"]) {
          await database.clear(under(`${part}${name}~`));
        }
        await database.del(key);
        continue;
      }
      table["TableStatus"] = "ACTIVE";
      for (const index of table["GlobalSecondaryIndexes"] ?? []) index.IndexStatus = "ACTIVE";
      await database.put(key, Buffer.from(JSON.stringify(table)));
    }
  } catch (error) {
    throw new Error(`${folder}: its tables can't be read: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    await database.close();
  }
}

const under = (prefix: string) => ({ gte: prefix, lt: `${prefix}\xff` });
