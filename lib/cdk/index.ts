export type { AlarmThresholds, MigrationAlarms } from "./alarms.ts";
export type { GateProps } from "./gate.ts";
export { Migration, type MigrationProps } from "./migration.ts";
