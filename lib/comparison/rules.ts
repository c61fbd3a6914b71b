import { checkFunction, checkObject, refuseRange, refuseType } from "../options.ts";
import { isObject } from "./kinds.ts";
import { pathAutomaton } from "./path-states.ts";
import type { PathRule, PathState, Tolerance, Unordered } from "./path-states.ts";
import { parsePath } from "./paths.ts";
import type { Step } from "./paths.ts";

/** Values that one comparison visits at most, unless `maxNodes` says otherwise. */
export const DEFAULT_MAX_NODES = 1_000_000;
/** Milliseconds that one comparison takes at most, unless `maxMs` says otherwise. */
export const DEFAULT_MAX_MS = 1_000;
/** Differences that one comparison lists at most, unless `maxDifferences` says otherwise. */
export const DEFAULT_MAX_DIFFERENCES = 100;

/**
 * How the answers of one operation are compared: all optional, and with none of them two answers
 * are the same when `isDeepStrictEqual` of node:util says so.
 *
 * A path is `$`, then any of `.name`, `['odd name']`, `[3]`, `[*]`, `.*`, `..name`, `..*`. The path
 * of a reported difference is one, so it can be copied from a report.
 */
export interface CompareRules {
  /**
   * Paths of what is not compared, with all that is below. When nothing else differs, the outcome
   * is `ignored`.
   *
   * @default none
   */
  ignore?: readonly string[];
  /**
   * Paths of arrays whose order means nothing. With `by`, a path inside the element such as `"id"`
   * or `"$.key.id"`, elements with the same key are compared with each other, those that share
   * one in their order; without it, elements are paired when they are equal.
   *
   * Inside such an array a rule for one index, such as `$.items[3].price`, applies to no element.
   *
   * @default none
   */
  unordered?: readonly (string | { path: string; by: string })[];
  /**
   * How far two values may lie apart: numbers by `absolute` (in their unit) or `relative` (a share
   * of the larger magnitude), Dates and ISO-8601 strings by `dateMs` (milliseconds). One of those
   * given is enough.
   *
   * @default none
   */
  tolerance?: readonly { path: string; absolute?: number; relative?: number; dateMs?: number }[];
  /**
   * What to compare in place of a version's answer; it gets the answer and returns the other.
   *
   * @default the answers as they are
   */
  normalize?: { v1?: (value: any) => unknown; v2?: (value: any) => unknown };
  /**
   * Takes the place of the comparison: `ignore`, `unordered` and `tolerance` are not looked at. It
   * gets the answers after `normalize`; a promise is awaited.
   *
   * @default compares by the rules
   */
  equal?: (v1: any, v2: any) => boolean | PromiseLike<boolean>;
  /**
   * Called when the answers (after `normalize`) differ: a reason makes the outcome `ignored`.
   *
   * @default no reason
   */
  ignoreWhen?: (v1: any, v2: any) => string | undefined | null | false;
  /**
   * Whether two errors are the same one.
   *
   * @default they are of a class of the same name, and have the same `code`
   */
  errors?: (v1Error: unknown, v2Error: unknown) => boolean;
  /**
   * Values that are visited at most; beyond, the outcome is `not-compared`. From 1, or Infinity.
   *
   * @default 1_000_000
   */
  maxNodes?: number;
  /**
   * Milliseconds that one comparison takes at most, your own functions apart; beyond, the outcome
   * is `not-compared`. Above 0, or Infinity.
   *
   * @default 1_000
   */
  maxMs?: number;
  /**
   * Differences that are listed at most; beyond, `truncated` is set. From 1, or Infinity.
   *
   * @default 100
   */
  maxDifferences?: number;
}

/** {@link CompareRules} as the walks use them. */
export interface CompiledRules {
  readonly root: PathState | undefined;
  readonly normalizeV1: ((value: unknown) => unknown) | undefined;
  readonly normalizeV2: ((value: unknown) => unknown) | undefined;
  readonly equal: ((v1: unknown, v2: unknown) => unknown) | undefined;
  readonly ignoreWhen: ((v1: unknown, v2: unknown) => unknown) | undefined;
  readonly errors: ((v1Error: unknown, v2Error: unknown) => unknown) | undefined;
  readonly maxNodes: number;
  readonly maxMs: number;
  readonly maxDifferences: number;
}

const KEYS: readonly (keyof CompareRules)[] = [
  "ignore",
  "unordered",
  "tolerance",
  "normalize",
  "equal",
  "ignoreWhen",
  "errors",
  "maxNodes",
  "maxMs",
  "maxDifferences",
];

/**
 * Checks the rules and compiles their paths. Later changes to `rules` have no effect.
 *
 * @throws TypeError or RangeError that names the option, what it got and what is allowed
 */
export function compileRules(rules: CompareRules = {}): CompiledRules {
  checkObject("compare", rules, KEYS);
  const { normalize = {} } = rules;
  checkObject("compare.normalize", normalize, ["v1", "v2"]);
  const paths: PathRule[] = [
    ...list("compare.ignore", rules.ignore).map((path, i) => ignoreRule(path, i)),
    ...list("compare.unordered", rules.unordered).map((rule, i) => unorderedRule(rule, i)),
    ...list("compare.tolerance", rules.tolerance).map((rule, i) => toleranceRule(rule, i)),
  ];
  return {
    root: pathAutomaton(paths),
    normalizeV1: callable("compare.normalize.v1", normalize.v1),
    normalizeV2: callable("compare.normalize.v2", normalize.v2),
    equal: callable("compare.equal", rules.equal),
    ignoreWhen: callable("compare.ignoreWhen", rules.ignoreWhen),
    errors: callable("compare.errors", rules.errors),
    maxNodes: count("compare.maxNodes", rules.maxNodes, DEFAULT_MAX_NODES),
    maxMs: atLeast("compare.maxMs", rules.maxMs, "above 0") ?? DEFAULT_MAX_MS,
    maxDifferences: count("compare.maxDifferences", rules.maxDifferences, DEFAULT_MAX_DIFFERENCES),
  };
}

function ignoreRule(path: unknown, index: number): PathRule {
  const steps = pathOf(`compare.ignore[${index}]`, path, "$.items[*].etag");
  return { steps, text: path as string, ignore: true };
}

function unorderedRule(rule: unknown, index: number): PathRule {
  const name = `compare.unordered[${index}]`;
  if (!isObject(rule)) {
    const steps = pathOf(name, rule, "$.items[*]");
    return { steps, text: rule as string, unordered: { by: undefined } };
  }
  checkObject(name, rule, ["path", "by"]);
  const { path, by } = rule as { path: unknown; by: unknown };
  const steps = pathOf(`${name}.path`, path, "$.items[*]");
  const unordered: Unordered = { by: keyPath(`${name}.by`, by) };
  return { steps, text: path as string, unordered };
}

function toleranceRule(rule: unknown, index: number): PathRule {
  const name = `compare.tolerance[${index}]`;
  checkObject(name, rule, ["path", "absolute", "relative", "dateMs"]);
  const { path, absolute, relative, dateMs } = rule as Record<string, unknown>;
  const steps = pathOf(`${name}.path`, path, "$.items[*].price");
  const tolerance: Tolerance = {
    absolute: atLeast(`${name}.absolute`, absolute, "from 0"),
    relative: atLeast(`${name}.relative`, relative, "from 0"),
    dateMs: atLeast(`${name}.dateMs`, dateMs, "from 0"),
  };
  if ((tolerance.absolute ?? tolerance.relative ?? tolerance.dateMs) === undefined)
    refuseType(name, rule, "an object with absolute, relative or dateMs");
  return { steps, text: path as string, tolerance };
}

function pathOf(name: string, path: unknown, example: string): Step[] {
  const allowed = `a path such as "${example}"`;
  if (typeof path !== "string") refuseType(name, path, allowed);
  try {
    return parsePath(path);
  } catch (error) {
    return refuseType(name, path, `${allowed} (${(error as Error).message})`);
  }
}

/** A path inside an element, that leads to one place: `id` is short for `$.id`. */
function keyPath(name: string, by: unknown): (string | number)[] {
  const short = typeof by === "string" && !by.startsWith("$");
  const steps = pathOf(name, short ? (by.startsWith("[") ? `$${by}` : `$.${by}`) : by, "id");
  return steps.map(({ key, deep }) => {
    if (key !== undefined && !deep) return key;
    return refuseType(name, by, 'a path to one value, such as "id" or "$.key.id"');
  });
}

function list(name: string, value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) refuseType(name, value, "an array");
  // A copy by index: a hole is refused like undefined, not skipped.
  return Array.from(value);
}

function callable<Rule>(name: string, value: Rule): Rule {
  checkFunction(name, value);
  return value;
}

function count(name: string, value: unknown, fallback: number): number {
  const number = atLeast(name, value, "above 0") ?? fallback;
  if (Number.isSafeInteger(number) || number === Infinity) return number;
  return refuseRange(name, number, "a whole number from 1, or Infinity");
}

function atLeast(name: string, value: unknown, range: "from 0" | "above 0"): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "number") refuseType(name, value, `a number ${range}`);
  if (value > 0 || (value === 0 && range === "from 0")) return value;
  return refuseRange(name, value, `a number ${range}`);
}
