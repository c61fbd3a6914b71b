import type { OtherRepair, Repair, RepairState, StoredRepair } from "../call/repair.ts";
import type { Mode, Version } from "../mode/mode.ts";
import { cutText, encodeValue } from "./encode.ts";
import { repairKey } from "./keys.ts";

/** A repair as a DynamoDB item. It has no `expiresAt`: it stays until it is done. */
export interface RepairRecord {
  readonly pk: string;
  readonly sk: string;
  readonly id: string;
  readonly migration: string;
  readonly operation: string;
  readonly mode: Mode;
  readonly documentVersion: string;
  readonly requestId: string;
  /** ISO 8601. */
  readonly time: string;
  /** ISO 8601. */
  readonly dueAt: string;
  /** ISO 8601. */
  readonly endedAt?: string;
  readonly primary: Version;
  readonly idempotencyKey?: string;
  readonly subject: string;
  readonly bucket: number;
  /** The arguments as text. */
  readonly arguments: string;
  /** The arguments as `node:v8` serializes them. */
  readonly replay?: Uint8Array;
  readonly state: RepairState;
  readonly why?: string;
  readonly overlapped?: true;
  readonly attempts?: number;
  /** The pass that is at work on it, and until when nobody else is to be, in epoch milliseconds. */
  readonly claim?: string;
  readonly claimedUntil?: number;
  /** A person's look at it. */
  readonly look?: string;
}

/** UTF-8 bytes that are kept. With the replay's they stay below DynamoDB's 400 KB an item. */
const MAX_ARGUMENTS_BYTES = 40_000;
const MAX_WHY_BYTES = 1_000;

/** The largest replay that is stored, in bytes. */
const MAX_REPLAY_BYTES = 300_000;

export function repairRecord(
  repair: Repair,
  state: RepairState,
  why: string | undefined,
): RepairRecord {
  const { time, dueAt, endedAt, idempotencyKey, replay } = repair;
  return {
    ...repairKey(repair),
    id: repair.id,
    migration: repair.migration,
    operation: repair.operation,
    mode: repair.mode,
    documentVersion: repair.documentVersion,
    requestId: repair.requestId,
    time: new Date(time).toISOString(),
    dueAt: new Date(dueAt).toISOString(),
    ...(endedAt !== undefined && { endedAt: new Date(endedAt).toISOString() }),
    primary: repair.primary,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    subject: repair.subject,
    bucket: repair.bucket,
    arguments: encodeValue(repair.arguments, MAX_ARGUMENTS_BYTES).text,
    ...(replay !== undefined && replay.length <= MAX_REPLAY_BYTES && { replay }),
    state,
    ...(why !== undefined && { why: cutWhy(why) }),
  };
}

export function cutWhy(why: string): string {
  return cutText(why, MAX_WHY_BYTES).text;
}

export function storedRepair(record: RepairRecord): StoredRepair {
  const { pk, sk, claim, claimedUntil, look, ...rest } = record;
  return {
    ...rest,
    ...otherRepair(record),
    arguments: argumentsOf(record.arguments),
    replay: record.replay,
    why: record.why,
    attempts: record.attempts ?? 0,
  };
}

/** What of a repair one of the same subject goes by: all that is read where many are. */
export function otherRepair(record: Pick<RepairRecord, keyof OtherRepair>): OtherRepair {
  const {
    id,
    requestId,
    idempotencyKey,
    state,
    time,
    dueAt,
    endedAt,
    primary,
    overlapped = false,
  } = record;
  return {
    id,
    requestId,
    idempotencyKey,
    state,
    time: Date.parse(time),
    dueAt: Date.parse(dueAt),
    endedAt: endedAt === undefined ? undefined : Date.parse(endedAt),
    primary,
    overlapped,
  };
}

/** The readable arguments; a text that was cut is no JSON any more, and stays one text. */
function argumentsOf(text: string): StoredRepair["arguments"] {
  try {
    return JSON.parse(text);
  } catch {
    return [text];
  }
}
