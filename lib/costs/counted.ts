import { planCall, type Plan } from "../call/plan.ts";
import type { MetricName } from "../metrics/names.ts";
import type { ModeDocument } from "../mode/mode-document.ts";
import type { Version } from "../mode/mode.ts";
import type { OperationTraffic } from "./traffic.ts";

/** How much of each of the runtime's metrics one call makes, on average; what it never makes is absent. */
export type Counted = ReadonlyMap<MetricName, number>;

/** The share of disagreements, and of noise, that is stored: the rest is over the cap. */
export interface Admitted {
  readonly disagreements: number;
  readonly noise: number;
}

/** A plan, and the share of the calls that have it. */
export interface PlannedShare {
  readonly plan: Plan;
  readonly share: number;
}

/** The plans of an operation's calls: two during a ramp, else one. */
export function plansOf(
  document: ModeDocument,
  { kind }: Pick<OperationTraffic, "kind">,
): readonly PlannedShare[] {
  const ramped = (document.ramp?.percent ?? 0) / 100;
  const planAt = (bucket: number) => planCall(document, { kind, fallback: true }, () => bucket);
  return [
    { plan: planAt(0), share: ramped },
    { plan: planAt(100), share: 1 - ramped },
  ].filter(({ share }) => share > 0);
}

/** The share of a plan's calls that run its secondary: all dual writes do, and the reads that were drawn. */
export function secondaryShare(
  document: ModeDocument,
  { kind }: Pick<OperationTraffic, "kind">,
  { secondary }: Plan,
): number {
  if (secondary === undefined) return 0;
  return kind === "read" ? (document.sample?.secondary ?? 1) : 1;
}

const METRICS_OF = {
  v1: { calls: "V1Calls", errors: "V1Errors", latency: "V1Latency" },
  v2: { calls: "V2Calls", errors: "V2Errors", latency: "V2Latency" },
} as const satisfies Record<Version, Record<string, MetricName>>;

/** What one call of an operation counts. */
export function countedByCall(
  document: ModeDocument,
  operation: Required<OperationTraffic>,
  admitted: Admitted,
): Counted {
  const { kind, mismatches, secondaryErrors, noise } = operation;
  const { matches = 0, calibrate = 0 } = document.sample ?? {};
  const counted = new Map<MetricName, number>();
  const count = (name: MetricName, share: number) => {
    if (share > 0) counted.set(name, (counted.get(name) ?? 0) + share);
  };
  const countRun = (version: Version, share: number, errors = 0) => {
    const names = METRICS_OF[version];
    count(names.calls, share);
    count(names.latency, share);
    count(names.errors, share * errors);
  };
  for (const { plan, share } of plansOf(document, operation)) {
    countRun(plan.primary, share);
    if (plan.secondary === undefined) continue;
    const compared = share * secondaryShare(document, operation, plan);
    const disagreements = mismatches + secondaryErrors;
    const agreed = compared * (1 - disagreements);
    const disagreed = compared * disagreements;
    countRun(plan.secondary, compared, secondaryErrors);
    count("SkippedBySampling", share - compared);
    count("Comparisons", compared);
    count("Matches", agreed);
    count("Disagreements", disagreed);
    count("Mismatches", compared * mismatches);
    count("SecondaryErrors", compared * secondaryErrors);
    count("RecordsSampledOut", agreed * (1 - matches));
    count("RecordsStored", agreed * matches + disagreed * admitted.disagreements);
    count("RecordsCapped", disagreed * (1 - admitted.disagreements));
    if (kind === "dual-write") count("RepairsLeft", compared * secondaryErrors);
  }
  if (kind === "read") {
    count("Calibrations", calibrate);
    count("NoisyCalibrations", calibrate * noise);
    count("RecordsStored", calibrate * noise * admitted.noise);
    count("RecordsCapped", calibrate * noise * (1 - admitted.noise));
  }
  return counted;
}
