/** Segue: moves a running Lambda function from one dependency to its successor, without a pause. */
export { default } from "./middleware.ts";
export type { SegueOptions } from "./segue-options.ts";
export { defineMigration, type Migration, type MigrationOptions } from "./migration.ts";
export type {
  Client,
  DualWriteOperation,
  Operations,
  ReadOperation,
  UnfinishedWrite,
  WriteOperation,
} from "./operation.ts";
export { repairHandler, type RepairReport } from "./repair/repair-handler.ts";
export { operatorHandler, type OperatorAnswer } from "./operate/operator-handler.ts";
export type { OperatorRequest } from "./operate/request.ts";
export { isAmbiguousError } from "./call/ambiguous.ts";
export { withCall, type Adapter, type Call, type WithCall } from "./call/adapter.ts";
export type { Comparison } from "./call/comparison.ts";
export type { Outcome } from "./call/outcome.ts";
export type { Settlement } from "./call/settlement.ts";
export type { CompareRules, Difference, DifferenceKind } from "./comparison/index.ts";
export type { Logger } from "./logger.ts";
export type { MetricName } from "./metrics/names.ts";
export type { MetricsSink, Tally } from "./metrics/tally.ts";
export type { Mode, Version } from "./mode/mode.ts";
export type { ModeDocument } from "./mode/mode-document.ts";
export type { ModeReading, ModeSource } from "./mode-source/mode-source.ts";
export type { RecordStore, Unwritten } from "./records/record-store.ts";
