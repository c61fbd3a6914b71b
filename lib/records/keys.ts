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

type RecordKind = "comparison" | "calibration";

function partition(kind: RecordKind, migration: string, timeMs: number, shard: number): string {
  return `${migration}#${kind}#${hourOf(timeMs)}#${shard}`;
}

/** Every partition that an hour's comparisons may lie in. */
export function comparisonPartitions(migration: string, timeMs: number): string[] {
  return partitions("comparison", migration, timeMs);
}

/** The partition of the comparison of an hour that has an id. */
export function comparisonPartition(migration: string, timeMs: number, id: string): string {
  return partition("comparison", migration, timeMs, shardOf(id));
}

/** Every partition that an hour's calibrations may lie in. */
export function calibrationPartitions(migration: string, timeMs: number): string[] {
  return partitions("calibration", migration, timeMs);
}

function partitions(kind: RecordKind, migration: string, timeMs: number): string[] {
  return Array.from({ length: SHARDS }, (_, shard) => partition(kind, migration, timeMs, shard));
}

/** A record's key in the table. */
export interface RecordKey {
  readonly pk: string;
  readonly sk: string;
}

/** What a comparison's key is made from. */
export interface ComparisonIdentity {
  readonly migration: string;
  readonly requestId: string;
  readonly operation: string;
  readonly sequence: number;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly calibration?: boolean;
}

/**
 * A comparison's id. It has neither time nor chance in it, so a record that is written twice is one
 * record, and so is one of an invocation that Lambda retries within the hour.
 */
export function comparisonId(identity: ComparisonIdentity): string {
  const { requestId, operation, sequence, calibration } = identity;
  // Calibrations are numbered apart, so the number alone could be a comparison's as well.
  return `${requestId}#${operation}#${sequence}${calibration ? "#calibration" : ""}`;
}

export function comparisonKey(identity: ComparisonIdentity): RecordKey {
  const id = comparisonId(identity);
  const kind = identity.calibration ? "calibration" : "comparison";
  return { pk: partition(kind, identity.migration, identity.time, shardOf(id)), sk: id };
}

/** What a repair's key is made from. */
export interface RepairIdentity {
  readonly migration: string;
  readonly subject: string;
  readonly id: string;
}

/** Repairs have no hour: whoever looks for them wants all there are. Those of one subject lie together. */
export function repairKey({ migration, subject, id }: RepairIdentity): RecordKey {
  return { pk: repairPartition(migration, shardOf(subject)), sk: `${repairSubject(subject)}${id}` };
}

/** How the sort keys of a subject's repairs begin. */
export function repairSubject(subject: string): string {
  return `${subject}#`;
}

/** Every partition that a migration's repairs may lie in. */
export function repairPartitions(migration: string): string[] {
  return Array.from({ length: SHARDS }, (_, shard) => repairPartition(migration, shard));
}

function repairPartition(migration: string, shard: number): string {
  return `${migration}#repair#${shard}`;
}

function shardOf(id: string): number {
  return hash("sha256", id, "buffer").readUInt32BE(0) % SHARDS;
}
