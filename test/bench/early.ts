/**
 * What a caller waits for in `shadow` with `response: "early"`, and with the inline drain, against `old`
 * and against the dependency alone: V1 takes 5 ms, V2 300 ms. Functions run on the local cloud's Lambda,
 * which freezes them between invocations, on its own runtime client and on AWS's where `npm run test:ric`
 * has installed it.
 *
 * Subjects take turns, in an order shuffled anew every round, and each invocation waits until the last one
 * is over and its environment frozen, as in a function with less than one invocation a hold: otherwise
 * callers would time the start of one more environment. Records go to standard output, so that the inline
 * drain is without DynamoDB's time. Quantiles are medians of those of each hundred rounds, so that a burst
 * of the machine's other work is no subject's alone; the machine's load stands beside them.
 *
 *     node test/bench/early.ts [--json]
 *
 * With --json one object a line: `name`, `value`, `unit`, `bar` (the value may be as much), `peer`.
 * Exits 1 when a bar is missed.
 */
import assert from "node:assert/strict";
import { loadavg } from "node:os";
import { setTimeout } from "node:timers/promises";
import { bundled, PRELUDE } from "../lambda/early.ts";
import { isStopped, setUpLambda } from "../local/lambda/harness.ts";
import { installedClient } from "../ric/install.ts";

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bar?: number;
  readonly peer?: string;
}

interface Measured {
  /** Milliseconds until the caller has the answer, of each invocation of each block. */
  readonly waited: readonly number[][];
  /** Milliseconds until the environment is frozen, which is what is billed. */
  readonly billed: number[];
}

const BLOCKS = 3;
const BLOCK_ROUNDS = 100;
const ROUNDS = BLOCKS * BLOCK_ROUNDS;
/** What waits for V2 takes long, and has no bar: it takes a turn every so many rounds. */
const INLINE_EVERY = 5;
const WARM_UP_ROUNDS = 10;
const V1_MS = 5;
const V2_MS = 300;
/** Milliseconds that a caller may wait longer than in `old`. */
const BAR_MS = 2;

const SUBJECTS = {
  direct: undefined,
  old: `{ modeSource: fixedMode("old") }`,
  "shadow, early": `{ modeSource: fixedMode("shadow") }`,
  "shadow, inline": `{ modeSource: fixedMode("shadow"), response: "inline" }`,
} as const;
type Subject = keyof typeof SUBJECTS;
const subjects = Object.keys(SUBJECTS) as Subject[];

const aws = installedClient();
const loadBefore = loadavg()[0]!;
const figures = [
  ...(await measure("the local cloud's client", undefined)),
  ...(aws === undefined ? [] : await measure("aws-lambda-ric", aws)),
  { name: "load of the machine, before", value: loadBefore, unit: "" },
  { name: "load of the machine, after", value: loadavg()[0]!, unit: "" },
];
report(figures);

async function measure(client: string, runtimeClient: string | undefined): Promise<Figure[]> {
  const cleanups: (() => unknown)[] = [];
  try {
    const after = (cleanup?: unknown) => void cleanups.push(cleanup as () => unknown);
    return figuresOf(client, await run({ after }, runtimeClient));
  } finally {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  }
}

async function run(
  cleanup: Parameters<typeof setUpLambda>[0],
  runtimeClient: string | undefined,
): Promise<Record<Subject, Measured>> {
  const { define, invoke, lines } = await setUpLambda(cleanup, { runtimeClient });
  for (const subject of subjects) {
    await define(nameOf(subject), await bundled(PRELUDE + handler(SUBJECTS[subject])), {
      Timeout: 30,
    });
  }
  const measured = Object.fromEntries(
    subjects.map((subject) => {
      const waited = Array.from({ length: BLOCKS }, () => []);
      return [subject, { waited, billed: [] }];
    }),
  ) as unknown as Record<Subject, Measured>;
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const subject of shuffled(subjects)) {
      if (subject === "shadow, inline" && round % INLINE_EVERY !== 0) continue;
      const startedAt = performance.now();
      const { result: pid, FunctionError } = await invoke(nameOf(subject), {});
      const waited = performance.now() - startedAt;
      assert.equal(FunctionError, undefined);
      while (!isStopped(pid)) await setTimeout(1);
      const billed = performance.now() - startedAt;
      if (round < 0) continue;
      measured[subject].waited[Math.floor(round / BLOCK_ROUNDS)]!.push(waited);
      measured[subject].billed.push(billed);
    }
  }
  for (const subject of ["shadow, early", "shadow, inline"] as const) {
    const stored = lines.filter(
      ({ functionName, line }) =>
        functionName === nameOf(subject) && line.startsWith("stored match"),
    );
    const rounds = ROUNDS + WARM_UP_ROUNDS;
    const invocations = subject === "shadow, early" ? rounds : rounds / INLINE_EVERY;
    assert.equal(stored.length, invocations, `every comparison of ${subject} is stored`);
  }
  return measured;
}

function nameOf(subject: Subject): string {
  return subject.replace(", ", "-");
}

/** @param options of the middleware; undefined for a handler without it. */
function handler(options: string | undefined): string {
  return `
    const after = (ms) => () => new Promise((resolve) => setTimeout(resolve, ms, "ok"));
    const v1 = { get: after(${V1_MS}) };
    const timed = defineMigration({
      name: "things",
      v1,
      v2: { get: after(${V2_MS}) },
      operations: { get: { kind: "read" } },
    });
    const options = ${options};
    export const handler = (options ? middy().use(early(options, timed)) : middy()).handler(
      async (event, context) => {
        await (options ? timed.client(context) : v1).get();
        return process.pid;
      });`;
}

function figuresOf(client: string, measured: Record<Subject, Measured>): Figure[] {
  const waited = (subject: Subject, share: number) => {
    const blocks = measured[subject].waited.map((block) => quantile(block, share));
    return quantile(blocks, 0.5);
  };
  return [
    ...subjects.flatMap((subject) => [
      { name: `p50, ${subject}, ${client}`, value: waited(subject, 0.5), unit: "ms" },
      { name: `p99, ${subject}, ${client}`, value: waited(subject, 0.99), unit: "ms" },
    ]),
    ...([0.5, 0.99] as const).map((share) => ({
      name: `p${share * 100}, shadow, early, ${client}`,
      value: waited("shadow, early", share) - waited("old", share),
      unit: "ms more",
      bar: BAR_MS,
      peer: "old",
    })),
    ...subjects.map((subject) => ({
      name: `billed, median, ${subject}, ${client}`,
      value: quantile(measured[subject].billed, 0.5),
      unit: "ms",
    })),
  ];
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1]!;
}

function shuffled<Value>(values: readonly Value[]): Value[] {
  const rest = [...values];
  return values.map(() => rest.splice(Math.floor(Math.random() * rest.length), 1)[0]!);
}

function report(all: readonly Figure[]): void {
  const met = ({ value, bar }: Figure) => bar === undefined || value <= bar;
  if (process.argv.includes("--json")) {
    for (const figure of all) console.log(JSON.stringify(figure));
  } else {
    console.table(
      all.map((figure) => ({
        ...figure,
        value: Number(figure.value.toFixed(2)),
        met: met(figure),
      })),
    );
  }
  process.exitCode = all.every(met) ? 0 : 1;
}
