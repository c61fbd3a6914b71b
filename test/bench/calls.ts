/**
 * What one call costs, against a direct call and against the libraries that do a part of it. All
 * subjects run in turns, in an order shuffled anew every round, on one machine; medians of the rounds. What
 * the compiler makes of the code differs from process to process by some percent, so there are several,
 * and each figure is the median of theirs.
 *
 *     node test/bench/calls.ts [--json]
 *
 * With --json one object a line: `name`, `value`, `unit`, `bar` (the value may be as much), `peer`.
 * Exits 1 when a bar is missed.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { isDeepStrictEqual } from "node:util";
import {
  createMigration,
  init,
  LDConcurrentExecution,
  LDMigrationStage,
  LDMigrationSuccess,
} from "@launchdarkly/node-server-sdk";
import { TestData } from "@launchdarkly/node-server-sdk/integrations";
import middy from "@middy/core";
import { experimentAsync } from "tzientist";
import segue, { defineMigration, type Mode } from "../../lib/index.ts";
import { fixedMode } from "../../lib/testing.ts";
import { median, report, shuffled } from "../support/figures.ts";

const PROCESSES = 5;
/** The argument that makes of this file one of them. */
const ONE_PROCESS = "--one-process";
const ROUNDS = 400;
const CALLS = 200;
/** Enough for the compiler to be done with every subject, also where it has to share a CPU. */
const WARM_UP_ROUNDS = 300;

/** A small nested object with five items, made anew by every call. */
function answer(id: string) {
  return {
    id,
    total: 12.5,
    customer: { id: "customer-1", name: "A name" },
    items: Array.from({ length: 5 }, (_, index) => ({
      sku: `sku-${index}`,
      quantity: index + 1,
      price: { amount: index * 1.5, currency: "EUR" },
    })),
  };
}

type Answer = ReturnType<typeof answer>;

interface Dependency {
  get(id: string): Promise<Answer>;
}

const v1: Dependency = { get: async (id) => answer(id) };
const v2: Dependency = { get: async (id) => answer(id) };

interface Subject {
  readonly name: string;
  /** Makes so many calls, one after the other; resolves to the last answer. */
  run(calls: number): Promise<unknown>;
}

async function repeat(calls: number, call: () => Promise<unknown>): Promise<unknown> {
  let last: unknown;
  for (let at = 0; at < calls; at++) last = await call();
  return last;
}

function ours(mode: Mode): Subject {
  const migration = defineMigration<Dependency>({
    name: "things",
    v1,
    v2,
    operations: { get: { kind: "read" } },
  });
  let compared = 0;
  const handler = middy()
    .use(
      segue(migration, {
        modeSource: fixedMode(mode),
        records: { retentionDays: 1, write: async () => [] },
        metrics: {
          publish: (tallies) => {
            for (const { counts } of tallies) compared += counts.get("Matches") ?? 0;
          },
        },
      }),
    )
    .handler((event: { calls: number }, context) => {
      const client = migration.client(context);
      return repeat(event.calls, () => client.get("a"));
    });
  const both = mode === "shadow" || mode === "reverse-shadow";
  return {
    name: mode,
    async run(calls) {
      compared = 0;
      const context = { awsRequestId: "r", getRemainingTimeInMillis: () => 30_000 };
      const last = await handler({ calls }, context as any, {} as any);
      assert.equal(compared, both ? calls : 0, "every call is compared");
      return last;
    },
  };
}

function tzientist(): Subject {
  let compared = 0;
  const experiment = experimentAsync({
    name: "things",
    control: v1.get,
    candidate: v2.get,
    options: {
      publish: ({ controlResult, candidateResult }) => {
        assert.ok(isDeepStrictEqual(controlResult, candidateResult));
        compared++;
      },
    },
  });
  return {
    name: "tzientist",
    async run(calls) {
      compared = 0;
      const last = await repeat(calls, () => experiment("a"));
      assert.equal(compared, calls);
      return last;
    },
  };
}

async function launchDarkly(): Promise<Subject & { close(): void }> {
  const data = new TestData();
  await data.update(data.flag("things").valueForAll(LDMigrationStage.Shadow));
  const client = init("sdk-key", {
    updateProcessor: data.getFactory(),
    sendEvents: false,
    diagnosticOptOut: true,
    logger: { error() {}, warn() {}, info() {}, debug() {} },
  });
  await client.waitForInitialization({ timeout: 5 });
  let compared = 0;
  const migration = createMigration<Answer, boolean>(client, {
    readNew: async () => LDMigrationSuccess(await v2.get("a")),
    readOld: async () => LDMigrationSuccess(await v1.get("a")),
    writeNew: async () => LDMigrationSuccess(true),
    writeOld: async () => LDMigrationSuccess(true),
    execution: new LDConcurrentExecution(),
    check: (one, other) => (compared++, isDeepStrictEqual(one, other)),
  });
  const user = { kind: "user", key: "a" };
  return {
    name: "LaunchDarkly",
    async run(calls) {
      compared = 0;
      const last: any = await repeat(calls, () =>
        migration.read("things", user, LDMigrationStage.Shadow),
      );
      assert.equal(compared, calls);
      return last.result;
    },
    close: () => client.close(),
  };
}

/** Microseconds that a call takes, by subject. */
type Times = Readonly<Record<string, number>>;

/** Measures all subjects in this process. */
async function measure(): Promise<Times> {
  const darkly = await launchDarkly();
  const subjects: Subject[] = [
    { name: "direct", run: (calls) => repeat(calls, () => v1.get("a")) },
    {
      name: "bare dual",
      run: (calls) =>
        repeat(calls, async () => {
          const [one, other] = await Promise.all([v1.get("a"), v2.get("a")]);
          assert.ok(isDeepStrictEqual(one, other));
          return one;
        }),
    },
    ours("old"),
    ours("shadow"),
    ours("reverse-shadow"),
    ours("new"),
    tzientist(),
    darkly,
  ];

  for (const { run, name } of subjects) {
    assert.deepEqual(await run(3), answer("a"), `${name} does the same work`);
  }
  const times = new Map(subjects.map(({ name }) => [name, [] as number[]]));
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const { name, run } of shuffled(subjects)) {
      const startedAt = performance.now();
      await run(CALLS);
      const us = ((performance.now() - startedAt) * 1_000) / CALLS;
      if (round >= 0) times.get(name)!.push(us);
    }
  }
  darkly.close();
  return Object.fromEntries(Array.from(times, ([name, each]) => [name, median(each)]));
}

if (process.argv.includes(ONE_PROCESS)) {
  console.log(JSON.stringify(await measure()));
} else {
  const runs = Array.from({ length: PROCESSES }, (): Times => {
    const args = [import.meta.filename, ONE_PROCESS];
    return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
  });
  const over = (figure: (us: Times) => number) => median(runs.map(figure));
  if (!process.argv.includes("--json")) {
    const names = Object.keys(runs[0]!);
    console.table(names.map((name) => ({ name, "µs a call": over((us) => us[name]!).toFixed(3) })));
  }
  report([
    ...["old", "new"].map((mode) => ({
      name: `${mode}, above a direct call`,
      value: over((us) => us[mode]! - us["direct"]!),
      unit: "µs",
      bar: 0.5,
      peer: "direct",
    })),
    ...["shadow", "reverse-shadow", "tzientist", "LaunchDarkly"].map((name) => ({
      name: `${name}, on a match`,
      value: over((us) => us[name]! / us["bare dual"]!),
      unit: "x time",
      bar: name === "shadow" ? 1.15 : undefined,
      peer: "bare dual",
    })),
  ]);
}
