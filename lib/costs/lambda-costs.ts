import { plansOf, secondaryShare } from "./counted.ts";
import type { MigrationCosts } from "./cost-model.ts";
import { happens, storingInvocations, total, type Part } from "./parts.ts";
import type { WholeTraffic } from "./traffic.ts";

/** How often each version is called. */
export function versionCalls(
  traffic: WholeTraffic,
  parts: readonly Part[],
): MigrationCosts["calls"] {
  const { document, invocations } = traffic;
  const sums = { v1: total("V1Calls", traffic, parts), v2: total("V2Calls", traffic, parts) };
  // The second run of a calibration is none of the calls that are counted.
  for (const { operation, counted } of parts) {
    const calibrations = invocations * operation.calls * (counted.get("Calibrations") ?? 0);
    for (const { plan, share } of plansOf(document, operation)) {
      sums[plan.primary] += calibrations * share;
    }
  }
  return sums;
}

/** What the functions take beyond the primary, and what their callers feel of it. */
export function lambdaCosts(
  traffic: WholeTraffic,
  parts: readonly Part[],
  repairPasses: number,
): MigrationCosts["lambda"] {
  const { document, invocations, memoryMb, tableMs, v1Ms, v2Ms, response } = traffic;
  const took = { v1: v1Ms, v2: v2Ms };
  // Milliseconds an invocation, as if nothing that comes after the primary overlapped.
  let beforeMs = 0;
  let afterMs = storingInvocations(parts) * tableMs;
  for (const { operation } of parts) {
    for (const { plan, share } of plansOf(document, operation)) {
      if (plan.secondary === undefined) continue;
      if (operation.kind === "read") {
        // Secondaries run beside what follows them in the handler: the last one is waited for.
        const compared = share * secondaryShare(document, operation, plan);
        const lagMs = Math.max(0, took[plan.secondary] - took[plan.primary]);
        afterMs += happens(compared, operation) * lagMs;
      } else {
        const writes = operation.calls * share;
        beforeMs += writes * tableMs;
        afterMs += writes * (took[plan.secondary] + (2 - operation.secondaryErrors) * tableMs);
      }
    }
  }
  const billedSeconds = (invocations * (beforeMs + afterMs)) / 1_000;
  return {
    gbSeconds: billedSeconds * (memoryMb / 1_024),
    callerWaitMs: response === "early" ? beforeMs : beforeMs + afterMs,
    requests: repairPasses,
  };
}
