/**
 * The clock of a call: `performance.now()`. The global of that name is a getter, which would be asked anew
 * for each of the four readings that a call of both versions takes.
 */
export { performance } from "node:perf_hooks";
