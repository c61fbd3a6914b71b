/** The CloudWatch namespace of all of Segue's metrics. */
export const NAMESPACE = "Segue";

/** The dimensions; every metric goes out by migration, and what belongs to an operation by both. */
export const DIMENSIONS = { migration: "Migration", operation: "Operation" } as const;

/**
 * Every metric that Segue emits, with its unit: the one list that the runtime, the alarms, the
 * dashboard and the gate share.
 *
 * What is counted of comparisons is weighted: a comparison that stands for ten calls counts ten.
 */
export const METRICS = {
  /** Comparisons, and those of them that were disagreements. Their ratio is the mismatch rate. */
  Comparisons: "Count",
  Disagreements: "Count",
  /** Comparisons by outcome. */
  Matches: "Count",
  Mismatches: "Count",
  Ignored: "Count",
  SecondaryErrors: "Count",
  PrimaryErrors: "Count",
  SameErrors: "Count",
  DifferentErrors: "Count",
  Timeouts: "Count",
  NotCompared: "Count",
  /** Calls that a failing V2 would have failed, answered by V1. */
  Fallbacks: "Count",
  /** Calls of each version, alone or beside the other, how many failed, and how long each took. */
  V1Calls: "Count",
  V2Calls: "Count",
  V1Errors: "Count",
  V2Errors: "Count",
  V1Latency: "Milliseconds",
  V2Latency: "Milliseconds",
  /** Calls whose plan has a secondary that was not called, by the reason. */
  SkippedBySampling: "Count",
  SkippedForTime: "Count",
  SkippedForArguments: "Count",
  SkippedAfterResponse: "Count",
  SkippedByBreaker: "Count",
  SkippedByCap: "Count",
  /**
   * Reads whose primary was called twice and compared with itself, and those of them that were no
   * agreement, weighted like comparisons. The second run is counted here alone: it is none of the
   * version's calls, errors or latencies.
   */
  Calibrations: "Count",
  NoisyCalibrations: "Count",
  /** Reads drawn for a calibration that had none: no time, too many in flight, arguments not copied. */
  CalibrationsSkipped: "Count",
  /**
   * What became of the record of each comparison and each noisy calibration; the four add up to
   * `Comparisons` + `NoisyCalibrations`.
   */
  RecordsStored: "Count",
  RecordsDiverted: "Count",
  RecordsCapped: "Count",
  RecordsSampledOut: "Count",
  /** Dual writes that left a repair record, and entries of such records that were printed instead. */
  RepairsLeft: "Count",
  RepairsDiverted: "Count",
  /**
   * What a repair pass did, what it tried in vain, and how many due repairs it knows of after that; no
   * number at all from one that saw none and had no time to see all.
   */
  RepairsDone: "Count",
  RepairsFailed: "Count",
  RepairsPending: "Count",
  /**
   * Invocations with work left when the handler was done, by whether the response waited for it, and for
   * how long the environment was held where it did not.
   */
  DrainedEarly: "Count",
  DrainedInline: "Count",
  Held: "Milliseconds",
  /** Reads of the mode document that failed, documents that were refused, invocations on the default. */
  ModeReadFailures: "Count",
  ModeDocumentsRefused: "Count",
  ModeDefaulted: "Count",
  /** Invocations for which a key function threw; the request id stood in. */
  KeyFailures: "Count",
  /** Documents that the gate refused, and those that passed by their override alone. */
  GateRefusals: "Count",
  GateOverrides: "Count",
  /** Steps back that the guard took. */
  GuardRollbacks: "Count",
} as const satisfies Record<string, "Count" | "Milliseconds">;

export type MetricName = keyof typeof METRICS;

/** The metrics of which every value counts, not the sum. */
export type LatencyName = {
  [Name in MetricName]: (typeof METRICS)[Name] extends "Milliseconds" ? Name : never;
}[MetricName];

export type CountName = Exclude<MetricName, LatencyName>;
