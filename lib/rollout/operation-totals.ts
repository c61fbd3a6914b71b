import type { NoiseTotals } from "../comparison/noise.ts";
import { periodFor, readPoints, type MetricsReader, type Question } from "./metric-points.ts";
import { sum } from "./points.ts";

const TOTALS = {
  comparisons: { metric: "Comparisons", statistic: "Sum" },
  calibrations: { metric: "Calibrations", statistic: "Sum" },
} as const satisfies Record<string, Question>;

/** Reads how often an operation was compared, and calibrated, since some time in epoch milliseconds. */
export async function readTotals(
  reader: MetricsReader & { readonly operation: string },
  since: number,
): Promise<NoiseTotals> {
  const periodMs = periodFor(reader.now - since);
  const from = Math.floor(since / periodMs) * periodMs;
  const points = await readPoints(reader, TOTALS, { from, periodMs });
  return { comparisons: sum(points.comparisons), calibrations: sum(points.calibrations) };
}
