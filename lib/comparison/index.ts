export { comparator } from "./comparator.ts";
export type { Comparator, Verdict } from "./comparator.ts";
export { copy, NotCopyable } from "./copy.ts";
export type { Difference, DifferenceKind } from "./difference.ts";
export {
  DEFAULT_MAX_DIFFERENCES,
  DEFAULT_MAX_MS,
  DEFAULT_MAX_NODES,
  type CompareRules,
} from "./rules.ts";
export { signatureOf } from "./signature.ts";
export { formatPath, parsePath } from "./paths.ts";
export { pathAutomaton, type PathState } from "./path-states.ts";
