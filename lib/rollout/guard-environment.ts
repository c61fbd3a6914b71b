import { readVariable } from "./own-variable.ts";

/** The environment variable in which the construct tells the guard's function what it needs. */
export const GUARD_VARIABLE = "SEGUE_GUARD";

/** What the guard's function is told. */
export interface GuardEnvironment {
  readonly migration: string;
  /** AppConfig's ids. */
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
  readonly immediateStrategy: string;
  /** Name of the composite alarm. */
  readonly alarm: string;
  /** Percent of comparisons above which the mismatch rate alarms. */
  readonly mismatchRatePercent: number;
  /** Seconds before an alarm in which a step back is an answer to it. */
  readonly settleSeconds: number;
  /** ARN of the SNS topic that hears of what the guard did. */
  readonly topic?: string;
}

/** @throws {TypeError} where the variable is missing or not what the construct writes. */
export function guardEnvironment(): GuardEnvironment {
  return readVariable(GUARD_VARIABLE, [
    "migration",
    "application",
    "environment",
    "profile",
    "immediateStrategy",
    "alarm",
    "mismatchRatePercent",
    "settleSeconds",
  ]);
}
