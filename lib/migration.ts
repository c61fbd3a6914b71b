import { invoker, type Adapter, type Call, type Invoke } from "./call/adapter.ts";
import { isAgreement } from "./call/outcome.ts";
import { callAlone } from "./call/attempt.ts";
import { calibrated } from "./call/calibration.ts";
import type { CallSite } from "./call/call-site.ts";
import { DualWrite, type WriteKeys } from "./call/dual-write.ts";
import type { Invocation } from "./call/invocation.ts";
import { hasSecondary, planCall } from "./call/plan.ts";
import { read } from "./call/read.ts";
import { WriteOrder } from "./call/write-order.ts";
import type { ModeDocument } from "./mode/mode-document.ts";
import type { Version } from "./mode/mode.ts";
import { checkMigrationName } from "./migration-name.ts";
import type { RepairBook } from "./records/repair-book.ts";
import { RecordCap } from "./records/record-cap.ts";
import { rampBucket } from "./mode/ramp.ts";
import { checkObject, refuseRange, refuseType } from "./options.ts";
import {
  checkOperation,
  type AnyFunction,
  type CheckedDualWrite,
  type CheckedOperation,
  type Client,
  type Operations,
} from "./operation.ts";

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

/** The mode document that one invocation goes by. */
export interface PinnedDocument {
  readonly document: ModeDocument;
  readonly version: string;
}

/** What the middleware does with a migration, out of the handlers' sight. */
export class DefinedMigration implements Migration {
  readonly name: string;
  readonly versions: Readonly<Record<Version, Invoke>>;
  readonly operations: ReadonlyMap<string, CheckedOperation>;
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
    this.versions = { v1: invoker("v1", v1), v2: invoker("v2", v2) };
    this.operations = new Map(
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

  /** The names of the operations that are dual writes. */
  get dualWrites(): readonly string[] {
    return [...this.operations]
      .filter(([, { kind }]) => kind === "dual-write")
      .map(([name]) => name);
  }

  /**
   * Makes the client of one invocation, which goes by one document from first to last.
   *
   * @param kept.repairs where dual writes are entered; needed where there are any.
   */
  pin(
    context: object,
    invocation: Invocation,
    { document, version }: PinnedDocument,
    { repairs, keepsAll }: { repairs: RepairBook | undefined; keepsAll: boolean },
  ): void {
    const client: Record<string, AnyFunction> = {};
    const { secondary = 1, calibrate = 0, matches = 0 } = document.sample ?? {};
    const writes = new WriteOrder();
    for (const [name, operation] of this.operations) {
      const site: CallSite = {
        migration: this.name,
        operation: name,
        documentVersion: version,
        secondaryShare: secondary,
        unstoredFate: (outcome, signature, weight) => {
          if (keepsAll) return undefined;
          if (isAgreement(outcome)) {
            return matches > 0 && Math.random() < matches ? undefined : "RecordsSampledOut";
          }
          return this.#cap.admits(`${name} ${signature}`, weight) ? undefined : "RecordsCapped";
        },
        takeLeftOut: (signature) => this.#cap.takeLeftOut(`${name} ${signature}`),
        versions: this.versions,
        invocation,
        tally: invocation.tally(this.name, name),
        writes,
      };
      const planOf = (args: readonly unknown[]) =>
        planCall(document, operation, () =>
          rampBucket(this.name, this.#keyOf(operation, args, invocation)),
        );
      // Without a ramp all calls have the same one.
      const onePlan = document.ramp === undefined ? planOf([]) : undefined;
      client[name] =
        operation.kind === "dual-write"
          ? (...args) => this.#write(site, document, operation, args, repairs!)
          : (...args) => {
              const plan = onePlan ?? planOf(args);
              if (operation.kind === "write") return callAlone(site, plan.primary, args);
              const { rules } = operation;
              const drawn =
                calibrate > 0 && Math.random() < calibrate
                  ? calibrated(site, plan, rules, args, 1 / calibrate)
                  : site;
              return hasSecondary(plan)
                ? read(drawn, plan, rules, args)
                : callAlone(drawn, plan.primary, args);
            };
    }
    this.#clients.set(context, client);
  }

  #write(
    site: CallSite,
    document: ModeDocument,
    operation: CheckedDualWrite,
    args: readonly unknown[],
    repairs: RepairBook,
  ): Promise<unknown> {
    const { invocation } = site;
    const idempotencyKey = this.#text(operation.idempotencyKey, args, invocation);
    const key = operation.key && this.#text(operation.key, args, invocation);
    const bucket = rampBucket(this.name, key ?? invocation.requestId);
    const plan = planCall(document, operation, () => bucket);
    if (!hasSecondary(plan)) return callAlone(site, plan.primary, args, idempotencyKey);
    const keys: WriteKeys = { idempotencyKey, key: key ?? idempotencyKey ?? "", bucket };
    return new DualWrite(site, plan, operation.rules, keys, args, repairs).answer;
  }

  #keyOf({ key }: CheckedOperation, args: readonly unknown[], invocation: Invocation): string {
    return (key && this.#text(key, args, invocation)) ?? invocation.requestId;
  }

  /**
   * The dependency's interface, straight to one version.
   *
   * @param call what it throws, the client's method rejects with, and the version isn't called.
   */
  direct(
    version: Version,
    call: (operation: string, args: readonly unknown[]) => Call,
  ): Client<any> {
    const client: Record<string, AnyFunction> = {};
    for (const name of this.operations.keys()) {
      client[name] = async (...args) => {
        const made = call(name, args);
        return this.versions[version](name, () => made, args);
      };
    }
    return client;
  }

  /** The idempotency key of a dual write, and nothing for any other call, or where it has none. */
  idempotencyKey(name: string, args: readonly unknown[]): string | undefined {
    const operation = this.operations.get(name);
    return operation?.kind === "dual-write" ? textOf(operation.idempotencyKey, args) : undefined;
  }

  /** What a key function of the user's says, and nothing where it fails, which is counted. */
  #text(
    of: (...args: readonly any[]) => unknown,
    args: readonly unknown[],
    invocation: Invocation,
  ): string | undefined {
    const text = textOf(of, args);
    if (text === undefined) invocation.tally(this.name).count("KeyFailures");
    return text;
  }
}

function textOf(
  of: (...args: readonly any[]) => unknown,
  args: readonly unknown[],
): string | undefined {
  try {
    const value = of(...args);
    if (typeof value === "string") return value;
    // An async function, by mistake: what it rejects with must not go unhandled.
    if (value instanceof Promise) value.catch(() => {});
  } catch {
    // As one that gives no text.
  }
  return undefined;
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
