/**
 * How fast answers are compared, against the libraries that do a part of it. All figures are
 * ratios of what ran in turns on one machine.
 *
 *     node test/bench/comparison.ts [--json]
 *
 * With --json one object a line: `name`, `value`, `unit`, `bar` (the value may be as much), `peer`.
 * Exits 1 when a bar is missed.
 */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import microdiff from "microdiff";
import { comparator } from "../../lib/comparison/index.ts";
import type { CompareRules } from "../../lib/comparison/index.ts";
import { median, report, type Figure } from "../support/figures.ts";

/** Rounds of which the median counts. */
const ROUNDS = 15;
/** Milliseconds that one round of small values runs for, or one call takes if that is more. */
const ROUND_MS = 20;
const WARM_UP_MS = 300;
const UNCAPPED: CompareRules = { maxNodes: Infinity, maxMs: Infinity };
const SIZES: [name: string, items: number][] = [
  ["1 KB", 4],
  ["100 KB", 400],
  ["10 MB", 40_000],
];
const MOST_ELEMENTS = 1_024_000;

report([...equalValues(), ...oneDifference(), ...withoutOrder()]);

function* equalValues(): Generator<Figure> {
  const { answers } = outcomeOf(UNCAPPED);
  for (const [name, items] of SIZES) {
    const [v1, v2] = [order(items), order(items)];
    yield {
      name: `equal, ${name}`,
      value: ratio(
        () => assert.equal(answers(v1, v2), "match"),
        () => assert.ok(isDeepStrictEqual(v1, v2)),
      ),
      unit: "x time",
      bar: 1,
      peer: "isDeepStrictEqual",
    };
  }
}

function* oneDifference(): Generator<Figure> {
  const { answers } = outcomeOf(UNCAPPED);
  for (const [name, items] of SIZES)
    for (const where of ["first", "last"]) {
      const [v1, v2] = [order(items), order(items)];
      const changed = v2.items.at(where === "first" ? 0 : -1);
      assert.ok(changed);
      changed.address.geo.lat = -1;
      yield {
        name: `one difference, in the ${where} item, ${name}`,
        value: ratio(
          () => assert.equal(answers(v1, v2), "mismatch"),
          () => assert.equal(microdiff(v1, v2).length, 1),
        ),
        unit: "x time",
        bar: 1,
        peer: "microdiff",
      };
    }
}

function* withoutOrder(): Generator<Figure> {
  const kinds: {
    name: string;
    unordered: CompareRules["unordered"];
    make: (i: number) => unknown;
  }[] = [
    { name: "records", unordered: ["$"], make: record },
    { name: "records by key", unordered: [{ path: "$", by: "id" }], make: record },
    { name: "strings", unordered: ["$"], make: (i) => `customer-${i}` },
  ];
  for (const { name, unordered, make } of kinds) {
    const { answers } = outcomeOf({ ...UNCAPPED, unordered });
    yield* doublings(`unordered ${name}`, 2.5, (length) => {
      const { v1, v2 } = sides(length, make);
      return () => assert.equal(answers(v1, v2), "match");
    });
  }
  // What nobody can do without: each element is compared with its partner, wherever that lies in memory.
  // Here the partners are known, so that a doubling of more than 2 is what memory costs.
  yield* doublings("isDeepStrictEqual of records in known pairs", undefined, (length) => {
    const { v1, v2, partners } = sides(length, record);
    return () => assert.ok(v1.every((one, i) => isDeepStrictEqual(one, v2[partners[i] as number])));
  });
}

/**
 * How the time grows with the number of elements, from 1,000 to 1,024,000.
 *
 * @param make sets up a comparison of so many elements.
 */
function* doublings(
  name: string,
  bar: number | undefined,
  make: (length: number) => () => void,
): Generator<Figure> {
  const growths: number[] = [];
  for (let length = 1_000; length < MOST_ELEMENTS; length *= 2) {
    growths.push(ratio(make(2 * length), make(length)));
  }
  const mean = growths.reduce((product, each) => product * each) ** (1 / growths.length);
  const worst = Math.max(...growths);
  const at = (2_000 * 2 ** growths.indexOf(worst)).toLocaleString("en");
  const measure = { unit: "x time", bar, peer: "half the elements" };
  yield { name: `${name}, mean doubling`, value: mean, ...measure };
  yield { name: `${name}, worst doubling, to ${at}`, value: worst, ...measure };
}

/** The same elements twice, the second time in another order, and where each one is there. */
function sides(length: number, make: (i: number) => unknown) {
  const shuffledOrder = shuffled(length);
  const partners = new Uint32Array(length);
  for (const [at, i] of shuffledOrder.entries()) partners[i] = at;
  const v1 = parsed(Array.from({ length }, (_, i) => make(i)));
  return { v1, v2: parsed(shuffledOrder.map(make)), partners };
}

function record(i: number): unknown {
  return {
    id: `customer-${i}`,
    merchant: `merchant-${i % 500}`,
    amount: i / 4,
    currency: "EUR",
    at: `2026-01-01T00:00:${i % 60}`,
    lines: [{ sku: `sku-${i % 900}`, count: i % 7 }],
  };
}

/** The numbers below `length` in an order that is the same each time. */
function shuffled(length: number): number[] {
  const numbers = Array.from({ length }, (_, i) => i);
  let seed = 7;
  for (let i = length - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const other = seed % (i + 1);
    [numbers[i], numbers[other]] = [numbers[other] as number, numbers[i] as number];
  }
  return numbers;
}

/** The value as it comes from the wire. */
function parsed<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** Verdicts as their outcomes. */
function outcomeOf(rules: CompareRules): { answers: (v1: unknown, v2: unknown) => string } {
  const compiled = comparator(rules);
  return {
    answers: (v1, v2) => {
      const verdict = compiled.answers(v1, v2);
      return verdict instanceof Promise ? "a promise" : verdict.outcome;
    },
  };
}

/** Median time of one function as a multiple of the other's, in turns. */
function ratio(ours: () => void, theirs: () => void): number {
  const times = [ours, theirs].map((run) => {
    // Long enough for the compiler to be done with it.
    let calls = 1;
    for (const start = performance.now(); performance.now() - start < WARM_UP_MS; calls++) run();
    calls = Math.max(1, Math.round(ROUND_MS / (WARM_UP_MS / calls)));
    return { run, calls, rounds: [] as number[] };
  });
  // Large values cost seconds, and vary less.
  const slowest = Math.max(...times.map(({ run, calls }) => time(run, calls) * calls));
  const rounds = Math.max(5, Math.min(ROUNDS, Math.round(2_000 / slowest)));
  for (let round = 0; round < rounds; round++)
    for (const each of times) each.rounds.push(time(each.run, each.calls));
  const [mine, peers] = times.map((each) => median(each.rounds)) as [number, number];
  return mine / peers;
}

/** Milliseconds of one call. */
function time(run: () => void, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) run();
  return (performance.now() - start) / calls;
}

/** An answer as JSON has it: about 250 bytes an item. */
function order(length: number) {
  const items = Array.from({ length }, (_, i) => ({
    id: `customer-${i}`,
    name: `Name of ${i}`,
    price: i * 1.25,
    active: i % 2 === 0,
    tags: ["a", `b${i % 7}`, "c"],
    address: {
      street: `Street ${i}`,
      city: "Linz",
      zip: 4020 + (i % 10),
      geo: { lat: i / 3, lon: i / 7 },
    },
    created: "2026-01-01T00:00:00Z",
    note: null,
  }));
  return parsed({ count: length, items, next: null });
}
