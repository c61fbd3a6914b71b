import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { defineMigration } from "../../lib/index.ts";

/** A dependency on real tables: entries that are only ever added, and limits that are overwritten. */
export interface Ledger {
  /** Adds an entry to an account. */
  add(account: string, entry: string, amount: number): Promise<void>;
  /** Sets an account's limit. */
  limit(account: string, amount: number): Promise<void>;
  item(id: string): Promise<number | undefined>;
}

const LIMIT = "limit";

class LedgerTable implements Ledger {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  add(account: string, entry: string, amount: number): Promise<void> {
    return this.#put(`${account}/${entry}`, amount);
  }

  limit(account: string, amount: number): Promise<void> {
    return this.#put(`${account}/${LIMIT}`, amount);
  }

  async item(id: string): Promise<number | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, ConsistentRead: true, Key: { id: { S: id } } }),
    );
    return Item === undefined ? undefined : Number(Item["amount"]!.N);
  }

  async #put(id: string, amount: number): Promise<void> {
    const Item = { id: { S: id }, amount: { N: String(amount) } };
    await this.#client.send(new PutItemCommand({ TableName: this.#table, Item }));
  }
}

export const VERSIONS = { v1: "ledger-v1", v2: "ledger-v2" } as const;

export function ledgerMigration() {
  const client = new DynamoDBClient();
  return defineMigration<Ledger>({
    name: "ledger",
    v1: () => new LedgerTable(client, VERSIONS.v1),
    v2: () => new LedgerTable(client, VERSIONS.v2),
    operations: {
      add: {
        kind: "write",
        dual: true,
        key: (account) => account,
        idempotencyKey: (account, entry) => `${account}/${entry}`,
        reconcile: async (primary, secondary, { arguments: args }) => {
          const [account, entry] = args!;
          const amount = await primary.item(`${account}/${entry}`);
          if (amount !== undefined) await secondary.add(account, entry, amount);
        },
      },
      limit: {
        kind: "write",
        dual: true,
        key: (account) => account,
        idempotencyKey: (account, amount) => `${account}=${amount}`,
        reconcile: async (primary, secondary, { arguments: args }) => {
          const [account] = args!;
          const amount = await primary.item(`${account}/${LIMIT}`);
          if (amount !== undefined) await secondary.limit(account, amount);
        },
      },
      item: { kind: "read", key: (id) => id.split("/")[0]! },
    },
  });
}
