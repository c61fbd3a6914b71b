import middy from "@middy/core";
import segue, {
  defineMigration,
  type Comparison,
  type Migration,
  type MigrationOptions,
  type Mode,
  type ModeDocument,
  type RecordStore,
  type SegueOptions,
  type Tally,
} from "../../lib/index.ts";
import type { StoredRepair } from "../../lib/call/repair.ts";
import { memoryRepairs } from "../../lib/records/memory-repairs.ts";
import { fixedMode } from "../../lib/testing.ts";

/** A Lambda context with what Segue asks of it. */
export function lambdaContext(options: { requestId?: string; remainingMs?: () => number } = {}) {
  return {
    awsRequestId: options.requestId ?? "request-1",
    getRemainingTimeInMillis: options.remainingMs ?? (() => 30_000),
  };
}

/** What one invocation left behind. */
export interface Traces {
  readonly comparisons: readonly Comparison[];
  /** The dual writes that are not done. */
  readonly repairs: readonly StoredRepair[];
  /** Sums over all operations, by metric; absent where nothing was counted. */
  readonly counts: Readonly<Record<string, number>>;
  readonly tallies: readonly Tally[];
  readonly logged: readonly string[];
}

/** Wraps a handler as a user does, and collects what Segue stores, counts and logs. */
export function wrapped<Result>(
  migrations: Migration | readonly Migration[],
  mode: Mode | ModeDocument | (() => Mode | ModeDocument),
  handle: (event: any, context: any) => Promise<Result>,
  options: SegueOptions = {},
) {
  const kept: Comparison[] = [];
  // As the table is: after the sampling and the cap.
  const repairs = memoryRepairs();
  const records: RecordStore = {
    retentionDays: 30,
    repairs,
    write: async (comparisons) => (kept.push(...comparisons), []),
  };
  const tallies: Tally[] = [];
  const logged: string[] = [];
  const log = (message: string, extra?: object) =>
    void logged.push(`${message} ${JSON.stringify(extra ?? {})}`);
  // Middy's own timer is a real one, which a test with mocked timers would never see cleared.
  const handler = middy({ timeoutEarlyInMillis: 0 })
    .use(
      segue(migrations, {
        modeSource: fixedMode(mode),
        records,
        metrics: { publish: (published) => void tallies.push(...published) },
        logger: { warn: log, error: log },
        ...options,
      }),
    )
    .handler(handle);
  return {
    invoke: (event: unknown = {}, context = lambdaContext()): Promise<Result> =>
      handler(event, context as any, undefined as any) as Promise<Result>,
    traces: (): Traces => {
      const counts: Record<string, number> = {};
      for (const tally of tallies) {
        for (const [name, sum] of tally.counts) counts[name] = (counts[name] ?? 0) + sum;
      }
      return { comparisons: kept, repairs: repairs.stored, counts, tallies, logged };
    },
  };
}

/** The dependency of most tests: one read, of whatever. */
export interface Dependency {
  get(...args: any[]): Promise<any>;
}

export function migrationOf(
  v1: (...args: any[]) => any,
  v2: (...args: any[]) => any,
  operation: Omit<
    Extract<MigrationOptions<Dependency>["operations"]["get"], { kind: "read" }>,
    "kind"
  > = {},
): Migration<Dependency> {
  return defineMigration<Dependency>({
    name: "things",
    v1: { get: v1 },
    v2: { get: v2 },
    operations: { get: { kind: "read", ...operation } },
  });
}
