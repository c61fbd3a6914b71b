import { paginateQuery, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { calibrationPartitions, comparisonPartitions, HOUR_MS, PARTITION_KEY } from "./keys.ts";
import type { ComparisonRecord } from "./record.ts";

/** Partitions that are read side by side. */
const CONCURRENCY = 16;

/** Which records to read. */
export interface ComparisonQuery {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly migration: string;
  /** Epoch milliseconds, included. */
  readonly from: number;
  /** Epoch milliseconds, included. */
  readonly to: number;
}

/**
 * Reads the comparison records of a span of time, in no order, each once. Expired records that DynamoDB
 * has not deleted yet are left out.
 */
export function readComparisons(query: ComparisonQuery): AsyncGenerator<ComparisonRecord> {
  return readRecords(comparisonPartitions, query);
}

/** Reads the records of noisy calibrations in the same way. */
export function readCalibrations(query: ComparisonQuery): AsyncGenerator<ComparisonRecord> {
  return readRecords(calibrationPartitions, query);
}

async function* readRecords(
  partitionsOf: typeof comparisonPartitions,
  query: ComparisonQuery,
): AsyncGenerator<ComparisonRecord> {
  const partitions: string[] = [];
  const firstHour = Math.floor(query.from / HOUR_MS) * HOUR_MS;
  for (let hour = firstHour; hour <= query.to; hour += HOUR_MS) {
    partitions.push(...partitionsOf(query.migration, hour));
  }
  // An invocation that Lambda retried in another hour has left the same record twice.
  const seen = new Set<string>();
  for (let at = 0; at < partitions.length; at += CONCURRENCY) {
    const batch = partitions.slice(at, at + CONCURRENCY);
    for (const records of await Promise.all(batch.map((pk) => readPartition(query, pk)))) {
      for (const record of records) {
        if (seen.has(record.sk)) continue;
        seen.add(record.sk);
        yield record;
      }
    }
  }
}

async function readPartition(query: ComparisonQuery, pk: string): Promise<ComparisonRecord[]> {
  const { client, table, from, to } = query;
  const pages = paginateQuery(
    { client },
    {
      TableName: table,
      KeyConditionExpression: "#pk = :pk",
      ExpressionAttributeNames: { "#pk": PARTITION_KEY },
      ExpressionAttributeValues: { ":pk": { S: pk } },
    },
  );
  const records: ComparisonRecord[] = [];
  for await (const { Items = [] } of pages) {
    for (const item of Items) {
      const record = unmarshall(item) as ComparisonRecord;
      const time = Date.parse(record.time);
      if (time >= from && time <= to && record.expiresAt * 1000 > Date.now()) records.push(record);
    }
  }
  return records;
}
