import type { ComparisonRecord } from "./record.ts";

/** Groups that are held at the most; there may be as many signatures as keys in the answers. */
export const MAX_GROUPS = 2_000;

/** What is kept of a group's example, so that a group is small however large its records are. */
const MAX_EXAMPLE_DIFFERENCES = 10;
const MAX_EXAMPLE_ARGUMENTS = 1_000;

/** The gist of a record: no answers, the first differences, the beginning of the arguments. */
export type Example = Pick<
  ComparisonRecord,
  | "sk"
  | "requestId"
  | "time"
  | "mode"
  | "documentVersion"
  | "primary"
  | "reason"
  | "arguments"
  | "differences"
>;

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
  readonly example: Example;
}

/** Groups records by operation, outcome and signature, in memory that does not grow with the records. */
export class SignatureGroups {
  readonly #groups = new Map<string, SignatureGroup>();
  #ungrouped = 0;

  add(record: ComparisonRecord): void {
    const { operation, outcome, signature, weight, leftOut = 0, time } = record;
    const name = JSON.stringify([operation, outcome, signature]);
    const group = this.#groups.get(name);
    if (group === undefined && this.#groups.size >= MAX_GROUPS) {
      this.#ungrouped += weight + leftOut;
      return;
    }
    this.#groups.set(name, {
      operation,
      outcome,
      signature,
      weight: (group?.weight ?? 0) + weight + leftOut,
      records: (group?.records ?? 0) + 1,
      firstSeen: group !== undefined && group.firstSeen < time ? group.firstSeen : time,
      lastSeen: group !== undefined && group.lastSeen > time ? group.lastSeen : time,
      example: group !== undefined && group.lastSeen > time ? group.example : exampleOf(record),
    });
  }

  /** The groups, the heaviest first. */
  toArray(): SignatureGroup[] {
    return [...this.#groups.values()].toSorted((a, b) => b.weight - a.weight);
  }

  /** Weight of the records that are in no group, since there are too many groups. */
  get ungrouped(): number {
    return this.#ungrouped;
  }
}

/** Groups records by operation, outcome and signature, the heaviest group first. */
export async function groupBySignature(
  records: AsyncIterable<ComparisonRecord> | Iterable<ComparisonRecord>,
): Promise<SignatureGroup[]> {
  const groups = new SignatureGroups();
  for await (const record of records) groups.add(record);
  return groups.toArray();
}

function exampleOf(record: ComparisonRecord): Example {
  const { sk, requestId, time, mode, documentVersion, primary, reason } = record;
  return {
    sk,
    requestId,
    time,
    mode,
    documentVersion,
    primary,
    ...(reason !== undefined && { reason }),
    arguments: record.arguments.slice(0, MAX_EXAMPLE_ARGUMENTS),
    differences: record.differences.slice(0, MAX_EXAMPLE_DIFFERENCES),
  };
}
