import type { StoredRepair } from "../../lib/call/repair.ts";

let number = 0;

/** A dual write that is not done and due, but for what the test says otherwise. */
export function repairOf(given: Partial<StoredRepair> = {}): StoredRepair {
  const now = Date.now();
  return {
    id: `request-1#put#0#${number++}`,
    migration: "things",
    operation: "put",
    mode: "shadow",
    documentVersion: "3",
    requestId: "request-1",
    time: now - 120_000,
    dueAt: now - 1,
    endedAt: (given.time ?? now - 120_000) + 50,
    primary: "v1",
    idempotencyKey: "key-1",
    subject: "subject-1",
    bucket: 12.5,
    arguments: ["a", 1],
    replay: undefined,
    state: "intended",
    why: undefined,
    overlapped: false,
    attempts: 0,
    ...given,
  };
}
