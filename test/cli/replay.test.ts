import assert from "node:assert/strict";
import { describe, it } from "node:test";
import pc from "picocolors";
import { invokeFunction, operatorFunction, settledRepairOf } from "../../lib/cli/invoke.ts";
import { askAbout, type Ask, type Chosen } from "../../lib/cli/replay-records.ts";
import { replayText, Verdicts } from "../../lib/cli/replay-text.ts";
import type { Verdict } from "../../lib/operate/verdict.ts";

const chosen = (count: number): Chosen[] =>
  Array.from({ length: count }, (_, at) => ({
    id: `id-${at}`,
    operation: "get",
    outcome: "mismatch",
    signature: "$.id value",
    time: "2026-01-01T00:00:00.000Z",
  }));

const agrees = ({ id }: Chosen) => ({ id, verdict: "agrees" });

/** Asks about records, and tells what was heard of each. */
async function asked(
  records: readonly Chosen[],
  ask: (batch: readonly Chosen[], stop: () => void, ended: AbortSignal) => ReturnType<Ask>,
  concurrency = 3,
) {
  const heard: [id: string, Verdict][] = [];
  const controller = new AbortController();
  const { signal } = controller;
  const stop = () => controller.abort();
  await askAbout(records, (batch, ended) => ask(batch, stop, ended), {
    concurrency,
    signal,
    onVerdict: ({ id }, verdict) => void heard.push([id, verdict]),
  });
  return heard;
}

describe("asking about records", () => {
  it("asks in batches, a few at a time, about each once", async () => {
    let [atOnce, most] = [0, 0];
    const sizes: number[] = [];
    const heard = await asked(chosen(110), async (batch) => {
      sizes.push(batch.length);
      most = Math.max(most, ++atOnce);
      await new Promise(setImmediate);
      atOnce--;
      return { verdicts: batch.map(agrees) };
    });
    assert.deepEqual(sizes, [25, 25, 25, 25, 10]);
    assert.equal(most, 3);
    assert.equal(new Set(heard.map(([id]) => id)).size, 110);
  });

  it("asks again about what there was no time for, in order, and gives up where there is none at all", async () => {
    const seen: string[] = [];
    const heard = await asked(
      chosen(60),
      async (batch) => {
        const inTime = batch.filter(({ id }) => id !== "id-30").slice(0, 10);
        seen.push(...inTime.map(({ id }) => id));
        return { verdicts: batch[0]!.id === "id-30" ? [] : inTime.map(agrees) };
      },
      1,
    );
    const numbers = seen.map((id) => Number(id.slice(3)));
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    assert.equal(heard.length, 60);
    const without = heard.filter(([, { verdict }]) => verdict === "undecided");
    assert.ok(without.some(([id]) => id === "id-30"));
    assert.match((without[0]![1] as any).why, /give it a longer timeout/);
  });

  it("ends with what is known when it is told to", async () => {
    let batches = 0;
    const heard = await asked(
      chosen(100),
      async (batch, stop) => {
        if (++batches < 2) return { verdicts: batch.map(agrees) };
        stop();
        throw new Error("aborted");
      },
      1,
    );
    assert.equal(heard.length, 25);
  });

  it("ends the other invocations where one fails", async () => {
    let others = 0;
    const asking = asked(chosen(75), async ([first], _, ended) => {
      if (first!.id === "id-50") throw new Error("down");
      others++;
      await new Promise((resolve) => ended.addEventListener("abort", resolve));
      others--;
      throw new Error("aborted");
    });
    await assert.rejects(asking, /down/);
    await new Promise(setImmediate);
    assert.equal(others, 0);
  });

  const foreign: [what: string, answer: unknown][] = [
    ["nothing", null],
    ["a text", "ok"],
    ["other verdicts", { verdicts: [{ id: "id-0", verdict: "fine" }] }],
    ["no ids", { verdicts: [{ verdict: "agrees" }] }],
  ];
  for (const [what, answer] of foreign) {
    it(`is told that ${what} is no answer of an operator function`, async () => {
      await assert.rejects(
        asked(chosen(1), async () => answer),
        { name: "CommandError", message: /is its handler operatorHandler/ },
      );
    });
  }

  it("passes over verdicts that nobody asked for", async () => {
    const verdicts = [...chosen(3).map(agrees), { id: "another", verdict: "agrees" }];
    assert.equal((await asked(chosen(3), async () => ({ verdicts }))).length, 3);
  });
});

describe("the operator function", () => {
  it("is missed in one line that says what to do", () => {
    for (const operator of ["", undefined]) {
      const parts = { migration: "things", operator } as any;
      assert.throws(() => operatorFunction(parts), { message: /migration\.operate\(fn\)$/ });
    }
  });

  it("is told from another that answers about a repair", () => {
    assert.equal(settledRepairOf({ outcome: "left", why: "taken" }).outcome, "left");
    for (const answer of [null, "ok", {}, { outcome: "fine" }, [{ done: 1 }]]) {
      assert.throws(() => settledRepairOf(answer), { message: /is its handler operatorHandler/ });
    }
  });

  it("fails with its own message, where it has one", async () => {
    const failing = (payload: string) =>
      ({
        send: async () => ({
          FunctionError: "Unhandled",
          Payload: { transformToString: () => payload },
        }),
      }) as any;
    const cases = [
      ['{"errorMessage":"Task timed out"}', "fn failed: Task timed out"],
      ["", "fn failed: Unhandled"],
    ];
    for (const [payload, message] of cases) {
      await assert.rejects(invokeFunction(failing(payload!), "fn", {}), { message });
    }
  });
});

describe("what came of a replay, as text", () => {
  const plain = pc.createColors(false);
  const HOSTILE = "\u001b[2J\u202e";
  const replay = { migration: "things", stage: "prod", by: "calls", limited: true } as const;

  it("has totals, and groups by what was and what is", () => {
    const verdicts = new Verdicts();
    const [one, two, three, four] = chosen(4);
    const otherwise: Verdict = {
      verdict: "differs-otherwise",
      outcome: "mismatch",
      signature: "$.name value",
      differences: [{ path: "$.name", kind: "value", v1: '"a"', v2: '"b"' }],
    };
    verdicts.add(one!, { verdict: "agrees" });
    verdicts.add(two!, { verdict: "agrees" });
    verdicts.add(three!, otherwise);
    verdicts.add(four!, { verdict: "undecided", why: "its arguments are redacted" });
    const { totals, groups } = verdicts;
    const text = replayText({ ...replay, records: 5, totals, groups, interrupted: true }, plain);
    const expected = [
      "things (prod): 4 of 5 records called again",
      "interrupted: that is what is known so far",
      "there are more records: --limit takes them in",
      "  2  now agree",
      "  0  differ as before",
      "  1  differ otherwise",
      "  0  gone",
      "  1  can't be told",
      "",
      "$.id value → agrees  get",
      "  2 records, such as --id 'id-0'",
      "",
      "$.id value → $.name value  get",
      "  1 record, such as --id 'id-2'",
      "    $.name value",
      '    - "a"',
      '    + "b"',
      "",
      "$.id value → its arguments are redacted  get",
      "  1 record, such as --id 'id-3'",
      "",
    ];
    assert.deepEqual(text.split("\n"), expected);
  });

  it("shows hostile values and obeys none", () => {
    const verdicts = new Verdicts();
    const [record] = chosen(1);
    const hostile = { ...record!, id: HOSTILE, operation: HOSTILE, signature: HOSTILE };
    verdicts.add(hostile, {
      verdict: "differs-otherwise",
      outcome: "mismatch",
      signature: HOSTILE,
      reason: HOSTILE,
      differences: [{ path: HOSTILE, kind: "value", v1: HOSTILE, v2: HOSTILE }],
    });
    verdicts.add(hostile, { verdict: "gone", why: HOSTILE });
    const { totals, groups } = verdicts;
    const text = replayText({ ...replay, records: 1, totals, groups, interrupted: false }, plain);
    assert.doesNotMatch(text, /[^\P{Cc}\n]|\p{Bidi_Control}/u);
  });
});
