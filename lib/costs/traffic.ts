import type { PlannedOperation } from "../call/plan.ts";
import { checkModeDocument, type ModeDocument } from "../mode/mode-document.ts";
import { checkNumber, checkObject, checkOneOf, refuseRange } from "../options.ts";

/** How one operation is called, and how that goes. Shares are from 0 to 1. */
export interface OperationTraffic {
  readonly kind: PlannedOperation["kind"];
  /** Calls an invocation, on average: below 1 where not every invocation calls it. @default 1 */
  readonly calls?: number;
  /** Comparisons that are a disagreement though both versions answered. @default 0 */
  readonly mismatches?: number;
  /** Comparisons whose secondary failed; each of a dual write is left to the repair pass. @default 0 */
  readonly secondaryErrors?: number;
  /** Calibrations that are noisy. @default 0 */
  readonly noise?: number;
  /** Signatures that the disagreements have, and as many that the noise has. @default 1 */
  readonly signatures?: number;
}

/** A migration's traffic in one mode: what its costs are worked out from. */
export interface MigrationTraffic {
  /** The mode document in force. */
  readonly document: ModeDocument;
  readonly operations: readonly OperationTraffic[];
  /** Invocations of the functions that take part. @default 1_000_000 */
  readonly invocations?: number;
  /** Hours that these are spread over, evenly. @default 730, a month */
  readonly hours?: number;
  /** Execution environments that serve them side by side. @default 2 */
  readonly environments?: number;
  /** Environments that were started in that time. @default each once in two hours */
  readonly coldStarts?: number;
  /** Mode documents that were deployed in that time. @default 1 */
  readonly deployments?: number;
  /** Seconds from poll to poll, as the construct's `pollInterval`. @default 15 */
  readonly pollSeconds?: number;
  /** Minutes from one repair pass to the next, where there are dual writes. @default 5 */
  readonly repairMinutes?: number;
  /** Bytes of a comparison's record: its answers, arguments and differences, and some 400 beside. @default 1_000 */
  readonly recordBytes?: number;
  /** Bytes of a repair record: the arguments twice, and some 500 beside. @default 1_000 */
  readonly repairBytes?: number;
  /** Days that records are kept. @default 30 */
  readonly retentionDays?: number;
  /** Memory of the functions, in MB. @default 512 */
  readonly memoryMb?: number;
  /** Milliseconds that a call of V1 takes, on average. @default 20 */
  readonly v1Ms?: number;
  /** Milliseconds that a call of V2 takes, on average. @default 20 */
  readonly v2Ms?: number;
  /** Milliseconds that a request to the table of records takes, on average. @default 5 */
  readonly tableMs?: number;
  /** Invocations whose handler is done before its secondaries and calibrations are, of those that have any. @default 0.5 */
  readonly outlasted?: number;
  /** As the option of `segue`. @default "inline" */
  readonly response?: "inline" | "early";
}

const OPERATION_DEFAULTS = {
  calls: 1,
  mismatches: 0,
  secondaryErrors: 0,
  noise: 0,
  signatures: 1,
} as const satisfies Omit<Required<OperationTraffic>, "kind">;

const DEFAULTS = {
  invocations: 1_000_000,
  hours: 730,
  environments: 2,
  deployments: 1,
  pollSeconds: 15,
  repairMinutes: 5,
  recordBytes: 1_000,
  repairBytes: 1_000,
  retentionDays: 30,
  memoryMb: 512,
  v1Ms: 20,
  v2Ms: 20,
  tableMs: 5,
  outlasted: 0.5,
} as const satisfies Partial<MigrationTraffic>;

/** How long Lambda keeps a busy environment, give or take an hour. */
const HOURS_OF_LIFE = 2;

/** What of the traffic has no number as its default. */
const OTHER_KEYS = ["document", "operations", "coldStarts", "response"];

const SHARES = ["mismatches", "secondaryErrors", "noise", "outlasted"];

/** Traffic that says everything. */
export type WholeTraffic = Required<Omit<MigrationTraffic, "operations">> & {
  readonly operations: readonly Required<OperationTraffic>[];
};

/**
 * Fills up the traffic with the defaults.
 *
 * @throws {TypeError | RangeError} naming what is wrong, what it got and what is allowed.
 */
export function wholeTraffic(traffic: MigrationTraffic): WholeTraffic {
  checkObject("traffic", traffic, [...Object.keys(DEFAULTS), ...OTHER_KEYS]);
  const { document, response = "inline" } = traffic;
  checkOneOf("response", response, ["inline", "early"]);
  const numbers = withDefaults("", traffic, DEFAULTS);
  const { coldStarts = (numbers.environments * numbers.hours) / HOURS_OF_LIFE } = traffic;
  checkNumber("coldStarts", coldStarts, 0, Number.MAX_SAFE_INTEGER);
  for (const name of ["hours", "pollSeconds", "repairMinutes"] as const) {
    if (numbers[name] === 0) refuseRange(name, 0, "a number above 0");
  }
  const operations = traffic.operations.map((operation, at) => {
    const where = `operations[${at}].`;
    checkObject(`operations[${at}]`, operation, ["kind", ...Object.keys(OPERATION_DEFAULTS)]);
    checkOneOf(`${where}kind`, operation.kind, ["read", "write", "dual-write"]);
    const whole = withDefaults(where, operation, OPERATION_DEFAULTS);
    const disagreements = whole.mismatches + whole.secondaryErrors;
    if (disagreements > 1) {
      refuseRange(`${where}mismatches + secondaryErrors`, disagreements, "at most 1");
    }
    return { kind: operation.kind, ...whole };
  });
  return { document: checkModeDocument(document), response, coldStarts, operations, ...numbers };
}

/** The numbers of `defaults`, as given or by default, each checked. */
function withDefaults<Name extends string>(
  where: string,
  given: Readonly<Partial<Record<NoInfer<Name>, number>>>,
  defaults: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const names = Object.keys(defaults) as Name[];
  const whole = names.map((name) => {
    const value = given[name] ?? defaults[name];
    checkNumber(`${where}${name}`, value, 0, SHARES.includes(name) ? 1 : Number.MAX_SAFE_INTEGER);
    return [name, value];
  });
  return Object.fromEntries(whole);
}

export function hasDualWrites({ operations }: WholeTraffic): boolean {
  return operations.some(({ kind }) => kind === "dual-write");
}
