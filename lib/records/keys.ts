import { hash } from "node:crypto";

/**
 * The table's keys. Records lie in partitions by migration, hour and shard: DynamoDB writes at most
 * 1,000 units a second to a partition, and a reader of an hour must know where to look.
 */

/** The table's attribute names. */
export const PARTITION_KEY = "pk";
export const SORT_KEY = "sk";
export const TTL_ATTRIBUTE = "expiresAt";

/** Partitions an hour of a migration is spread over. */
export const SHARDS = 16;

export const HOUR_MS = 3_600_000;

/** The hour of a time in epoch milliseconds, such as `2026-01-31T23`. */
function hourOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 13);
}

function partition(migration: string, timeMs: number, shard: number): string {
  return `${migration}#comparison#${hourOf(timeMs)}#${shard}`;
}

/** Every partition that an hour's comparisons may lie in. */
export function comparisonPartitions(migration: string, timeMs: number): string[] {
  return Array.from({ length: SHARDS }, (_, shard) => partition(migration, timeMs, shard));
}

/** What a record's key is made from. */
export interface ComparisonIdentity {
  readonly migration: string;
  readonly requestId: string;
  readonly operation: string;
  readonly sequence: number;
  /** Epoch milliseconds. */
  readonly time: number;
}

/**
 * A comparison's id. It has neither time nor chance in it, so a record that is written twice is one
 * record, and so is one of an invocation that Lambda retries within the hour.
 */
export function comparisonId({ requestId, operation, sequence }: ComparisonIdentity): string {
  return `${requestId}#${operation}#${sequence}`;
}

export function comparisonKey(identity: ComparisonIdentity): { pk: string; sk: string } {
  const id = comparisonId(identity);
  const shard = hash("sha256", id, "buffer").readUInt32BE(0) % SHARDS;
  return { pk: partition(identity.migration, identity.time, shard), sk: id };
}
