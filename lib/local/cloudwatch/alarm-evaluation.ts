export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

export const COMPARISON_OPERATORS = [
  "GreaterThanOrEqualToThreshold",
  "GreaterThanThreshold",
  "LessThanThreshold",
  "LessThanOrEqualToThreshold",
] as const;
export type ComparisonOperator = (typeof COMPARISON_OPERATORS)[number];

export const MISSING_DATA_TREATMENTS = ["missing", "ignore", "breaching", "notBreaching"] as const;
export type MissingDataTreatment = (typeof MISSING_DATA_TREATMENTS)[number];

export interface AlarmCriteria {
  readonly comparisonOperator: ComparisonOperator;
  readonly threshold: number;
  /** N. */
  readonly evaluationPeriods: number;
  /** M. */
  readonly datapointsToAlarm: number;
  readonly treatMissingData: MissingDataTreatment;
}

const BREACHES: Record<ComparisonOperator, (value: number, threshold: number) => boolean> = {
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  GreaterThanThreshold: (value, threshold) => value > threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

/**
 * How many periods are looked at. AWS looks at more than N, how many depends on the period and isn't
 * documented; its examples have N + 2 (5 for N of 3).
 */
export const evaluationRange = (evaluationPeriods: number): number => evaluationPeriods + 2;

export interface Evaluation {
  readonly state: AlarmState;
  /** Indexes of the real points that were counted, oldest first. */
  readonly counted: readonly number[];
  readonly breaching: number;
  /** How many missing points were filled in. */
  readonly filled: number;
}

/**
 * The state that an alarm's points give, as AWS documents it ("Configuring how CloudWatch alarms treat
 * missing data"): with N real points in the range or more, the newest N of them decide, and missing
 * ones don't matter. With fewer, all of them count, and the treatment fills up to N.
 *
 * @param points the evaluation range, oldest first; undefined is a missing point
 * @param current the present state, which ignored missing data keeps
 */
export function evaluateAlarm(
  criteria: AlarmCriteria,
  points: readonly (number | undefined)[],
  current: AlarmState,
): Evaluation {
  const { evaluationPeriods: n, datapointsToAlarm: m, treatMissingData } = criteria;
  const breaches = (index: number) =>
    BREACHES[criteria.comparisonOperator](points[index]!, criteria.threshold);
  const counted = points.flatMap((point, index) => (point === undefined ? [] : [index])).slice(-n);
  const breaching = counted.filter(breaches).length;
  const missing = n - counted.length;
  const conclude = (state: AlarmState, filled = 0): Evaluation => ({
    state,
    counted,
    breaching,
    filled,
  });

  if (breaching >= m) return conclude("ALARM");
  if (missing === 0) return conclude("OK");
  if (treatMissingData === "notBreaching") return conclude("OK", missing);
  if (treatMissingData === "breaching") {
    return conclude(breaching + missing >= m ? "ALARM" : "OK", missing);
  }
  if (breaching < counted.length) return conclude("OK");
  if (treatMissingData === "ignore") return conclude(current);
  const oldest = counted[0];
  if (oldest === undefined) return conclude("INSUFFICIENT_DATA", missing);
  // All real points breach, and are fewer than M. When the oldest is M periods old or more the alarm
  // goes off all the same. When it isn't, AWS says only that the alarm does not go off yet: that it
  // stays as it is, is not verified.
  return conclude(points.length - oldest >= m ? "ALARM" : current);
}
