/** What a user's own unit tests need: a mode that is given, and records that can be looked at. */
export { fixedMode } from "./mode-source/fixed.ts";
export { DisagreementError, memoryRecords, type MemoryRecords } from "./records/memory.ts";
