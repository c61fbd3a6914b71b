import type { CountName, LatencyName } from "./names.ts";

const RUNS = [
  ["V1Calls", "V1Latency", "V1Errors"],
  ["V2Calls", "V2Latency", "V2Errors"],
] as const;

/** What one invocation counted for one migration, or for one operation of it. */
export class Tally {
  readonly migration: string;
  /** Unset for what belongs to the migration as a whole. */
  readonly operation: string | undefined;
  readonly counts = new Map<CountName, number>();
  readonly latencies = new Map<LatencyName, number[]>();

  constructor(migration: string, operation?: string) {
    this.migration = migration;
    this.operation = operation;
  }

  count(name: CountName, by = 1): void {
    if (by !== 0) this.counts.set(name, (this.counts.get(name) ?? 0) + by);
  }

  /** Says how many there are, which may be none. */
  set(name: CountName, value: number): void {
    this.counts.set(name, value);
  }

  /** @param ms duration in milliseconds. */
  took(name: LatencyName, ms: number): void {
    const values = this.latencies.get(name);
    if (values === undefined) this.latencies.set(name, [ms]);
    else values.push(ms);
  }

  /** Counts the runs of each version that have no latency yet as failed. */
  countUnsettled(): void {
    for (const [calls, latency, errors] of RUNS) {
      const settled = this.latencies.get(latency)?.length ?? 0;
      this.count(errors, (this.counts.get(calls) ?? 0) - settled);
    }
  }

  get isEmpty(): boolean {
    return this.counts.size === 0 && this.latencies.size === 0;
  }
}

/** Where an invocation's tallies go at its end. */
export interface MetricsSink {
  publish(tallies: readonly Tally[]): void | Promise<void>;
}
