import { refuseRange, refuseType } from "../options.ts";
import type { RecordedAt } from "../records/record-store.ts";

/** Records that one request may name. */
export const MAX_RECORDS = 100;

/** A dual write's repair, by what tells where it is. */
export interface RepairAt {
  readonly id: string;
  readonly subject: string;
}

/** A repair, and what the operator function has said of it when the person looked who decides about it. */
export interface RepairSeen extends RepairAt {
  readonly look: string;
}

/**
 * What an operator asks of the operator function. It names what is stored and brings no values, so nothing
 * runs that a caller has not run before.
 */
export type OperatorRequest =
  /** Calls both versions again, now, with the recorded arguments. Dual writes only with `writes`. */
  | {
      readonly action: "replay";
      readonly migration: string;
      readonly records: readonly RecordedAt[];
      readonly writes?: boolean;
    }
  /** Judges the recorded answers by the rules of today, and calls nothing. */
  | {
      readonly action: "judge";
      readonly migration: string;
      readonly records: readonly RecordedAt[];
    }
  /** Notes that a person looks at a repair, so that no decision goes by what is out of date. */
  | { readonly action: "look-at-repair"; readonly migration: string; readonly repair: RepairAt }
  /** Makes a repair that the pass has left to a person. */
  | { readonly action: "run-repair"; readonly migration: string; readonly repair: RepairSeen }
  /** Takes out a repair that a person has settled by hand, which is logged with the reason. */
  | {
      readonly action: "dismiss-repair";
      readonly migration: string;
      readonly repair: RepairSeen;
      readonly reason: string;
    };

const ACTIONS = ["replay", "judge", "look-at-repair", "run-repair", "dismiss-repair"];

/** @throws {TypeError | RangeError} naming what is wrong, what it got and what is allowed. */
export function checkRequest(event: unknown): OperatorRequest {
  const { action, migration, records, writes, repair, reason } = objectOf("event", event);
  if (!ACTIONS.includes(action as string)) refuseRange("action", action, ACTIONS.join(", "));
  checkText("migration", migration);
  if (action === "replay" || action === "judge") {
    checkRecords(records);
    checkYesOrNo("writes", writes);
  } else {
    const { id, subject, look } = objectOf("repair", repair);
    checkText("repair.id", id);
    checkText("repair.subject", subject);
    if (action !== "look-at-repair") checkText("repair.look", look);
    if (action === "dismiss-repair") checkText("reason", reason);
  }
  return event as OperatorRequest;
}

function checkRecords(records: unknown): void {
  if (!Array.isArray(records)) refuseType("records", records, "an array");
  if (records.length > MAX_RECORDS) {
    refuseRange("records", records.length, `at most ${MAX_RECORDS} of them`);
  }
  for (const record of records) {
    const { id, time } = objectOf("records", record);
    checkText("records.id", id);
    checkText("records.time", time);
    if (Number.isNaN(Date.parse(time))) refuseRange("records.time", time, "an ISO 8601 time");
  }
}

function checkYesOrNo(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") refuseType(name, value, "true or false");
}

function objectOf(name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null) refuseType(name, value, "an object");
  return value as Record<string, unknown>;
}

function checkText(name: string, value: unknown): asserts value is string {
  if (typeof value !== "string" || value.trim() === "") refuseType(name, value, "a text");
}
