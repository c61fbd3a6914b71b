/**
 * A model of section "writes" of the design, driven at random: processes that write side by side, in
 * neighbouring modes, with faults on either version, killed or frozen at any step, their requests landing
 * late or in another order, and repair passes in between. When all is over the two versions hold the same
 * data.
 */
import assert from "node:assert/strict";
import { mock } from "node:test";
import fc from "../support/property.ts";
import {
  defineMigration,
  operatorHandler,
  repairHandler,
  withCall,
  type Call,
} from "../../lib/index.ts";
import type { Migration } from "../../lib/index.ts";
import { memoryRepairs, type MemoryRepairs } from "../../lib/records/memory-repairs.ts";
import type { RepairStore } from "../../lib/records/repair-store.ts";
import { fixedMode, memoryMetrics } from "../../lib/testing.ts";
import { lambdaContext, wrapped } from "../support/invoke.ts";
import { never } from "../support/settled.ts";

/** What a version does with a write. */
const FATES = [
  "does it",
  // A clear no, before anything is written.
  "refuses",
  // The connection breaks, before or after it is written, or it is written when the caller has given up.
  "breaks before",
  "breaks after",
  "lands late",
] as const;
type Fate = (typeof FATES)[number];

interface Write {
  readonly operation: "add" | "set";
  readonly account: "alice" | "bob";
  readonly primary: Fate;
  readonly secondary: Fate;
  /** Whether its idempotency key can't be told, if it sets a value. */
  readonly keyless: boolean;
}

interface ProcessPlan {
  readonly mode: "shadow" | "reverse-shadow";
  /** By invocation, its steps, and the writes that each does at once. */
  readonly invocations: readonly (readonly (readonly Write[])[])[];
  /** What becomes of it after how many of the scheduler's turns. */
  readonly stops: Stop | undefined;
}

interface Stop {
  readonly how: "killed" | "frozen";
  readonly after: number;
}

interface Process {
  dead: boolean;
  /** Whether it is a repair pass. */
  readonly repairs?: boolean;
  /** Settles when it is thawed. */
  frozen?: Promise<void>;
}

interface Ledger {
  add(account: string, id: string, fates: Fates): Promise<string>;
  set(account: string, id: string, fates: Fates): Promise<string>;
  read(key: string): Promise<string | undefined>;
}
type Fates = Pick<Write, "primary" | "secondary" | "keyless">;

const fate = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fate>("does it") },
  { weight: 3, arbitrary: fc.constantFrom(...FATES) },
);

/** Processes that run side by side, and when what the round before them has left is repaired. */
interface Round {
  readonly processes: readonly ProcessPlan[];
  readonly repairs: "before" | "beside" | "later";
}

interface Bounds {
  readonly rounds: number;
  /** Processes of a round. */
  readonly sideBySide: number;
  /** Invocations of a process, steps of each, and writes of each. */
  readonly most: number;
  readonly stops: fc.Arbitrary<Stop | undefined>;
  readonly repairs: fc.Arbitrary<Round["repairs"]>;
}

function roundsOf(
  write: fc.Arbitrary<Write>,
  { rounds, sideBySide, most, stops, repairs }: Bounds,
): fc.Arbitrary<Round[]> {
  const upTo = (maxLength: number) => ({ minLength: 1, maxLength });
  const steps = fc.array(fc.array(write, upTo(most)), upTo(most));
  const plan: fc.Arbitrary<ProcessPlan> = fc.record({
    mode: fc.constantFrom("shadow", "reverse-shadow"),
    invocations: fc.array(steps, upTo(most)),
    stops,
  });
  const round = fc.record({ processes: fc.array(plan, upTo(sideBySide)), repairs });
  return fc.array(round, upTo(rounds));
}

const within = (turns: number) =>
  fc.option(
    fc.record({
      how: fc.constantFrom("killed", "killed", "frozen"),
      after: fc.integer({ min: 0, max: turns }),
    }),
    { nil: undefined },
  );

/** Rounds in which writes meet in many ways. */
const crowded = {
  rounds: 3,
  sideBySide: 3,
  most: 2,
  repairs: fc.constantFrom("before", "beside", "later"),
} as const;

const keyless = fc.oneof(
  { weight: 9, arbitrary: fc.constant(false) },
  { weight: 1, arbitrary: fc.constant(true) },
);

/** All sorts of writes. */
const manySorts = roundsOf(
  fc.record({
    operation: fc.constantFrom("add", "set"),
    account: fc.constantFrom("alice", "bob"),
    primary: fate,
    secondary: fate,
    keyless,
  }),
  { ...crowded, stops: within(40) },
);

/** Few steps, and all on one value, so that they meet as often as can be. */
const oneValue = roundsOf(
  fc.record({
    operation: fc.constant("set" as const),
    account: fc.constant("alice" as const),
    primary: fc.constant("does it" as const),
    secondary: fc.oneof(
      { weight: 5, arbitrary: fc.constant<Fate>("does it") },
      { weight: 1, arbitrary: fc.constantFrom<Fate>("refuses", "lands late") },
    ),
    keyless: fc.constant(false),
  }),
  { ...crowded, stops: within(15) },
);

/** One write after the other, in either mode; they fail, or are killed, as often as not, and wait. */
const inTurn = roundsOf(
  fc.record({
    operation: fc.constant("set" as const),
    account: fc.constant("alice" as const),
    primary: fc.constant("does it" as const),
    secondary: fc.constantFrom<Fate>("does it", "refuses"),
    keyless,
  }),
  {
    rounds: 6,
    sideBySide: 1,
    most: 1,
    // Soon, if at all: when its intent is stored, and no version has it yet.
    stops: fc.option(
      fc.record({ how: fc.constant("killed"), after: fc.integer({ min: 2, max: 4 }) }),
      { nil: undefined, freq: 2 },
    ),
    repairs: fc.constantFrom("later", "later", "later", "before"),
  },
);

/** Which operations have a `reconcile`. */
type Reconciles = Readonly<Record<Write["operation"], boolean>>;

/** Later than any intent is due. */
const MUCH_LATER_MS = 20 * 60_000;

/** A value that was to be set. */
interface Setting {
  readonly account: string;
  readonly startedAt: number;
  /** When nothing of it can land any more. */
  overAt: number;
  /** Whether its caller saw it succeed. */
  done: boolean;
  landsLate: boolean;
}

class World {
  readonly scheduler: fc.Scheduler;
  readonly data = { v1: new Map<string, string>(), v2: new Map<string, string>() };
  readonly repairs: MemoryRepairs = memoryRepairs();
  /** What callers saw succeed, by key; of `add` only, since what is set may be set again. */
  readonly seen = new Map<string, string>();
  /** What was set, by its value. */
  readonly settings = new Map<string, Setting>();
  readonly wrong: string[] = [];
  readonly #turnMs: number;
  #ids = 0;
  readonly #frozen: { readonly working: Promise<void>; thaw(): void }[] = [];

  constructor(scheduler: fc.Scheduler, turnMs: number) {
    this.scheduler = scheduler;
    this.#turnMs = turnMs;
  }

  /** One turn of the scheduler's, at a time of its choosing. */
  async turn(): Promise<void> {
    await this.scheduler.schedule(Promise.resolve());
    mock.timers.setTime(Date.now() + this.#turnMs);
  }

  /**
   * A request: it is sent, arrives, and is answered; a process that is dead by then sees no answer, and one
   * that is frozen sees it late.
   */
  async request<Value>(process: Process, act: () => Value | Promise<Value>): Promise<Value> {
    await process.frozen;
    if (process.dead) return never();
    await this.turn();
    const result = await Promise.resolve(act()).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await this.turn();
    await process.frozen;
    if (process.dead) return never();
    if ("error" in result) throw result.error;
    return result.value;
  }

  migration(process: Process, reconciles: Reconciles): Migration<Ledger> {
    const broken = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    const put = (version: "v1" | "v2", call: Call, key: string, id: string, fates?: Fates) =>
      this.request(process, () => {
        const data = this.data[version];
        // What has failed once need not fail again when it is repaired.
        switch ((process.repairs ? undefined : fates?.[call.role]) ?? "does it") {
          case "refuses":
            throw new RangeError("no");
          case "breaks before":
            throw broken;
          case "breaks after":
            data.set(key, id);
            throw broken;
          case "lands late":
            void this.turn().then(() => data.set(key, id));
            throw broken;
          case "does it":
            data.set(key, id);
            return id;
        }
      });
    const version = (name: "v1" | "v2") =>
      withCall<Ledger>({
        add: (call, account, id, fates) => put(name, call, `${account}/${id}`, id, fates),
        set: (call, account, id, fates) => put(name, call, account, id, fates),
        read: (_, key) => this.request(process, () => this.data[name].get(key)),
      });
    const reconcile =
      (keyOf: (account: string, id: string) => string, operation: "add" | "set") =>
      async (primary: any, secondary: any, { arguments: args, state, crossing }: any) => {
        const [account, id] = args;
        const key = keyOf(account, id);
        const stored = await primary.read(key);
        // It may never have been done; then what there is may be older than what it crosses.
        if (state === "intended" && stored !== id && crossing.length > 0) {
          // Only one of the same value lacks its key.
          if (crossing.includes(undefined) || crossing.includes(await secondary.read(key))) return;
        }
        if (stored !== undefined) await secondary[operation](account, stored);
      };
    const dual = { kind: "write", dual: true, key: (account: string) => account } as const;
    return defineMigration<Ledger>({
      name: "ledger",
      v1: version("v1"),
      v2: version("v2"),
      operations: {
        add: {
          ...dual,
          idempotencyKey: (_, id) => id,
          ...(reconciles.add && {
            reconcile: reconcile((account, id) => `${account}/${id}`, "add"),
          }),
        },
        set: {
          ...dual,
          idempotencyKey: (_, id, fates) => (fates?.keyless ? undefined : id) as string,
          ...(reconciles.set && { reconcile: reconcile((account) => account, "set") }),
        },
        read: { kind: "read" },
      },
    });
  }

  /** The store of repairs as a process reaches it. */
  storeFor(process: Process): RepairStore {
    const { repairs } = this;
    const request =
      <Args extends unknown[], Value>(act: (...args: Args) => Promise<Value>) =>
      (...args: Args) =>
        this.request(process, () => act(...args));
    return {
      put: request(repairs.put),
      change: request(repairs.change),
      remove: request(repairs.remove),
      sameSubject: request(repairs.sameSubject),
      others: request(repairs.others),
      holds: request(repairs.holds),
      overlap: request(repairs.overlap),
      look: request(repairs.look),
      claim: request(repairs.claim),
      release: request(repairs.release),
      list: repairs.list,
      ofSubject: repairs.ofSubject,
    };
  }

  /** Runs a process. Resolves when it is done, or dead, or frozen. */
  async run({ mode, invocations, stops }: ProcessPlan, reconciles: Reconciles): Promise<void> {
    const process: Process = { dead: false };
    /** Of the invocation under way. */
    const settings: Setting[] = [];
    const migration = this.migration(process, reconciles);
    const records = { retentionDays: 1, repairs: this.storeFor(process), write: async () => [] };
    const { invoke } = wrapped(
      migration,
      mode,
      async (steps: ProcessPlan["invocations"][number], context) => {
        const client = migration.client(context);
        for (const writes of steps) {
          await Promise.all(writes.map((one) => this.#write(client, one, settings)));
        }
      },
      { records },
    );
    const work = async () => {
      for (const [index, steps] of invocations.entries()) {
        await invoke(steps, lambdaContext({ requestId: `request-${this.#ids++}-${index}` }));
        for (const one of settings.splice(0)) if (!one.landsLate) one.overAt = Date.now();
      }
    };
    const working = work();
    const stopped = async ({ how, after }: Stop) => {
      for (let turns = after; turns > 0; turns--) await this.turn();
      if (how === "killed") {
        process.dead = true;
        return;
      }
      const { promise, resolve: thaw } = Promise.withResolvers<void>();
      process.frozen = promise;
      this.#frozen.push({ working, thaw });
    };
    await (stops === undefined ? working : Promise.race([working, stopped(stops)]));
  }

  /** Has what is frozen go on. Resolves when it is done. */
  async thaw(): Promise<void> {
    const frozen = this.#frozen.splice(0);
    for (const { thaw } of frozen) thaw();
    await Promise.all(frozen.map(({ working }) => working));
  }

  /** Nothing is under way any more, but for what is frozen. */
  quiet(): void {
    if (this.#frozen.length > 0) return;
    for (const one of this.settings.values()) one.overAt = Math.min(one.overAt, Date.now());
  }

  /** One write, and whether its caller saw what the model says: the primary's fate and no other. */
  async #write(
    client: any,
    { operation, account, ...fates }: Write,
    settings: Setting[],
  ): Promise<void> {
    const id = `${operation}-${this.#ids++}`;
    let seen: string;
    const setting: Setting = {
      account,
      startedAt: Date.now(),
      overAt: Infinity,
      done: false,
      landsLate: fates.primary === "lands late" || fates.secondary === "lands late",
    };
    if (operation === "set") this.settings.set(id, setting);
    try {
      const answer = await client[operation](account, id, fates);
      seen = answer === id ? "done" : `answered ${answer}`;
    } catch (error) {
      seen = error instanceof RangeError ? "refused" : "broken";
    }
    const expected = { "does it": "done", refuses: "refused" }[fates.primary as string] ?? "broken";
    if (seen !== expected) this.wrong.push(`${id}: ${seen}, not ${expected}`);
    setting.done = seen === "done";
    settings.push(setting);
    if (seen === "done" && operation === "add") this.seen.set(`${account}/${id}`, id);
  }

  /** What has been brought back past a success that came after it. */
  get broughtBack(): string[] {
    return ["alice", "bob"].filter((account) => {
      const last = this.settings.get(this.data.v1.get(account) ?? "");
      return [...this.settings.values()].some(
        (one) => one.account === account && one.done && one.startedAt > (last?.overAt ?? 0),
      );
    });
  }

  async pass(mode: "shadow" | "reverse-shadow", reconciles: Reconciles) {
    const process = { dead: false, repairs: true };
    const [report] = await repairHandler(this.migration(process, reconciles), {
      modeSource: fixedMode(mode),
      records: { retentionDays: 1, repairs: this.storeFor(process), write: async () => [] },
      metrics: memoryMetrics(),
      logger: { warn: () => {}, error: () => {} },
    })({}, lambdaContext());
    return report!;
  }

  /**
   * A person who looks through what is left, and has made what the primary has and the secondary lacks.
   * Meanwhile anything may come in between.
   */
  async person(mode: "shadow" | "reverse-shadow", reconciles: Reconciles): Promise<void> {
    const process = { dead: false, repairs: true };
    const ask = operatorHandler(this.migration(process, reconciles), {
      modeSource: fixedMode(mode),
      records: {
        retentionDays: 1,
        repairs: this.storeFor(process),
        read: async () => undefined,
        write: async () => [],
      },
      logger: { warn: () => {}, error: () => {} },
    });
    const migration = "ledger";
    for (const { id, subject, operation, primary, arguments: args } of this.repairs.stored) {
      const looked: any = await ask(
        { action: "look-at-repair", migration, repair: { id, subject } },
        lambdaContext(),
      );
      if (looked.outcome === "gone") continue;
      await this.turn();
      const [account, value] = args as readonly string[];
      const key = operation === "add" ? `${account}/${value}` : account!;
      if (this.data[primary].get(key) !== value) continue;
      // Long enough for a whole write in between.
      for (let turns = 0; turns < 15; turns++) await this.turn();
      const repair = { id, subject, look: looked.look };
      await ask({ action: "run-repair", migration, repair }, lambdaContext());
    }
  }
}

function sorted(data: ReadonlyMap<string, string>): string[] {
  return Array.from(data, ([key, value]) => `${key}=${value}`).toSorted((a, b) => (a < b ? -1 : 1));
}

async function drive(
  scheduler: fc.Scheduler,
  rounds: readonly Round[],
  lastMode: "shadow" | "reverse-shadow",
  reconciles: Reconciles,
  turnMs: number,
) {
  const world = new World(scheduler, turnMs);
  /** Lets what is under way end, and what it leaves become due. */
  const over = async (work: readonly Promise<unknown>[]) => {
    await scheduler.waitFor(Promise.all(work));
    await scheduler.waitIdle();
    world.quiet();
    mock.timers.setTime(Date.now() + MUCH_LATER_MS);
  };
  const repaired = async () => {
    let report = await scheduler.waitFor(world.pass(lastMode, reconciles));
    for (let passes = 0; passes < 3 && report.pending > 0; passes++) {
      report = await scheduler.waitFor(world.pass(lastMode, reconciles));
    }
    return report;
  };
  for (const { processes, repairs } of rounds) {
    // What the round before has left is due by now.
    const repairing =
      repairs === "later"
        ? []
        : [world.pass(lastMode, reconciles), world.person(lastMode, reconciles)];
    if (repairs === "before") await scheduler.waitFor(Promise.all<unknown>(repairing));
    const running = [world.thaw(), ...processes.map((one) => world.run(one, reconciles))];
    await over([...repairing, ...running]);
  }
  // Beside what is frozen since the last round, and then without.
  await repaired();
  await over([world.thaw()]);
  return { world, report: await repaired() };
}

export const MODELS = {
  "all sorts of writes": manySorts,
  "one value": oneValue,
  "one after the other": inTurn,
} as const;

/** Which operations have a `reconcile`; without one, what can't be decided is left. */
export const RECONCILES = {
  all: fc.constant({ add: true, set: true }),
  none: fc.constant({ add: false, set: false }),
  some: fc.constantFrom({ add: true, set: false }, { add: false, set: true }),
} as const satisfies Record<string, fc.Arbitrary<Reconciles>>;

/** Drives the model, and throws where the versions end up different. */
async function check(
  model: keyof typeof MODELS,
  reconcile: keyof typeof RECONCILES,
  numRuns: number,
) {
  const mode = fc.constantFrom("shadow" as const, "reverse-shadow" as const);
  // Within the allowance for clocks that differ, and beyond it.
  const turnMs = fc.constantFrom(1, 150);
  const given = [fc.scheduler(), MODELS[model], RECONCILES[reconcile], mode, turnMs] as const;
  await fc.assert(
    fc.asyncProperty(...given, async (scheduler, rounds, reconciles, lastMode, ms) => {
      const { world, report } = await drive(scheduler, rounds, lastMode, reconciles, ms);
      assert.deepEqual(world.wrong, []);
      if (reconcile === "all") {
        assert.deepEqual([report.pending, world.repairs.stored], [0, []]);
      }
      const left = new Set(
        world.repairs.stored.map(({ arguments: args }) => (args as readonly string[])[0]),
      );
      const settled = (data: ReadonlyMap<string, string>) =>
        sorted(data).filter((line) => !left.has(/^[^/=]*/.exec(line)![0]));
      assert.deepEqual(settled(world.data.v1), settled(world.data.v2));
      // A write that comes in the middle of a reconcile may be overwritten by what that had read.
      const isQuiet = rounds.every(
        ({ processes, repairs }) =>
          repairs !== "beside" && processes.every(({ stops }) => stops?.how !== "frozen"),
      );
      if (isQuiet || reconcile === "none") {
        const broughtBack = world.broughtBack.filter((account) => !left.has(account));
        assert.deepEqual(broughtBack, []);
      }
      if (reconcile !== "all") return;
      for (const [key, id] of world.seen) assert.equal(world.data.v1.get(key), id, key);
    }),
    { numRuns },
  );
}

// A process of its own: the test runner follows every promise, which costs ten times the model itself.
if (import.meta.main) {
  const [model, reconcile, numRuns] = process.argv.slice(2);
  mock.timers.enable({ apis: ["Date", "setTimeout"], now: Date.UTC(2026, 0, 1) });
  await check(model as keyof typeof MODELS, reconcile as keyof typeof RECONCILES, Number(numRuns));
}
