import type { SignatureGroup } from "../records/groups.ts";
import type { Sums } from "./observer.ts";

/** What a look at the running demo shows. */
export interface Snapshot {
  readonly phase: string;
  /** The mode in force, and where a deployment leads. */
  readonly mode: string;
  /** The deployment under way, such as `#4 BAKING`. */
  readonly deployment: string | undefined;
  /** Percent of the functions that it has reached. */
  readonly deploymentPercent: number;
  readonly requests: number;
  readonly failed: number;
  /** Percent; `undefined` while nothing is compared. */
  readonly mismatchRate: number | undefined;
  readonly alarm: string;
}

/** One line of the table at the end. */
export interface PhaseSummary {
  readonly phase: string;
  readonly requests: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly comparisons: number;
  readonly disagreements: number;
  readonly fallbacks: number;
  readonly ended: string;
}

/** What the demo expected to happen, and whether it did. */
export interface Expectation {
  readonly what: string;
  readonly met: boolean;
  /** What was seen. */
  readonly seen: string;
}

export interface DemoSummary {
  readonly ok: boolean;
  readonly requests: number;
  readonly callersFailed: number;
  /** The first few failures, if there were any. */
  readonly failures: readonly string[];
  readonly phases: readonly PhaseSummary[];
  readonly sums: Sums;
  readonly expectations: readonly Expectation[];
}

/** Where the demo tells its story. */
export interface Reporter {
  /** A new chapter. */
  phase(title: string): void;
  /** Something that happened. */
  event(text: string): void;
  expectation(expectation: Expectation): void;
  /** Differences, as they were read back from DynamoDB. */
  differences(groups: readonly SignatureGroup[]): void;
  /** How things stand; called several times a second. */
  status(snapshot: Snapshot): void;
  summary(summary: DemoSummary): void;
}
