import type { Difference } from "./difference.ts";
import { parsePath, type Step } from "./paths.ts";
import { signatureOf } from "./signature.ts";

/** Signatures that are counted at the most; they may be as many as there are keys in the answers. */
export const MAX_SIGNATURES = 10_000;

/** The excess of raw over noise, as a share of their sum, from which on it is signal. */
const MIN_RELATIVE_EXCESS = 0.2;

/** The excess of raw over noise, as a share of all calls, from which on it is signal. */
const MIN_EXCESS = 0.0003;

/**
 * - `signal`: it is seen more often between the versions than between the primary and itself
 * - `noise`: the primary differs from itself in this about as often
 * - `rare`: no calibration has it, and too few comparisons have it to say more
 */
export type NoiseVerdict = "signal" | "noise" | "rare";

/**
 * Tells a difference of the versions from one that the primary has with itself. Never throws.
 *
 * The method is Diffy's, where a field is shown if `raw > noise`,
 * `|raw - noise| / (raw + noise) * 100 > 20` and `|raw - noise| / total * 100 > 0.03`: see
 * `DifferencesFilterFactory` and `JoinedField` in
 * https://github.com/twitter-archive/diffy/blob/master/src/main/scala/com/twitter/diffy/analysis/JoinedDifferences.scala
 * and the defaults in `DiffyServiceModule.scala`. There each request goes to all three instances; here
 * the two are samples of their own, so they are compared as shares.
 *
 * @param raw the share of comparisons that have it, from 0 to 1.
 * @param noise the share of calibrations that have it, from 0 to 1.
 */
export function noiseVerdict(raw: number, noise: number): NoiseVerdict {
  const excess = raw - noise;
  if (excess > 0 && excess > MIN_RELATIVE_EXCESS * (raw + noise) && excess > MIN_EXCESS) {
    return "signal";
  }
  return noise > 0 ? "noise" : "rare";
}

/** What is counted of the record of a disagreement, be it a comparison's or a calibration's. */
export interface CountedRecord {
  /** None where the disagreement is not one of answers. */
  readonly differences: readonly Pick<Difference, "path" | "kind">[];
  /** Whether there are more differences than are listed. */
  readonly truncated: boolean;
  readonly signature: string;
  /** Calls that the record stands for, and those like it that have none. */
  readonly weight: number;
  readonly leftOut?: number;
}

/** All calls of an operation in the records' span of time, agreements included: the metrics' sums. */
export interface NoiseTotals {
  readonly comparisons: number;
  readonly calibrations: number;
}

/** How many calls have something: in number, and of all that could have it, from 0 to 1. */
export interface Occurrence {
  readonly count: number;
  readonly share: number;
}

/** One signature, in comparisons and in calibrations. */
export interface SignatureNoise {
  readonly signature: string;
  readonly raw: Occurrence;
  readonly noise: Occurrence;
  /**
   * Comparisons whose list of differences was cut before it could have shown this one. The verdict takes
   * all of them to have it, so that nothing is called noise for not having been listed.
   */
  readonly unlisted: number;
  readonly verdict: NoiseVerdict;
  /** The rule that silences it; see {@link NoiseReport.rules}. */
  readonly proposal?: Proposal;
}

/** A rule of `compare`, by its option and its path. */
export interface Proposal {
  readonly option: "ignore" | "unordered";
  readonly path: string;
}

/** An operation's differences, and which of them are noise. */
export interface NoiseReport {
  /** The most frequent first. */
  readonly signatures: readonly SignatureNoise[];
  /**
   * Rules that silence what is noise, to be added to the operation's `compare` as they are. `ignore`,
   * but `unordered` for an array that is noisy in its order alone. There is none for what a rule can't
   * silence (an error, a time-out), for what would silence a signal too, and for the whole answer.
   */
  readonly rules: {
    readonly ignore: readonly string[];
    readonly unordered: readonly string[];
  };
  /** Differences beyond the first {@link MAX_SIGNATURES} signatures, which were not counted. */
  readonly uncounted: number;
}

interface Counts {
  readonly difference: Pick<Difference, "path" | "kind"> | undefined;
  raw: number;
  noise: number;
  /** Of `raw`, what was listed in records whose list was cut. */
  rawInCut: number;
}

/**
 * Counts the differences of one operation by signature, in comparisons (raw) and in calibrations
 * (noise), each once a record. It holds one entry a signature, however many records there are.
 *
 * @example
 * const counts = new NoiseCounts();
 * for await (const record of comparisons) counts.addComparison(record);
 * for await (const record of calibrations) counts.addCalibration(record);
 * counts.report({ comparisons: 52_000, calibrations: 510 }).rules; // { ignore: ["$.at"], unordered: [] }
 */
export class NoiseCounts {
  readonly #signatures = new Map<string, Counts>();
  readonly #listed = { comparisons: 0, calibrations: 0 };
  /** The weight of the comparisons whose list was cut. */
  #cut = 0;
  #uncounted = 0;

  /** Counts the record of a disagreement of the two versions. */
  addComparison(record: CountedRecord): void {
    const weight = weightOf(record);
    this.#listed.comparisons += weight;
    if (record.truncated) this.#cut += weight;
    for (const counts of this.#countsOf(record, weight)) {
      counts.raw += weight;
      if (record.truncated) counts.rawInCut += weight;
    }
  }

  /** Counts the record of a disagreement of the primary with itself. */
  addCalibration(record: CountedRecord): void {
    const weight = weightOf(record);
    this.#listed.calibrations += weight;
    for (const counts of this.#countsOf(record, weight)) counts.noise += weight;
  }

  report(totals: NoiseTotals): NoiseReport {
    // Metrics may lag behind the records.
    const comparisons = Math.max(totals.comparisons, this.#listed.comparisons);
    const calibrations = Math.max(totals.calibrations, this.#listed.calibrations);
    const judged = Array.from(this.#signatures, ([signature, counts]) => {
      const { difference, raw, noise, rawInCut } = counts;
      const unlisted = difference === undefined ? 0 : this.#cut - rawInCut;
      const noiseShare = shareOf(noise, calibrations);
      const verdict = noiseVerdict(shareOf(raw + unlisted, comparisons), noiseShare);
      return {
        signature,
        raw: { count: raw, share: shareOf(raw, comparisons) },
        noise: { count: noise, share: noiseShare },
        unlisted,
        verdict,
        place: difference && placeOf(difference),
      };
    });
    const signals = judged.flatMap(({ verdict, place }) => (verdict === "signal" && place) || []);
    const signatures = judged.map(({ place, ...told }): SignatureNoise => {
      const proposal = told.verdict === "noise" && place ? proposalAt(place) : undefined;
      const hides =
        proposal?.option === "ignore" && signals.some((signal) => covers(place!, signal));
      return proposal === undefined || hides ? told : { ...told, proposal };
    });
    const pathsFor = (option: Proposal["option"]) => [
      ...new Set(
        signatures.flatMap(({ proposal }) => (proposal?.option === option ? proposal.path : [])),
      ),
    ];
    return {
      signatures: signatures.toSorted(
        (a, b) => b.raw.count - a.raw.count || b.noise.count - a.noise.count,
      ),
      rules: { ignore: pathsFor("ignore"), unordered: pathsFor("unordered") },
      uncounted: this.#uncounted,
    };
  }

  /** The counts that a record belongs to, each once. */
  #countsOf({ differences, signature }: CountedRecord, weight: number): Set<Counts> {
    const found = new Set<Counts>();
    const add = (name: string, difference: Counts["difference"]) => {
      let counts = this.#signatures.get(name);
      if (counts === undefined) {
        // Once full it stays so: whatever is counted has been from its first occurrence on.
        if (this.#signatures.size >= MAX_SIGNATURES) {
          this.#uncounted += weight;
          return;
        }
        counts = { difference, raw: 0, noise: 0, rawInCut: 0 };
        this.#signatures.set(name, counts);
      }
      found.add(counts);
    };
    for (const difference of differences) add(signatureOf(difference), difference);
    if (differences.length === 0) add(signature, undefined);
    return found;
  }
}

function weightOf({ weight, leftOut = 0 }: CountedRecord): number {
  return weight + leftOut;
}

function shareOf(count: number, total: number): number {
  return total === 0 ? 0 : count / total;
}

/** Where a difference is, with every index as `[*]`. */
interface Place {
  readonly path: string;
  readonly kind: Difference["kind"];
  /** None where a record has cut the path, which can't be read then. */
  readonly steps: readonly Step[] | undefined;
}

function placeOf({ path, kind }: Pick<Difference, "path" | "kind">): Place {
  const general = signatureOf({ path, kind }).slice(0, -` ${kind}`.length);
  try {
    return { path: general, kind, steps: parsePath(general) };
  } catch {
    return { path: general, kind, steps: undefined };
  }
}

/** The rule that silences what is noisy at a place, if there is one. */
function proposalAt({ path, kind, steps }: Place): Proposal | undefined {
  if (steps === undefined) return undefined;
  if (kind === "order") return { option: "unordered", path };
  return steps.length === 0 ? undefined : { option: "ignore", path };
}

/** Whether a rule for one place silences another one as well. */
function covers(rule: Place, { path, steps }: Place): boolean {
  if (steps === undefined) return path.startsWith(rule.path);
  return (
    rule.steps!.length <= steps.length &&
    rule.steps!.every(({ key }, at) => key === undefined || key === steps[at]!.key)
  );
}
