import { isAmbiguousError } from "./call/ambiguous.ts";
import { selfComparators } from "./call/calibration.ts";
import type { WriteRules } from "./call/dual-write.ts";
import type { ReadRules } from "./call/double-read.ts";
import type { PlannedOperation } from "./call/plan.ts";
import type { RepairState } from "./call/repair.ts";
import { SecondaryLimits, type LimitOptions } from "./call/secondary-limits.ts";
import { comparator, type CompareRules } from "./comparison/index.ts";
import type { Version } from "./mode/mode.ts";
import {
  checkBoolean,
  checkFunction,
  checkMs,
  checkNumber,
  checkObject,
  checkOneOf,
  refuseType,
} from "./options.ts";
import { redaction, type Redact } from "./records/redaction.ts";
import { LONGEST_INVOCATION_MS } from "./time-limit.ts";

/** Secondaries of one operation in flight when it says nothing else, and likewise its calibrations. */
export const DEFAULT_MAX_IN_FLIGHT = 100;

/** Milliseconds that a secondary has when its operation says nothing else. */
export const DEFAULT_TIMEOUT_MS = 2_000;

/** The longest time-out there is: Lambda's own, 15 minutes. */
export const MAX_TIMEOUT_MS = LONGEST_INVOCATION_MS;

/**
 * Values of an answer that are copied when its operation says nothing else. Copying is on the caller's
 * way, and takes some 0.3 µs a value.
 */
export const DEFAULT_MAX_COPIED = 100_000;

export type AnyFunction = (...args: any[]) => any;

/** A read: both versions may run, for it changes nothing. */
export interface ReadOperation<Method extends AnyFunction = AnyFunction> {
  readonly kind: "read";
  /** What a ramp goes by, such as the customer. @default the invocation's request id */
  readonly key?: (...args: Parameters<Method>) => string;
  /** How answers and errors compare. @default deeply and strictly */
  readonly compare?: CompareRules;
  /**
   * Paths of what must not leave the process, such as `$..cardNumber`. Each is applied to the answers,
   * to the errors and to the list of the arguments. What it names is replaced by `[redacted]` in the
   * records and in what is logged of them, and so is the same text wherever else it stands there.
   * @default none
   */
  readonly redact?: readonly string[];
  /** Whether V1 answers in `reverse-shadow` when V2 fails. @default true */
  readonly fallback?: boolean;
  /**
   * Whether the secondary starts right after the primary, or when the primary has settled and its caller
   * has had a turn: slower to finish, and the two don't work at the same time.
   * @default "parallel"
   */
  readonly order?: "parallel" | "primary-first";
  /** Milliseconds that the secondary has, from its start; 1 to 900,000. @default 2000 */
  readonly timeoutMs?: number;
  /**
   * Milliseconds after which a V2 that hasn't answered counts as failing, and V1's answer is taken, in
   * `reverse-shadow`; 1 to 900,000. @default none
   */
  readonly primaryTimeoutMs?: number;
  /**
   * Secondaries of this operation that an environment may have in flight at once, and as many second
   * runs of the primary for calibrations; 1 to 10,000.
   * @default 100
   */
  readonly maxInFlight?: number;
  /**
   * Leaves a secondary alone that fails or times out `failures` times in a row (1 to 10,000), but for
   * one call every `probeAfterMs` milliseconds (1 to 900,000), to see whether it is well again. A
   * fallback is always tried. `false` turns it off.
   * @default { failures: 10, probeAfterMs: 10_000 }
   */
  readonly breaker?: BreakerOption;
}

export type BreakerOption = false | { readonly failures?: number; readonly probeAfterMs?: number };

/** A write of one version: it runs on the primary alone, so that nothing is ever done twice. */
export interface WriteOperation<Method extends AnyFunction = AnyFunction> {
  readonly kind: "write";
  /** What a ramp goes by, such as the customer. @default the invocation's request id */
  readonly key?: (...args: Parameters<Method>) => string;
  readonly dual?: false;
}

/** A write of both versions in `shadow` and `reverse-shadow`, first on the primary. */
export interface DualWriteOperation<Method extends AnyFunction = AnyFunction, Dependency = any> {
  readonly kind: "write";
  readonly dual: true;
  /**
   * What both versions are to know the write by, so that doing it again does nothing. An adapter made
   * with `withCall` gets it as `call.idempotencyKey`.
   */
  readonly idempotencyKey: (...args: Parameters<Method>) => string;
  /**
   * What the write changes, such as the account. A ramp goes by it, and so does the order of writes:
   * two of one key that were under way at once are looked into by the repair pass.
   * @default for a ramp the invocation's request id, for the order the idempotency key
   */
  readonly key?: (...args: Parameters<Method>) => string;
  /** How answers compare. @default deeply and strictly */
  readonly compare?: CompareRules;
  /**
   * Paths of what must not leave the process, as for a read. Arguments that hold any of it can't be
   * kept for another run, so such a write is repaired by `reconcile` alone.
   * @default none
   */
  readonly redact?: readonly string[];
  /** Milliseconds that the secondary has, from its start; 1 to 900,000. @default 2000 */
  readonly timeoutMs?: number;
  /** As for a read; a secondary that is not called is left to the repair pass. @default 100 */
  readonly maxInFlight?: number;
  /** As for a read. @default { failures: 10, probeAfterMs: 10_000 } */
  readonly breaker?: BreakerOption;
  /**
   * Whether a primary that failed with this error may have written all the same.
   * @default `isAmbiguousError`: time-outs, aborts, broken connections, HTTP 408 and from 500 on
   */
  readonly isAmbiguous?: (error: unknown) => boolean;
  /**
   * Makes the secondary agree with the primary about what a write has changed. It must read what the
   * primary has, which need not have the write at all, and may run more than once. Methods of both
   * clients go straight to their version.
   * @default none: only what failed on the secondary alone is run again, the rest is left to a person
   */
  readonly reconcile?: (
    primary: Client<Dependency>,
    secondary: Client<Dependency>,
    write: UnfinishedWrite<Parameters<Method>>,
  ) => unknown;
}

/** A dual write as `reconcile` gets it. */
export interface UnfinishedWrite<Args extends readonly unknown[] = readonly unknown[]> {
  readonly state: RepairState;
  readonly primary: Version;
  readonly idempotencyKey: string | undefined;
  /** The arguments, if they could be kept whole: plain data of at most 300,000 bytes, nothing redacted. */
  readonly arguments: Args | undefined;
  /**
   * Idempotency keys of writes of the same `key` that are to be repaired the other way, after this one:
   * the secondary had them first, in another mode, and the primary may lack them. They are no sign of
   * anything wrong. An `intended` write that the primary doesn't show may never have been done: then what
   * the primary has is older than they are, and must not replace one of them in the secondary. One without
   * a key, such as one that had to be redacted, is `undefined` here.
   */
  readonly crossing: readonly (string | undefined)[];
}

/** One entry for every method of the dependency's interface. */
export type Operations<Dependency> = {
  readonly [
    Name in keyof Dependency as Dependency[Name] extends AnyFunction ? Name : never
  ]: Dependency[Name] extends AnyFunction
    ? | ReadOperation<Dependency[Name]>
      | WriteOperation<Dependency[Name]>
      | DualWriteOperation<Dependency[Name], Dependency>
    : never;
};

/** The client that a handler uses: the dependency's interface, every method answering a promise. */
export type Client<Dependency> = {
  readonly [
    Name in keyof Dependency as Dependency[Name] extends AnyFunction ? Name : never
  ]: Dependency[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

/** An operation, checked and with its defaults filled in. */
export type CheckedOperation = CheckedRead | CheckedWrite | CheckedDualWrite;

interface Checked extends PlannedOperation {
  readonly key: ((...args: readonly any[]) => unknown) | undefined;
}

export interface CheckedRead extends Checked {
  readonly kind: "read";
  readonly rules: ReadRules;
}

interface CheckedWrite extends Checked {
  readonly kind: "write";
}

export interface CheckedDualWrite extends Checked {
  readonly kind: "dual-write";
  readonly rules: WriteRules;
  readonly idempotencyKey: (...args: readonly any[]) => unknown;
  readonly reconcile: DualWriteOperation["reconcile"];
}

const SECONDARY_OPTIONS = ["compare", "redact", "timeoutMs", "maxInFlight", "breaker"];

const OPTIONS = {
  read: ["kind", "key", ...SECONDARY_OPTIONS, "fallback", "order", "primaryTimeoutMs"],
  write: ["kind", "key", "dual"],
  "dual-write": [
    "kind",
    "key",
    "dual",
    ...SECONDARY_OPTIONS,
    "idempotencyKey",
    "isAmbiguous",
    "reconcile",
  ],
};

/** @throws {TypeError | RangeError} naming the option that is wrong, what it got and what is allowed. */
export function checkOperation(option: string, given: unknown): CheckedOperation {
  const kind = checkKind(option, given);
  checkObject(option, given, OPTIONS[kind]);
  const { key } = given as ReadOperation;
  checkFunction(`${option}.key`, key);
  switch (kind) {
    case "read":
      return { kind, key, ...checkRead(option, given as ReadOperation) };
    case "write":
      return { kind, key, fallback: false };
    case "dual-write":
      return { kind, key, ...checkDualWrite(option, given as DualWriteOperation) };
  }
}

function checkKind(option: string, given: unknown): PlannedOperation["kind"] {
  if (typeof given !== "object" || given === null) {
    refuseType(option, given, `{ kind: "read", … } or { kind: "write", … }`);
  }
  const { kind, dual } = given as { kind?: unknown; dual?: unknown };
  if (kind !== "read" && kind !== "write") {
    refuseType(`${option}.kind`, kind, `"read" or "write"`);
  }
  if (kind === "read") return kind;
  checkBoolean(`${option}.dual`, dual);
  return dual === true ? "dual-write" : "write";
}

function checkRead(option: string, given: ReadOperation): Omit<CheckedRead, "kind" | "key"> {
  const { compare, fallback, order, primaryTimeoutMs, maxInFlight } = given;
  checkBoolean(`${option}.fallback`, fallback);
  checkOneOf(`${option}.order`, order, ["parallel", "primary-first"]);
  checkMs(`${option}.primaryTimeoutMs`, primaryTimeoutMs, 1, MAX_TIMEOUT_MS);
  return {
    fallback: fallback ?? true,
    rules: {
      ...checkSecondary(option, given),
      hasUserCode: compare !== undefined && hasFunctions(compare),
      order: order ?? "parallel",
      primaryTimeoutMs,
      calibration: {
        comparators: selfComparators(compare),
        limits: new SecondaryLimits({
          maxInFlight: maxInFlight ?? DEFAULT_MAX_IN_FLIGHT,
          breakAfter: undefined,
          probeAfterMs: 0,
        }),
      },
    },
  };
}

function checkDualWrite(
  option: string,
  given: DualWriteOperation,
): Omit<CheckedDualWrite, "kind" | "key"> {
  const { idempotencyKey, isAmbiguous, reconcile } = given;
  if (typeof idempotencyKey !== "function") {
    refuseType(
      `${option}.idempotencyKey`,
      idempotencyKey,
      "a function: a dual write needs one, so that a repair never does anything twice",
    );
  }
  checkFunction(`${option}.isAmbiguous`, isAmbiguous);
  checkFunction(`${option}.reconcile`, reconcile);
  return {
    fallback: false,
    idempotencyKey,
    reconcile,
    rules: {
      ...checkSecondary(option, given),
      isAmbiguous: isAmbiguous ?? isAmbiguousError,
    },
  };
}

/** What reads and dual writes have in common: a secondary, and a comparison. */
function checkSecondary(option: string, given: ReadOperation | DualWriteOperation) {
  const { compare, redact, timeoutMs, maxInFlight, breaker } = given;
  checkMs(`${option}.timeoutMs`, timeoutMs, 1, MAX_TIMEOUT_MS);
  checkNumber(`${option}.maxInFlight`, maxInFlight, 1, 10_000);
  return {
    comparator: named(option, () => comparator(compare)),
    redact: redact === undefined ? undefined : checkRedact(`${option}.redact`, redact),
    maxCopied: compare?.maxNodes ?? DEFAULT_MAX_COPIED,
    timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
    limits: new SecondaryLimits({
      maxInFlight: maxInFlight ?? DEFAULT_MAX_IN_FLIGHT,
      ...checkBreaker(`${option}.breaker`, breaker),
    }),
  };
}

function checkRedact(option: string, paths: unknown): Redact {
  if (!Array.isArray(paths) || paths.some((path) => typeof path !== "string")) {
    refuseType(option, paths, 'an array of paths such as "$..cardNumber"');
  }
  return named(option, () => redaction(paths));
}

function checkBreaker(option: string, breaker: BreakerOption | undefined): Breaking {
  if (breaker === false) return { breakAfter: undefined, probeAfterMs: 0 };
  if (breaker !== undefined) checkObject(option, breaker, ["failures", "probeAfterMs"]);
  const { failures, probeAfterMs } = breaker ?? {};
  checkNumber(`${option}.failures`, failures, 1, 10_000);
  checkMs(`${option}.probeAfterMs`, probeAfterMs, 1, MAX_TIMEOUT_MS);
  return { breakAfter: failures ?? 10, probeAfterMs: probeAfterMs ?? 10_000 };
}

type Breaking = Pick<LimitOptions, "breakAfter" | "probeAfterMs">;

function hasFunctions(compare: CompareRules): boolean {
  const { normalize, equal, ignoreWhen, errors } = compare;
  return [normalize, equal, ignoreWhen, errors].some((given) => given !== undefined);
}

/** Puts the operation's name before the message of an error about one of its options. */
function named<Value>(option: string, make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    if (error instanceof Error) error.message = `${option}.${error.message}`;
    throw error;
  }
}
