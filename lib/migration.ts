import { invoker, type Adapter, type Invoke } from "./call/adapter.ts";
import { isAgreement } from "./call/outcome.ts";
import { callAlone } from "./call/attempt.ts";
import type { CallSite } from "./call/call-site.ts";
import type { ReadRules } from "./call/double-read.ts";
import type { Invocation } from "./call/invocation.ts";
import { SecondaryLimits, type LimitOptions } from "./call/secondary-limits.ts";
import { hasSecondary, planCall, type PlannedOperation } from "./call/plan.ts";
import { read } from "./call/read.ts";
import { comparator, type CompareRules } from "./comparison/index.ts";
import type { ModeDocument } from "./mode/mode-document.ts";
import type { Version } from "./mode/mode.ts";
import { checkMigrationName } from "./migration-name.ts";
import { redaction, type Redact } from "./records/redaction.ts";
import { RecordCap } from "./records/record-cap.ts";
import { rampBucket } from "./mode/ramp.ts";
import {
  checkBoolean,
  checkFunction,
  checkMs,
  checkNumber,
  checkObject,
  checkOneOf,
  refuseRange,
  refuseType,
} from "./options.ts";

/** Milliseconds that a secondary has when its operation says nothing else. */
export const DEFAULT_TIMEOUT_MS = 2_000;

/** The longest time-out there is: Lambda's own, 15 minutes. */
export const MAX_TIMEOUT_MS = 900_000;

/**
 * Values of an answer that are copied when its operation says nothing else. Copying is on the caller's
 * way, and takes some 0.3 µs a value.
 */
export const DEFAULT_MAX_COPIED = 100_000;

type AnyFunction = (...args: any[]) => any;

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
   * Whether the secondary starts right after the primary, or when the primary has settled: slower to
   * finish, and no load on V2 while V1 is at work.
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
   * Secondaries of this operation that an environment may have in flight at once; 1 to 10,000.
   * @default 100
   */
  readonly maxInFlight?: number;
  /**
   * Leaves a secondary alone that fails or times out `failures` times in a row (1 to 10,000), but for
   * one call every `probeAfterMs` milliseconds (1 to 900,000), to see whether it is well again. A
   * fallback is always tried. `false` turns it off.
   * @default { failures: 10, probeAfterMs: 10_000 }
   */
  readonly breaker?: false | { readonly failures?: number; readonly probeAfterMs?: number };
}

/** A write: it runs on the primary alone, so that nothing is ever done twice. */
export interface WriteOperation<Method extends AnyFunction = AnyFunction> {
  readonly kind: "write";
  /** What a ramp goes by, such as the customer. @default the invocation's request id */
  readonly key?: (...args: Parameters<Method>) => string;
}

/** One entry for every method of the dependency's interface. */
export type Operations<Dependency> = {
  readonly [
    Name in keyof Dependency as Dependency[Name] extends AnyFunction ? Name : never
  ]: Dependency[Name] extends AnyFunction
    ? ReadOperation<Dependency[Name]> | WriteOperation<Dependency[Name]>
    : never;
};

export interface MigrationOptions<Dependency> {
  /** Lower-case letters, digits and dashes, a letter first; at most 64 characters. */
  readonly name: string;
  /** What is in use today: an adapter, a function that makes one on first use, or `withCall(…)`. */
  readonly v1: Adapter<Dependency>;
  /** Its successor, likewise. */
  readonly v2: Adapter<Dependency>;
  /** What Segue needs to know of each method. */
  readonly operations: Operations<Dependency>;
}

/** The client that a handler uses: the dependency's interface, every method answering a promise. */
export type Client<Dependency> = {
  readonly [
    Name in keyof Dependency as Dependency[Name] extends AnyFunction ? Name : never
  ]: Dependency[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

/** The named move of one dependency from V1 to V2. */
export interface Migration<Dependency = any> {
  readonly name: string;
  /**
   * The dependency, as the invocation's mode has it.
   *
   * @param context the Lambda context that the handler was given.
   * @throws {TypeError} where no `segue` middleware has run for this context and this migration.
   */
  client(context: object): Client<Dependency>;
}

/** An operation, checked and with its defaults filled in. */
interface CheckedOperation extends PlannedOperation {
  readonly key: ((...args: readonly any[]) => unknown) | undefined;
  /** What reads need. A write never comes to need it. */
  readonly rules: ReadRules;
}

/** The mode document that one invocation goes by. */
export interface PinnedDocument {
  readonly document: ModeDocument;
  readonly version: string;
}

/** What the middleware does with a migration, out of the handlers' sight. */
export class DefinedMigration implements Migration {
  readonly name: string;
  readonly #versions: Readonly<Record<Version, Invoke>>;
  readonly #operations: ReadonlyMap<string, CheckedOperation>;
  readonly #cap = new RecordCap();
  readonly #clients = new WeakMap<object, Client<any>>();

  constructor(options: MigrationOptions<any>) {
    checkObject("migration", options, ["name", "v1", "v2", "operations"]);
    const { name, v1, v2, operations } = options;
    checkMigrationName("name", name);
    for (const [option, adapter] of Object.entries({ v1, v2 })) {
      if (typeof adapter !== "function" && (typeof adapter !== "object" || adapter === null)) {
        refuseType(option, adapter, "an adapter, a function that makes one, or withCall(…)");
      }
    }
    if (typeof operations !== "object" || operations === null) {
      refuseType("operations", operations, "an object with an entry for every method");
    }
    const entries = Object.entries(operations);
    if (entries.length === 0) refuseRange("operations", operations, "at least one operation");
    this.name = name;
    this.#versions = { v1: invoker("v1", v1), v2: invoker("v2", v2) };
    this.#operations = new Map(
      entries.map(([operation, given]) => [
        operation,
        checkOperation(`operations.${operation}`, given),
      ]),
    );
  }

  client(context: object): Client<any> {
    const client = this.#clients.get(context);
    if (client === undefined) {
      throw new TypeError(
        `${this.name}: no mode is pinned for this context. Wrap the handler with ` +
          `.use(segue(…)) for this migration, and pass client() the context that it was given`,
      );
    }
    return client;
  }

  /** Makes the client of one invocation, which goes by one document from first to last. */
  pin(
    context: object,
    invocation: Invocation,
    { document, version }: PinnedDocument,
    keepsAll: boolean,
  ): void {
    const client: Record<string, AnyFunction> = {};
    const { secondary = 1, matches = 0 } = document.sample ?? {};
    for (const [name, operation] of this.#operations) {
      const site: CallSite = {
        migration: this.name,
        operation: name,
        documentVersion: version,
        secondaryShare: secondary,
        unstoredFate: (outcome, signature) => {
          if (keepsAll) return undefined;
          if (isAgreement(outcome)) {
            return matches > 0 && Math.random() < matches ? undefined : "RecordsSampledOut";
          }
          return this.#cap.admits(`${name} ${signature}`) ? undefined : "RecordsCapped";
        },
        versions: this.#versions,
        invocation,
        tally: invocation.tally(this.name, name),
      };
      client[name] = (...args) => {
        const bucket = () => this.#bucket(operation, args, invocation);
        const plan = planCall(document, operation, bucket);
        return hasSecondary(plan)
          ? read(site, plan, operation.rules, args)
          : callAlone(site, plan.primary, args);
      };
    }
    this.#clients.set(context, client);
  }

  #bucket({ key }: CheckedOperation, args: readonly unknown[], invocation: Invocation): number {
    if (key !== undefined) {
      try {
        const value = key(...args);
        if (typeof value === "string") return rampBucket(this.name, value);
        // An async key, by mistake: what it rejects with must not go unhandled.
        if (value instanceof Promise) value.catch(() => {});
      } catch {
        // Counted below, together with a key that isn't one.
      }
      invocation.tally(this.name).count("KeyFailures");
    }
    return rampBucket(this.name, invocation.requestId);
  }
}

const READ_OPTIONS = [
  "redact",
  "compare",
  "fallback",
  "order",
  "timeoutMs",
  "primaryTimeoutMs",
  "maxInFlight",
  "breaker",
];

function checkOperation(option: string, given: unknown): CheckedOperation {
  if (typeof given !== "object" || given === null) {
    refuseType(option, given, `{ kind: "read", … } or { kind: "write", … }`);
  }
  const { kind } = given as { kind?: unknown };
  if (kind !== "read" && kind !== "write") {
    refuseType(`${option}.kind`, kind, `"read" or "write"`);
  }
  if ((given as { dual?: unknown }).dual === true) {
    refuseType(
      `${option}.dual`,
      true,
      "nothing yet: this version has no dual writes. Leave it out, and the write runs on the primary alone",
    );
  }
  const common = ["kind", "key"];
  checkObject(option, given, kind === "read" ? [...common, ...READ_OPTIONS] : [...common, "dual"]);
  const {
    key,
    compare,
    fallback,
    order,
    timeoutMs,
    primaryTimeoutMs,
    maxInFlight,
    breaker,
    redact,
  } = given as Partial<ReadOperation>;
  checkFunction(`${option}.key`, key);
  checkBoolean(`${option}.fallback`, fallback);
  checkOneOf(`${option}.order`, order, ["parallel", "primary-first"]);
  checkMs(`${option}.timeoutMs`, timeoutMs, 1, MAX_TIMEOUT_MS);
  checkMs(`${option}.primaryTimeoutMs`, primaryTimeoutMs, 1, MAX_TIMEOUT_MS);
  checkNumber(`${option}.maxInFlight`, maxInFlight, 1, 10_000);
  return {
    kind,
    key,
    fallback: fallback ?? true,
    rules: {
      comparator: named(option, () => comparator(compare)),
      redact: redact === undefined ? undefined : checkRedact(`${option}.redact`, redact),
      maxCopied: compare?.maxNodes ?? DEFAULT_MAX_COPIED,
      hasUserCode: compare !== undefined && hasFunctions(compare),
      order: order ?? "parallel",
      timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
      primaryTimeoutMs,
      limits: new SecondaryLimits({
        maxInFlight: maxInFlight ?? 100,
        ...checkBreaker(`${option}.breaker`, breaker),
      }),
    },
  };
}

function checkRedact(option: string, paths: unknown): Redact {
  if (!Array.isArray(paths) || paths.some((path) => typeof path !== "string")) {
    refuseType(option, paths, 'an array of paths such as "$..cardNumber"');
  }
  return named(option, () => redaction(paths));
}

function checkBreaker(option: string, breaker: ReadOperation["breaker"]): Breaking {
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

/**
 * Defines a migration: what is moved, from what, to what, and how its methods may be run twice.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong, what it got and what is allowed.
 * @example
 * export const customerDirectory = defineMigration<CustomerDirectory>({
 *   name: "customer-ids",
 *   v1: () => new OrdersTable(),
 *   v2: () => new PendingPaymentsTable(),
 *   operations: {
 *     customerIds: { kind: "read", key: (merchantId) => merchantId, compare: { unordered: ["$"] } },
 *   },
 * });
 */
export function defineMigration<Dependency>(
  options: MigrationOptions<Dependency>,
): Migration<Dependency> {
  return new DefinedMigration(options);
}
