import type { GateThresholds } from "./gate-thresholds.ts";

/**
 * Where the parts of a migration are, in one account and region. The construct stores it in AppConfig,
 * as a profile beside the mode's, so that a tool needs no more than the migration's name.
 */
export interface MigrationParts {
  readonly migration: string;
  readonly stage: string;
  /** AppConfig's ids. */
  readonly application: string;
  readonly environment: string;
  readonly profile: string;
  readonly gradualStrategy: string;
  readonly immediateStrategy: string;
  /** Name of the gate's function. */
  readonly gate: string;
  readonly thresholds: GateThresholds;
  /** Name of the table of records. */
  readonly table: string;
  /** Names of the alarms, by what they are about, such as `mismatchRate`. */
  readonly alarms: Readonly<Record<string, string>>;
  /** Name of the function that repairs dual writes; empty where none is scheduled. */
  readonly repair: string;
  /** Name of the function that replays calls for operators; empty or unset where there is none. */
  readonly operator?: string;
}

/** What distinguishes one migration from the others of an account and region. */
export interface MigrationId {
  readonly migration: string;
  readonly stage: string;
}

const PREFIX = "segue.";

/** The name of the profile that has a migration's parts. */
export function partsProfileName({ migration, stage }: MigrationId): string {
  return `${PREFIX}${migration}.${stage}`;
}

/** Whose parts a profile has; `undefined` for a profile of something else. */
export function migrationOfProfile(name: string): MigrationId | undefined {
  if (!name.startsWith(PREFIX)) return undefined;
  // A migration's name has no dot, a stage's may.
  const dot = name.indexOf(".", PREFIX.length);
  return dot === -1
    ? undefined
    : { migration: name.slice(PREFIX.length, dot), stage: name.slice(dot + 1) };
}
