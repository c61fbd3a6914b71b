import { readVariable } from "./own-variable.ts";
import type { GateThresholds } from "./gate-thresholds.ts";

/** The environment variable in which the construct tells the gate's function what it needs. */
export const GATE_VARIABLE = "SEGUE_GATE";

/** What the gate's function is told. The profile comes with each request. */
export interface GateEnvironment {
  readonly migration: string;
  /** AppConfig's ids. */
  readonly application: string;
  readonly environment: string;
  readonly thresholds: GateThresholds;
}

/** @throws {TypeError} where the variable is missing or not what the construct writes. */
export function gateEnvironment(): GateEnvironment {
  return readVariable(GATE_VARIABLE, ["migration", "application", "environment", "thresholds"]);
}
