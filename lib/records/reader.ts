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
import { mergeById } from "./merge-by-id.ts";
import { merge } from "./merge.ts";
import type { ComparisonRecord } from "./record.ts";

/** Hours after a record's own in which Lambda may retry its invocation, and leave it there again. */
const RETRIED_WITHIN_HOURS = 7;

/**
 * What is held at once at the most: a page of each hour of a stretch and of those after it, of some
 * shards. More hours a stretch read fewer twice, more shards wait less for DynamoDB. The last 24 hours
 * lie in 25, which are one stretch.
 */
const STRETCH_HOURS = 25;
const SHARDS_AT_ONCE = 4;
const PAGE_RECORDS = 100;

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
  /** Hears after each page how many of all parts have been read to their ends. */
  onProgress?(read: number, all: number): void;
}

/**
 * Reads the comparison records of a span of time, in no order, each once: of those that a retry has left
 * in two hours the later one. Expired records that DynamoDB has not deleted yet are left out. It holds a
 * bounded number of pages, however many records there are.
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
  const hours = hoursOf(query);
  const parts: AsyncGenerator<ComparisonRecord[]>[] = [];
  let read = 0;
  const tell = () => query.onProgress?.(read, parts.length);
  const onRead = () => {
    read++;
    tell();
  };
  for (let at = 0; at < hours.length; at += STRETCH_HOURS) {
    const stretch = hours.slice(at, at + STRETCH_HOURS + RETRIED_WITHIN_HOURS);
    const end = hours[at]! + STRETCH_HOURS * HOUR_MS;
    const partitions = stretch.map((hour) => partitionsOf(query.migration, hour));
    for (let shard = 0; shard < SHARDS; shard++) {
      const ofShard = partitions.map((ofHour) => ofHour[shard]!);
      parts.push(readStretch(query, ofShard, end, onRead));
    }
  }
  for await (const page of merge(parts, SHARDS_AT_ONCE)) {
    yield* page;
    tell();
  }
}

/**
 * The records of one shard in a stretch of hours. All hours are read side by side in the order of the
 * ids, so that what is in two of them comes together, and no id must be remembered. A record's id says
 * its shard, so nothing is twice in two.
 *
 * @param end epoch milliseconds; a record that stands later is the next stretch's.
 */
async function* readStretch(
  query: ComparisonQuery,
  partitions: readonly string[],
  end: number,
  onRead: () => void,
): AsyncGenerator<ComparisonRecord[]> {
  for await (const page of mergeById(partitions.map((pk) => readPages(query, pk)))) {
    yield page.filter(({ time }) => Date.parse(time) < end);
  }
  onRead();
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
      Limit: PAGE_RECORDS,
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
