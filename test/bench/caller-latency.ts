/**
 * How much longer the caller of the dependency waits in `shadow` than for a direct call of V1: from the
 * call of the client's method to the settling of its promise, within the handler. V1 takes 5 ms; V2 takes
 * longer, never answers, throws, or burns the one CPU that both have. What follows the handler's end is
 * not the caller's, and not in the figures.
 *
 * All subjects run in turns, in an order shuffled anew every round. V1 is a timer, with a timer's jitter,
 * so what is compared is the quantiles of all calls; "direct, again" shows how much they differ where
 * nothing does. Time for which the process was ready to run while other processes had the CPUs is taken
 * out, where the system tells (Linux): on a busy machine it is all there is at the 99th percentile.
 *
 *     node test/bench/caller-latency.ts [--json]
 *
 * With --json one object a line: `name`, `value`, `unit`, `bar` (the value may be as much), `peer`.
 * Exits 1 when a bar is missed.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import middy from "@middy/core";
import segue, { defineMigration } from "../../lib/index.ts";
import { fixedMode, memoryMetrics, memoryRecords } from "../../lib/testing.ts";
import { quantile, report, shuffled } from "../support/figures.ts";

const ROUNDS = 40;
const WARM_UP_ROUNDS = 2;
/** One after the other, in one invocation. */
const CALLS = 25;
const V1_MS = 5;
const SLOW_MS = 50;
const BURNT_MS = 20;
/** Shorter than the default, since every invocation with a V2 that hangs lasts as long. */
const TIMEOUT_MS = 100;
const MAX_MORE_MS = 1;

interface Dependency {
  get(id: string): Promise<string>;
  put(id: string): Promise<string>;
}

function dependency(method: (id: string) => Promise<string>): Dependency {
  return { get: method, put: method };
}

/** Milliseconds of CPU that this thread has taken so far. */
function burntMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

const v1 = dependency((id) => sleep(V1_MS, id));

/** Each with the metric of what a comparison with it comes to. */
const successors = {
  slow: { name: `V2 of ${SLOW_MS} ms`, v2: dependency((id) => sleep(SLOW_MS, id)), end: "Matches" },
  hung: { name: "V2 hung", v2: dependency(() => new Promise(() => {})), end: "Timeouts" },
  throwing: {
    name: "V2 throwing",
    v2: dependency(() => {
      throw new Error("V2 is down");
    }),
    end: "SecondaryErrors",
  },
  burning: {
    name: `V2 burning ${BURNT_MS} ms of CPU`,
    v2: dependency(async (id) => {
      const until = burntMs() + BURNT_MS;
      while (burntMs() < until);
      return id;
    }),
    end: "Matches",
  },
} as const;

type Successor = (typeof successors)[keyof typeof successors];

interface Subject {
  readonly name: string;
  /** Most that its p99 may be above a direct call's, in milliseconds. */
  readonly bar?: number;
  /** Makes the calls; resolves to the milliseconds that the caller waited for each. */
  run(): Promise<number[]>;
}

/** Where all calls of the process come from, so that no two have the same idempotency key. */
let calls = 0;

/** Of the main thread: nanoseconds on a CPU, nanoseconds ready but without one, turns. */
const SCHEDULING = "/proc/self/schedstat";
const isSchedulingKnown = existsSync(SCHEDULING);

/** Milliseconds so far for which this thread was ready to run and others had the CPUs. */
function queuedMs(): number {
  if (!isSchedulingKnown) return 0;
  const [, queuedNs] = readFileSync(SCHEDULING, "utf8").split(" ");
  return Number(queuedNs) / 1e6;
}

async function timed(call: (id: string) => Promise<string>): Promise<number[]> {
  const times: number[] = [];
  while (times.length < CALLS) {
    const id = String(calls++);
    const queuedBeforeMs = queuedMs();
    const startedAt = performance.now();
    const answer = await call(id);
    const ms = performance.now() - startedAt;
    times.push(ms - (queuedMs() - queuedBeforeMs));
    assert.equal(answer, id);
  }
  return times;
}

function direct(name: string): Subject {
  return { name, run: () => timed((id) => v1.get(id)) };
}

function ours(method: keyof Dependency, { name, v2, end }: Successor, bar?: number): Subject {
  // The breaker and the cap would spare V2 calls that are to be measured.
  const limits = { breaker: false, maxInFlight: 10_000, timeoutMs: TIMEOUT_MS } as const;
  const migration = defineMigration<Dependency>({
    name: "things",
    v1,
    v2,
    operations: {
      get: { kind: "read", ...limits },
      put: { kind: "write", dual: true, idempotencyKey: (id) => id, ...limits },
    },
  });
  return {
    name: method === "get" ? name : `dual write, ${name}`,
    bar,
    async run() {
      const metrics = memoryMetrics();
      const handler = middy()
        .use(
          segue(migration, { modeSource: fixedMode("shadow"), records: memoryRecords(), metrics }),
        )
        .handler((_event, context) => {
          const client = migration.client(context);
          return timed((id) => client[method](id));
        });
      const context = { awsRequestId: "r", getRemainingTimeInMillis: () => 30_000 };
      const times = await handler({}, context as any, {} as any);
      const { V1Calls, V2Calls, [end]: ended } = metrics.counts;
      const every = { V1Calls: CALLS, V2Calls: CALLS, ended: CALLS };
      assert.deepEqual({ V1Calls, V2Calls, ended }, every, "every call runs both");
      return times;
    },
  };
}

const { slow, hung, throwing, burning } = successors;
const baseline = direct("direct");
const subjects = [
  direct("direct, again"),
  ...[slow, hung, throwing].map((successor) => ours("get", successor, MAX_MORE_MS)),
  ours("get", burning),
  ...[slow, hung].map((successor) => ours("put", successor)),
];
const everyone = [baseline, ...subjects];

const times = new Map(everyone.map(({ name }) => [name, [] as number[]]));
for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
  for (const { name, run } of shuffled(everyone)) {
    const waited = await run();
    if (round >= 0) times.get(name)!.push(...waited);
  }
}

const ms = ({ name }: Subject, share: number) => quantile(times.get(name)!, share);
if (!process.argv.includes("--json")) {
  console.table(
    everyone.map((subject) => ({
      name: subject.name,
      "p50, ms": ms(subject, 0.5).toFixed(3),
      "p99, ms": ms(subject, 0.99).toFixed(3),
    })),
  );
}
report(
  subjects.flatMap((subject) => {
    const above = (share: number) => ms(subject, share) - ms(baseline, share);
    const [unit, peer] = ["ms", baseline.name];
    return [
      { name: `${subject.name}, p50 above a direct call`, value: above(0.5), unit, peer },
      {
        name: `${subject.name}, p99 above a direct call`,
        value: above(0.99),
        unit,
        bar: subject.bar,
        peer,
      },
    ];
  }),
);
