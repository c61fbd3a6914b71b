import { paginateQuery, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import {
  calibrationPartitions,
  comparisonPartition,
  comparisonPartitions,
  HOUR_MS,
  PARTITION_KEY,
  SHARDS,
  SORT_KEY,
} from "./keys.ts";
import { merge } from "./merge.ts";
import type { ComparisonRecord } from "./record.ts";

/** Hours within which Lambda may retry an invocation, so that the same record lies in two of them. */
const RETRIED_WITHIN_HOURS = 7;

/** Hours that are looked through side by side for one record. */
const HOURS_AT_ONCE = 16;

/** Which records to read. */
export interface ComparisonQuery {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly migration: string;
  /** Epoch milliseconds, included. */
  readonly from: number;
  /** Epoch milliseconds, included. */
  readonly to: number;
  /** Hears after each partition how many of all have been read. */
  onProgress?(read: number, all: number): void;
}

/**
 * Reads the comparison records of a span of time, in no order, each once. Expired records that DynamoDB
 * has not deleted yet are left out. It holds a page of each shard, and the ids of some hours.
 */
export function readComparisons(query: ComparisonQuery): AsyncGenerator<ComparisonRecord> {
  return readRecords(comparisonPartitions, query);
}

/** Reads the records of noisy calibrations in the same way. */
export function readCalibrations(query: ComparisonQuery): AsyncGenerator<ComparisonRecord> {
  return readRecords(calibrationPartitions, query);
}

/**
 * Looks for one comparison's record by its id, the latest hours first.
 *
 * @returns `undefined` where there is none in the span of time.
 */
export async function readComparison(
  query: ComparisonQuery,
  id: string,
): Promise<ComparisonRecord | undefined> {
  const partitions = hoursOf(query)
    .toReversed()
    .map((hour) => comparisonPartition(query.migration, hour, id));
  for (let at = 0; at < partitions.length; at += HOURS_AT_ONCE) {
    const batch = partitions.slice(at, at + HOURS_AT_ONCE);
    const found = await Promise.all(batch.map((pk) => readOne(query, pk, id)));
    const record = found.find((one) => one !== undefined);
    if (record !== undefined) return record;
  }
  return undefined;
}

async function readOne(
  query: ComparisonQuery,
  pk: string,
  sk: string,
): Promise<ComparisonRecord | undefined> {
  for await (const [record] of readPages(query, pk, sk)) if (record !== undefined) return record;
  return undefined;
}

async function* readRecords(
  partitionsOf: typeof comparisonPartitions,
  query: ComparisonQuery,
): AsyncGenerator<ComparisonRecord> {
  const hours = hoursOf(query).map((hour) => partitionsOf(query.migration, hour));
  let read = 0;
  const onPartition = () => query.onProgress?.(++read, hours.length * SHARDS);
  const shards = Array.from({ length: SHARDS }, (_, shard) =>
    readShard(
      query,
      hours.map((partitions) => partitions[shard]!),
      onPartition,
    ),
  );
  for await (const page of merge(shards)) yield* page;
}

/** The pages of one shard, hour by hour. A record's id says its shard, so nothing is twice in two. */
async function* readShard(
  query: ComparisonQuery,
  partitions: readonly string[],
  onPartition: () => void,
): AsyncGenerator<ComparisonRecord[]> {
  let recent: ReadonlySet<string>[] = [];
  for (const pk of partitions) {
    const ids = new Set<string>();
    for await (const page of readPages(query, pk)) {
      for (const { sk } of page) ids.add(sk);
      yield page.filter(({ sk }) => !recent.some((known) => known.has(sk)));
    }
    recent = [ids, ...recent].slice(0, RETRIED_WITHIN_HOURS);
    onPartition();
  }
}

function hoursOf({ from, to }: ComparisonQuery): number[] {
  const hours: number[] = [];
  for (let hour = Math.floor(from / HOUR_MS) * HOUR_MS; hour <= to; hour += HOUR_MS) {
    hours.push(hour);
  }
  return hours;
}

async function* readPages(
  { client, table, from, to }: ComparisonQuery,
  pk: string,
  sk?: string,
): AsyncGenerator<ComparisonRecord[]> {
  const pages = paginateQuery(
    { client },
    {
      TableName: table,
      KeyConditionExpression: sk === undefined ? "#pk = :pk" : "#pk = :pk AND #sk = :sk",
      ExpressionAttributeNames: {
        "#pk": PARTITION_KEY,
        ...(sk !== undefined && { "#sk": SORT_KEY }),
      },
      ExpressionAttributeValues: {
        ":pk": { S: pk },
        ...(sk !== undefined && { ":sk": { S: sk } }),
      },
    },
  );
  for await (const { Items = [] } of pages) {
    const records = Items.map((item) => unmarshall(item) as ComparisonRecord);
    yield records.filter((record) => {
      const time = Date.parse(record.time);
      return time >= from && time <= to && record.expiresAt * 1000 > Date.now();
    });
  }
}
