import { isAgreement } from "../call/outcome.ts";
import { NoiseCounts, type NoiseReport, type NoiseTotals } from "../comparison/noise.ts";
import type { ComparisonRecord } from "./record.ts";

type Records = AsyncIterable<ComparisonRecord> | Iterable<ComparisonRecord>;

/**
 * Tells signal from noise in the records of a span of time, for each operation that has any.
 *
 * @param totals the sums of `Comparisons` and `Calibrations` by operation, over the same time. For an
 *   operation that is not there, the records alone are the total.
 */
export async function noiseByOperation(
  comparisons: Records,
  calibrations: Records,
  totals: ReadonlyMap<string, NoiseTotals>,
): Promise<Map<string, NoiseReport>> {
  const operations = await countNoise(comparisons, calibrations);
  return new Map(
    Array.from(operations, ([operation, counts]) => [
      operation,
      counts.report(totals.get(operation) ?? { comparisons: 0, calibrations: 0 }),
    ]),
  );
}

/** Counts the disagreements of a span of time by operation: for who learns the totals afterwards. */
export async function countNoise(
  comparisons: Records,
  calibrations: Records,
): Promise<Map<string, NoiseCounts>> {
  const operations = new Map<string, NoiseCounts>();
  const countsOf = ({ operation }: ComparisonRecord): NoiseCounts => {
    let counts = operations.get(operation);
    if (counts === undefined) operations.set(operation, (counts = new NoiseCounts()));
    return counts;
  };
  for await (const record of comparisons) {
    if (!isAgreement(record.outcome)) countsOf(record).addComparison(record);
  }
  for await (const record of calibrations) {
    if (!isAgreement(record.outcome)) countsOf(record).addCalibration(record);
  }
  return operations;
}
