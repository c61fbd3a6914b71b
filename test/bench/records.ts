/**
 * How many records a second the writer brings into a table, against calls of `BatchWriteItem` alone. All
 * write the same items in batches of 25, all batches of a round at once. The raw calls get records that
 * are made already, but as plain objects: the table speaks attribute values, so whoever writes marshalls.
 * Turning comparisons into records is the writer's own work.
 *
 * The peer is the AWS SDK's client as it comes. The writer's goes without the SDK's logger, which copies
 * every item; so do the raw calls "without the logger", which are there to tell the two apart.
 *
 * The table is the local cloud's, in a process of its own. It is slower than its clients, as DynamoDB
 * behind a network is, and most of a round is spent waiting; what a record costs the function that writes
 * it is the CPU time. All go in turns, in an order shuffled anew every round; medians of the rounds.
 *
 *     node test/bench/records.ts [--json]
 *
 * With --json one object a line: `name`, `value`, `unit`, `bar` (the value must be as much), `peer`.
 * Exits 1 when a bar is missed.
 */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { BatchWriteItemCommand, DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { dynamodbWriter } from "../../lib/records/dynamodb-writer.ts";
import { comparisonOf } from "../support/comparison.ts";
import { median, report, shuffled } from "../support/figures.ts";
import { TABLE } from "../support/records-table.ts";

const ROUNDS = 100;
const WARM_UP_ROUNDS = 10;
/** Of one write: eight batches. */
const RECORDS = 200;
const MAX_BATCH = 25;
const MIN_THROUGHPUT = 0.9;

/** About 1 KB as JSON. */
function customer(id: string, status: string) {
  return {
    id,
    name: `Name of ${id}`,
    status,
    payments: Array.from({ length: 8 }, (_, index) => ({
      id: `payment-${index}`,
      amount: { value: index * 12.5, currency: "EUR" },
      at: "2026-01-01T00:00:00Z",
      tags: ["pending", `batch-${index}`],
    })),
  };
}

const comparisons = Array.from({ length: RECORDS }, (_, index) => {
  const id = `customer-${index}`;
  const [v1, v2] = ["active", "pending"] as const;
  return comparisonOf({
    requestId: crypto.randomUUID(),
    sequence: index,
    v1: { status: "answered", durationMs: 12.345, value: customer(id, v1) },
    v2: { status: "answered", durationMs: 23.456, value: customer(id, v2) },
    arguments: [id],
    differences: [{ path: "$.status", kind: "value", v1, v2 }],
    signature: "$.status value",
  });
});

interface Subject {
  readonly name: string;
  /** Writes all records. */
  write(): Promise<void>;
}

function throughTheWriter(): Subject {
  const writer = dynamodbWriter({ table: TABLE, retentionDays: 30 });
  return {
    name: "the writer",
    async write() {
      assert.deepEqual(await writer.write(comparisons, AbortSignal.timeout(60_000)), []);
    },
  };
}

function raw(
  name: string,
  client: DynamoDBClient,
  records: readonly Record<string, unknown>[],
): Subject {
  async function writeBatch(batch: typeof records) {
    const requests = batch.map((record) => ({ PutRequest: { Item: marshall(record) } }));
    const command = new BatchWriteItemCommand({ RequestItems: { [TABLE]: requests } });
    const { UnprocessedItems } = await client.send(command);
    assert.deepEqual(UnprocessedItems ?? {}, {});
  }
  return {
    name,
    async write() {
      const batches: Promise<void>[] = [];
      for (let at = 0; at < records.length; at += MAX_BATCH) {
        batches.push(writeBatch(records.slice(at, at + MAX_BATCH)));
      }
      await Promise.all(batches);
    },
  };
}

async function recordsIn(client: DynamoDBClient): Promise<Record<string, unknown>[]> {
  const records: Record<string, unknown>[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { TableName: TABLE })) {
    records.push(...Items.map((item) => unmarshall(item)));
  }
  return records;
}

const server = fork(join(import.meta.dirname, "..", "support", "records-table-server.ts"));
try {
  const [environment] = (await once(server, "message")) as [NodeJS.ProcessEnv];
  Object.assign(process.env, environment);
  const [client, silentClient] = [new DynamoDBClient(), new DynamoDBClient()];
  silentClient.middlewareStack.remove("loggerMiddleware");
  const writer = throughTheWriter();
  await writer.write();
  const records = await recordsIn(client);
  assert.equal(records.length, RECORDS);
  const peer = raw("BatchWriteItem", client, records);
  const silentPeer = raw("BatchWriteItem without the logger", silentClient, records);
  const subjects = [writer, peer, silentPeer];

  const rounds = new Map(
    subjects.map(({ name }) => [name, { ms: [] as number[], cpuUs: [] as number[] }]),
  );
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const { name, write } of shuffled(subjects)) {
      const startedAt = performance.now();
      const cpu = process.cpuUsage();
      await write();
      const { user, system } = process.cpuUsage(cpu);
      if (round < 0) continue;
      rounds.get(name)!.ms.push(performance.now() - startedAt);
      rounds.get(name)!.cpuUs.push(user + system);
    }
  }
  assert.deepEqual(await recordsIn(client), records, "all write the same items");
  for (const each of [client, silentClient]) each.destroy();

  const perSecond = ({ name }: Subject) => (RECORDS / median(rounds.get(name)!.ms)) * 1_000;
  report(
    [
      ...subjects.map((subject) => ({
        name: subject.name,
        value: perSecond(subject),
        unit: "records/s",
      })),
      ...subjects.map(({ name }) => ({
        name: `${name}, CPU time`,
        value: median(rounds.get(name)!.cpuUs) / RECORDS,
        unit: "µs/record",
      })),
      ...[peer, silentPeer].map((other) => ({
        name: "records per second",
        value: perSecond(writer) / perSecond(other),
        unit: "x",
        bar: other === peer ? MIN_THROUGHPUT : undefined,
        peer: other.name,
      })),
    ],
    (value, bar) => value >= bar,
  );
} finally {
  server.kill();
}
