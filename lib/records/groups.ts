import type { ComparisonRecord } from "./record.ts";

/** Records that went wrong the same way. */
export interface SignatureGroup {
  readonly operation: string;
  readonly outcome: ComparisonRecord["outcome"];
  readonly signature: string;
  /** Calls that the records stand for, those that the cap left out included. */
  readonly weight: number;
  readonly records: number;
  /** ISO 8601. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** The newest of them. */
  readonly example: ComparisonRecord;
}

/** Groups records by operation, outcome and signature, the heaviest group first. */
export async function groupBySignature(
  records: AsyncIterable<ComparisonRecord> | Iterable<ComparisonRecord>,
): Promise<SignatureGroup[]> {
  const groups = new Map<string, SignatureGroup>();
  for await (const record of records) {
    const { operation, outcome, signature, weight, leftOut = 0, time } = record;
    const name = JSON.stringify([operation, outcome, signature]);
    const group = groups.get(name);
    groups.set(name, {
      operation,
      outcome,
      signature,
      weight: (group?.weight ?? 0) + weight + leftOut,
      records: (group?.records ?? 0) + 1,
      firstSeen: group !== undefined && group.firstSeen < time ? group.firstSeen : time,
      lastSeen: group !== undefined && group.lastSeen > time ? group.lastSeen : time,
      example: group !== undefined && group.lastSeen > time ? group.example : record,
    });
  }
  return [...groups.values()].toSorted((a, b) => b.weight - a.weight);
}
