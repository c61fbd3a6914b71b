/** What a user's own unit tests need: a mode that is given, records and metrics that can be looked at. */
export { memoryMetrics, type MemoryMetrics } from "./metrics/memory.ts";
export { fixedMode } from "./mode-source/fixed.ts";
export { DisagreementError, memoryRecords, type MemoryRecords } from "./records/memory.ts";
