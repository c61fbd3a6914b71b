import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "../support/property.ts";
import {
  comparator,
  formatPath,
  parsePath,
  type CompareRules,
  type Difference,
} from "../../lib/comparison/index.ts";
import {
  MAX_SIGNATURES,
  NoiseCounts,
  noiseVerdict,
  type CountedRecord,
} from "../../lib/comparison/noise.ts";

/** A record with these differences, written as signatures are: `$.at value`. */
function record(...differences: string[]): CountedRecord {
  return {
    differences: differences.map((text) => {
      const at = text.lastIndexOf(" ");
      return { path: text.slice(0, at), kind: text.slice(at + 1) as Difference["kind"] };
    }),
    truncated: false,
    signature: differences[0] ?? "none",
    weight: 1,
  };
}

/** The report on so many records of each kind, of so many calls. */
function reportOn(
  raw: readonly CountedRecord[],
  noise: readonly CountedRecord[],
  totals = { comparisons: raw.length, calibrations: noise.length },
) {
  const counts = new NoiseCounts();
  for (const each of raw) counts.addComparison(each);
  for (const each of noise) counts.addCalibration(each);
  return counts.report(totals);
}

const verdictsOf = ({ signatures }: ReturnType<typeof reportOn>) =>
  Object.fromEntries(signatures.map(({ signature, verdict }) => [signature, verdict]));

describe("what is signal", () => {
  const table: [raw: number, noise: number, verdict: string, why: string][] = [
    [0.5, 0, "signal", "between the versions alone"],
    [1, 0.5, "signal", "twice as often between the versions"],
    [0.5, 0.5, "noise", "raw is not above noise: the same"],
    [0.4, 0.5, "noise", "raw is not above noise: below"],
    [0, 0.5, "noise", "in the primary alone"],
    [1, 1, "noise", "always"],
    [0.75, 0.5, "noise", "relative excess of 20 %"],
    [0.7501, 0.5, "signal", "relative excess above 20 %"],
    [0.7499, 0.5, "noise", "relative excess below 20 %"],
    [0.0003, 0, "rare", "0.03 % of all, and none of it noise"],
    [0.000301, 0, "signal", "above 0.03 % of all"],
    [0.00039, 0.0001, "noise", "less than 0.03 % above noise"],
    [0.00041, 0.0001, "signal", "more than 0.03 % above noise"],
    [0, 0, "rare", "never"],
  ];
  for (const [raw, noise, verdict, why] of table) {
    it(`${raw} raw beside ${noise} noise is ${verdict}: ${why}`, () => {
      assert.equal(noiseVerdict(raw, noise), verdict);
    });
  }

  it("is Diffy's own answer wherever both samples are of the same size", () => {
    const total = 10_000;
    const count = fc.integer({ min: 0, max: total });
    fc.assert(
      fc.property(count, count, (raw, noise) => {
        const diffy =
          raw > noise &&
          (Math.abs(raw - noise) / (raw + noise)) * 100 > 20 &&
          (Math.abs(raw - noise) / total) * 100 > 0.03;
        // On a bound itself the last bit of a fraction decides, here as there.
        fc.pre(Math.abs(5 * (raw - noise) - (raw + noise)) > 0 && raw - noise !== 3);
        assert.equal(noiseVerdict(raw / total, noise / total) === "signal", diffy);
      }),
    );
  });
});

describe("what is counted", () => {
  it("is each signature once a record, by the record's weight and what was left out before it", () => {
    const report = reportOn(
      [
        { ...record("$[0].at value", "$[1].at value", "$[1].id value"), weight: 2, leftOut: 3 },
        record("$[7].at value"),
      ],
      [{ ...record("$[2].at value"), weight: 100 }],
      { comparisons: 60, calibrations: 400 },
    );
    assert.deepEqual(
      report.signatures.map(({ signature, raw, noise }) => ({ signature, raw, noise })),
      [
        {
          signature: "$[*].at value",
          raw: { count: 6, share: 0.1 },
          noise: { count: 100, share: 0.25 },
        },
        {
          signature: "$[*].id value",
          raw: { count: 5, share: 5 / 60 },
          noise: { count: 0, share: 0 },
        },
      ],
    );
    assert.equal(report.uncounted, 0);
  });

  it("is the record's own signature where it has no differences, and no rule is made of that", () => {
    const timeout = { ...record(), signature: "timeout" };
    const report = reportOn([timeout], [timeout]);
    assert.deepEqual(verdictsOf(report), { timeout: "noise" });
    assert.deepEqual(report.rules, { ignore: [], unordered: [] });
  });

  it("is never a share above one, though the metrics lag behind the records", () => {
    for (const totals of [
      { comparisons: 0, calibrations: 0 },
      { comparisons: 1, calibrations: 0 },
    ]) {
      const [told] = reportOn([record("$.a value"), record("$.a value")], [], totals).signatures;
      assert.deepEqual(told?.raw, { count: 2, share: 1 });
      assert.deepEqual(told?.noise, { count: 0, share: 0 });
    }
  });

  it("is nothing: then the report is empty", () => {
    assert.deepEqual(reportOn([], []), {
      signatures: [],
      rules: { ignore: [], unordered: [] },
      uncounted: 0,
    });
  });

  it("takes a difference that a cut list may have hidden for one that was there", () => {
    const cut = { ...record("$.items[0].x value"), truncated: true };
    const report = reportOn(
      Array.from({ length: 10 }, () => cut),
      Array.from({ length: 10 }, () => record("$.z value", "$.items[0].x value")),
    );
    assert.deepEqual(verdictsOf(report), {
      // Every cut list has it.
      "$.items[*].x value": "noise",
      // None has it, though all might: that is nothing to make a rule of.
      "$.z value": "noise",
    });
    const more = reportOn(
      Array.from({ length: 10 }, () => cut),
      [record("$.z value"), ...Array.from({ length: 9 }, () => record())],
    );
    assert.equal(verdictsOf(more)["$.z value"], "signal");
    assert.equal(more.signatures.find(({ signature }) => signature === "$.z value")?.unlisted, 10);
    assert.deepEqual(more.rules.ignore, []);
  });

  it("is bounded, whatever keys the answers have, and says what it left out", () => {
    const counts = new NoiseCounts();
    for (let call = 0; call < MAX_SIGNATURES + 50; call++) {
      counts.addComparison(record(`$.byId['${call}'] missing`));
    }
    counts.addCalibration(record("$.late value", "$.byId['0'] missing"));
    const { signatures, uncounted } = counts.report({ comparisons: 1e6, calibrations: 1e6 });
    assert.equal(signatures.length, MAX_SIGNATURES);
    assert.equal(uncounted, 51);
    assert.ok(signatures.every(({ signature }) => signature !== "$.late value"));
  });

  it("holds an entry a signature, however many records there are", () => {
    const counts = new NoiseCounts();
    const records = Array.from({ length: 100 }, (_, each) => record(`$.a[${each}].at value`));
    for (let call = 0; call < 1_000_000; call++) counts.addComparison(records[call % 100]!);
    assert.equal(counts.report({ comparisons: 1e6, calibrations: 0 }).signatures.length, 1);
  });
});

describe("the rules that are proposed", () => {
  const noiseOf = (...differences: string[]) => {
    const records = differences.map((each) => record(each));
    return reportOn(records, records).rules;
  };

  it("ignore what is noise, wherever in an array, once for all its kinds", () => {
    assert.deepEqual(noiseOf("$.items[3].at value", "$.items[0].at missing", "$.at extra").ignore, [
      "$.items[*].at",
      "$.at",
    ]);
  });

  it("forgive the order of an array that is noisy in its order, and still look into it", () => {
    assert.deepEqual(noiseOf("$.tags order", "$ order"), {
      ignore: [],
      unordered: ["$.tags", "$"],
    });
  });

  it("never ignore the whole answer", () => {
    assert.deepEqual(noiseOf("$ value", "$ type", "$ length"), { ignore: [], unordered: [] });
  });

  it("are none for a path that a record has cut", () => {
    assert.deepEqual(noiseOf("$.a.b … value", "$['half a name … value"), {
      ignore: [],
      unordered: [],
    });
  });

  it("are none for what would silence a signal too", () => {
    const noise = (path: string) => record(`${path} value`);
    const table: [noisy: string, signal: string, proposed: boolean][] = [
      ["$.a", "$.a type", false],
      ["$.a", "$.a.b value", false],
      ["$.a", "$.a[3] missing", false],
      ["$.a", "$.a order", false],
      ["$.a[0]", "$.a[9].b value", false],
      ["$.a[0]", "$.a.name value", false],
      ["$.a[0].b", "$.a['odd key'].b.c value", false],
      ["$.a", "$.a.half a path … value", false],
      ["$.a", "$.ab value", true],
      ["$.a.b", "$.a type", true],
      ["$.a.b", "$.a.c value", true],
      ["$.a.b", "$ type", true],
      ["$.a", "primary-error", true],
    ];
    for (const [noisy, signal, proposed] of table) {
      const { rules } = reportOn(
        [
          noise(noisy),
          signal.startsWith("$") ? record(signal) : { ...record(), signature: signal },
        ],
        [noise(noisy)],
        { comparisons: 2, calibrations: 2 },
      );
      assert.equal(rules.ignore.length, proposed ? 1 : 0, `${noisy} beside ${signal}`);
    }
  });
});

/** What a field of an answer does from call to call, and from version to version. */
type Habit = "steady" | "clock" | "random type" | "comes and goes" | "differs in V2";

interface Field {
  readonly keys: readonly string[];
  readonly habit: Habit;
}

const key = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "at",
    "id",
    "odd key",
    "it's",
    "$",
    "..",
    "[*]",
    "['x']",
    "\\",
    "ü",
    "",
  ),
  fc.string({ maxLength: 4 }),
);

const fields: fc.Arbitrary<Field[]> = fc.uniqueArray(
  fc.record({
    keys: fc.array(key, { minLength: 1, maxLength: 3 }),
    habit: fc.constantFrom<Habit>(
      "steady",
      "clock",
      "random type",
      "comes and goes",
      "differs in V2",
    ),
  }),
  { maxLength: 8, selector: ({ keys }) => keys.join("\n") },
);

/** An answer of a version: a tree of the fields beside an array whose elements are such trees. */
function answerOf(version: string, all: readonly Field[], random: () => number): object {
  const tree = () => {
    const root = new Map<string, any>();
    for (const { keys, habit } of all) {
      if (habit === "comes and goes" && random() < 0.5) continue;
      let at = root;
      for (const each of keys.slice(0, -1)) {
        const name = nested(each);
        if (!at.has(name)) at.set(name, new Map());
        at = at.get(name);
      }
      at.set(keys.at(-1)!, valueOf(habit, version, random));
    }
    return toObject(root);
  };
  // The position tells elements apart, which else might be the same ones in another order.
  return { ...tree(), "the list": [0, 1].map((position) => ({ position, ...tree() })) };
}

const nested = (name: string) => `nested in ${name}`;

function valueOf(habit: Habit, version: string, random: () => number): unknown {
  switch (habit) {
    case "steady":
    case "comes and goes":
      return "same";
    case "clock":
      return random();
    case "random type":
      return random() < 0.5 ? 1 : "1";
    case "differs in V2":
      return version;
  }
}

function toObject(map: Map<string, any>): object {
  const object = {};
  for (const [name, value] of map) {
    Object.defineProperty(object, name, {
      value: value instanceof Map ? toObject(value) : value,
      enumerable: true,
    });
  }
  return object;
}

/** Compares many pairs of answers under the rules, and reports. */
function study(all: readonly Field[], rules: CompareRules, seed: number) {
  // Park and Miller's generator: the same calls for the same seed.
  let state = seed;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const compared = comparator(rules);
  const counts = new NoiseCounts();
  const calls = 40;
  for (let call = 0; call < calls; call++) {
    for (const [other, add] of [
      ["v2", (given: CountedRecord) => counts.addComparison(given)],
      ["v1", (given: CountedRecord) => counts.addCalibration(given)],
    ] as const) {
      const verdict = compared.answers(answerOf("v1", all, random), answerOf(other, all, random));
      assert.ok(!(verdict instanceof Promise));
      if (verdict.outcome === "mismatch") add({ ...verdict, weight: 1 });
      else assert.notEqual(verdict.outcome, "not-compared");
    }
  }
  return counts.report({ comparisons: calls, calibrations: calls });
}

describe("applying what is proposed", () => {
  const seed = fc.integer({ min: 1, max: 2_147_483_646 });

  it("silences all the noise and no signal, whatever the names", () => {
    fc.assert(
      fc.property(fields, seed, (all, from) => {
        const before = study(all, {}, from);
        for (const path of [...before.rules.ignore, ...before.rules.unordered]) parsePath(path);
        const after = study(all, before.rules, from);
        const left = after.signatures.map(({ signature }) => signature);
        // What has no rule stays, be it a signal or noise whose rule would have hidden one.
        const kept = before.signatures
          .filter(({ proposal }) => proposal === undefined)
          .map(({ signature }) => signature);
        assert.deepEqual(left.toSorted(), kept.toSorted());
        for (const { habit, keys } of all) {
          if (habit !== "differs in V2") continue;
          const path = formatPath([...keys.slice(0, -1).map(nested), keys.at(-1)!]);
          assert.ok(left.includes(`${path} value`), path);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("leaves nothing at all where only the order is noisy", () => {
    let turn = 0;
    const answer = () => ({ tags: turn++ % 2 ? ["a", "b", "c"] : ["c", "a", "b"] });
    const counts = new NoiseCounts();
    const differ = comparator().answers(answer(), answer());
    assert.ok(!(differ instanceof Promise) && differ.outcome === "mismatch");
    counts.addComparison({ ...differ, weight: 1 });
    counts.addCalibration({ ...differ, weight: 1 });
    const { rules } = counts.report({ comparisons: 1, calibrations: 1 });
    assert.deepEqual(rules, { ignore: [], unordered: ["$.tags"] });
    assert.deepEqual(comparator(rules).answers(answer(), answer()), {
      outcome: "match",
    });
  });
});
