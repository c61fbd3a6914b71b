import { checkBoolean, checkNumber, checkObject } from "../options.ts";

/** What the gate asks for before it lets a migration go on. */
export interface GateThresholds {
  /** Comparisons that there have to be. 1 or more. @default 1000 */
  readonly minimumComparisons: number;
  /** Percent of comparisons that the mismatch rate stays below, at 95 % confidence. @default 1 */
  readonly mismatchRatePercent: number;
  /** Percentage points by which V2's error rate may be above V1's. @default 0.5 */
  readonly errorRateExcessPercent: number;
  /** V2's p99 latency as a multiple of V1's, at most. @default 1.5 */
  readonly latencyRatio: number;
  /** Milliseconds by which V2's p99 may be above V1's whatever the ratio. @default 20 */
  readonly latencyAllowanceMs: number;
  /** Percent of the comparisons that an open breaker may have kept from happening. @default 1 */
  readonly breakerSkipsPercent: number;
  /** Minutes in the present mode, at least. No more than `windowMinutes`. @default 60 */
  readonly timeInModeMinutes: number;
  /**
   * Minutes of the present mode that are looked at, the latest ones: what V2 did before it was mended
   * is forgotten after so long. 1 to 20,160, two weeks. @default 1440
   */
  readonly windowMinutes: number;
  /** Whether the migration has dual writes, so that there may be repairs, and a way back that loses writes. @default false */
  readonly dualWrites: boolean;
  /** Minutes within which a repair pass has to have reported. 1 to 1440. @default 15 */
  readonly repairReportMinutes: number;
}

export const DEFAULT_THRESHOLDS: GateThresholds = {
  minimumComparisons: 1_000,
  mismatchRatePercent: 1,
  errorRateExcessPercent: 0.5,
  latencyRatio: 1.5,
  latencyAllowanceMs: 20,
  breakerSkipsPercent: 1,
  timeInModeMinutes: 60,
  windowMinutes: 1_440,
  dualWrites: false,
  repairReportMinutes: 15,
};

/** CloudWatch keeps minutes for 15 days. */
const MAX_WINDOW_MINUTES = 14 * 24 * 60;

/**
 * Fills up thresholds with the defaults.
 *
 * @throws {TypeError | RangeError} naming the threshold, what it got and what is allowed.
 */
export function gateThresholds(given: Partial<GateThresholds> = {}): GateThresholds {
  checkObject("gate", given, Object.keys(DEFAULT_THRESHOLDS));
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  const thresholds: GateThresholds = { ...DEFAULT_THRESHOLDS, ...Object.fromEntries(known) };
  const check = (name: keyof GateThresholds, min: number, max: number): void =>
    checkNumber(`gate.${name}`, thresholds[name], min, max);
  check("minimumComparisons", 1, Number.MAX_SAFE_INTEGER);
  check("mismatchRatePercent", 0, 100);
  check("errorRateExcessPercent", 0, 100);
  check("latencyRatio", 0, Number.MAX_SAFE_INTEGER);
  check("latencyAllowanceMs", 0, Number.MAX_SAFE_INTEGER);
  check("breakerSkipsPercent", 0, 100);
  check("windowMinutes", 1, MAX_WINDOW_MINUTES);
  check("timeInModeMinutes", 0, thresholds.windowMinutes);
  check("repairReportMinutes", 1, 1_440);
  checkBoolean("gate.dualWrites", thresholds.dualWrites);
  return thresholds;
}
