import { SignatureGroups, type Example, type SignatureGroup } from "../records/groups.ts";
import type { ComparisonRecord } from "../records/record.ts";
import type { Stretch } from "./stretches.ts";

/** How many differences are told of a change, the heaviest ones. */
const TOP = 10;

/** What differed before and after. */
export interface Change {
  readonly before: Stretch;
  readonly after: Stretch;
  /** The heaviest first. */
  readonly rows: readonly ChangeRow[];
  /** How many more there are. */
  readonly more: number;
  /** Calls that are in no row, since there are too many signatures. */
  readonly ungrouped: number;
}

/** Records that went wrong the same way, before and after. */
export interface ChangeRow extends Pick<SignatureGroup, "operation" | "outcome" | "signature"> {
  readonly before: Occurrences;
  readonly after: Occurrences;
  /** The newest of them. */
  readonly example: Example;
}

export interface Occurrences {
  /** Calls that the records stand for. */
  readonly calls: number;
  /** Of the stretch's comparisons, 0 to 1; `undefined` where the metrics have none. */
  readonly share: number | undefined;
}

/** Groups records by the stretch that they belong to, in memory that does not grow with the records. */
export class ChangeCounts {
  readonly #stretches: readonly { readonly stretch: Stretch; readonly groups: SignatureGroups }[];

  constructor(stretches: readonly Stretch[]) {
    this.#stretches = stretches.map((stretch) => ({ stretch, groups: new SignatureGroups() }));
  }

  add(record: ComparisonRecord): void {
    this.#placeOf(record)?.groups.add(record);
  }

  /**
   * What changed from each stretch to the next.
   *
   * @param comparisonsIn how many comparisons there were in a stretch.
   */
  changes(comparisonsIn: (stretch: Stretch) => number): Change[] {
    const sides = this.#stretches.map(({ stretch, groups }) => ({
      stretch,
      groups: groups.toArray(),
      ungrouped: groups.ungrouped,
      comparisons: comparisonsIn(stretch),
    }));
    return sides.slice(1).map((after, at) => changeOf(sides[at]!, after));
  }

  /**
   * A record has the version of its document, which tells more than its time: while a deployment grows,
   * both documents are in force. A version may have been deployed twice, or not be AppConfig's.
   */
  #placeOf({ documentVersion, time }: ComparisonRecord) {
    const at = Date.parse(time);
    const known = this.#stretches.filter(({ stretch }) => stretch.versions.has(documentVersion));
    if (known.length > 0) return known.findLast(({ stretch }) => stretch.from <= at) ?? known[0];
    return this.#stretches.find(({ stretch }) => stretch.from <= at && at < stretch.to);
  }
}

interface Side {
  readonly stretch: Stretch;
  readonly groups: readonly SignatureGroup[];
  readonly ungrouped: number;
  readonly comparisons: number;
}

function changeOf(before: Side, after: Side): Change {
  const pairs = new Map<string, { before?: SignatureGroup; after?: SignatureGroup }>();
  for (const group of before.groups) pairs.set(nameOf(group), { before: group });
  for (const group of after.groups) {
    pairs.set(nameOf(group), { ...pairs.get(nameOf(group)), after: group });
  }
  const rows = Array.from(pairs.values(), (pair): ChangeRow => {
    const { operation, outcome, signature, example } = (pair.after ?? pair.before)!;
    return {
      operation,
      outcome,
      signature,
      example,
      before: occurrences(pair.before, before),
      after: occurrences(pair.after, after),
    };
  }).toSorted((a, b) => weightOf(b) - weightOf(a));
  return {
    before: before.stretch,
    after: after.stretch,
    rows: rows.slice(0, TOP),
    more: Math.max(0, rows.length - TOP),
    ungrouped: before.ungrouped + after.ungrouped,
  };
}

function nameOf({ operation, outcome, signature }: SignatureGroup): string {
  return JSON.stringify([operation, outcome, signature]);
}

function occurrences(group: SignatureGroup | undefined, { comparisons }: Side): Occurrences {
  const calls = group?.weight ?? 0;
  return { calls, share: comparisons > 0 ? Math.min(1, calls / comparisons) : undefined };
}

/** By share, since a long stretch has more calls than a short one; by calls where there is none. */
function weightOf({ before, after }: ChangeRow): number {
  return Math.max(before.share ?? before.calls, after.share ?? after.calls);
}
