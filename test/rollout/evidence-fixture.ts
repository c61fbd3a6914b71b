import type { Evidence } from "../../lib/rollout/conditions.ts";

const HOUR_MS = 3_600_000;

/** Evidence that meets every default condition. */
export const GOOD_EVIDENCE: Evidence = {
  timeInModeMs: 2 * HOUR_MS,
  comparisons: 5_000,
  disagreements: 5,
  sampledComparisons: 5_000,
  comparingInvocations: 4_000,
  skippedByBreaker: 0,
  v1: { calls: 5_000, errors: 10, p99Ms: 40 },
  v2: { calls: 5_000, errors: 12, p99Ms: 50 },
  pendingRepairs: 0,
};
