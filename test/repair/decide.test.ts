import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planCall } from "../../lib/call/plan.ts";
import type { StoredRepair } from "../../lib/call/repair.ts";
import type { Mode } from "../../lib/mode/mode.ts";
import { decide } from "../../lib/repair/decide.ts";
import { repairOf } from "../support/repair.ts";

const now = Date.now();
const replay = Uint8Array.of(1);
const failed = { state: "secondary-failed", replay } as const;

const planIn = (mode: Mode) => planCall({ mode }, { kind: "dual-write", fallback: false }, () => 0);

describe("decide", () => {
  const table: [
    what: string,
    mode: Mode,
    repair: Partial<StoredRepair>,
    withReconcile: string,
    without: string | RegExp,
  ][] = [
    ["a killed write", "shadow", {}, "reconcile", /^intended, and there is no reconcile/],
    [
      "an ambiguous one",
      "shadow",
      { state: "ambiguous", why: "timed out" },
      "reconcile",
      /timed out/,
    ],
    ["a failed secondary", "shadow", failed, "reconcile", "run-again"],
    [
      "one whose V2 was first",
      "reverse-shadow",
      { ...failed, primary: "v2" },
      "reconcile",
      "run-again",
    ],
    ["one from before the promotion", "reverse-shadow", failed, "reconcile", "run-again"],
    ["one of V1, gone back to old", "old", failed, "reconcile", "run-again"],
    ["an overlapped one", "shadow", { ...failed, overlapped: true }, "reconcile", /under way/],
    [
      "arguments that were not kept",
      "shadow",
      { ...failed, replay: undefined },
      "reconcile",
      /could not be kept/,
    ],
    [
      "no key",
      "shadow",
      { ...failed, idempotencyKey: undefined },
      "reconcile",
      /could not be kept/,
    ],
  ];
  for (const [what, mode, given, withReconcile, without] of table) {
    it(`${what}, in ${mode}`, () => {
      const repair = repairOf(given);
      const plan = planIn(mode);
      const circumstances = { plan, others: [], now };
      assert.equal(decide(repair, { ...circumstances, reconciles: true }).action, withReconcile);
      const decision = decide(repair, { ...circumstances, reconciles: false });
      if (typeof without === "string") assert.equal(decision.action, without);
      else assert.match(decision.action === "leave" ? decision.why : "", without);
    });
  }

  const behind: [Mode, primary: "v1" | "v2"][] = [
    ["new", "v1"],
    ["old", "v2"],
  ];
  for (const [mode, primary] of behind) {
    it(`never takes ${primary} for the measure in ${mode}, where it gets no writes`, () => {
      const plan = planIn(mode);
      for (const reconciles of [true, false]) {
        const repair = repairOf({ ...failed, primary });
        assert.equal(decide(repair, { plan, others: [], now, reconciles }).action, "leave");
      }
    });
  }

  it("goes by the ramp, which the record has its place in", () => {
    const document = { mode: "reverse-shadow", ramp: { mode: "new", percent: 50 } } as const;
    const action = (bucket: number) => {
      const plan = planCall(document, { kind: "dual-write", fallback: false }, () => bucket);
      return decide(repairOf({ primary: "v1" }), { plan, others: [], now, reconciles: true })
        .action;
    };
    assert.equal(action(49), "leave");
    assert.equal(action(51), "reconcile");
  });

  it("runs again in the order of the writes, and never beside one that is under way", () => {
    const plan = planIn("shadow");
    const repair = repairOf(failed);
    const action = (other: Partial<StoredRepair>) =>
      decide(repair, {
        plan,
        others: [repairOf({ dueAt: now - 1, ...other })],
        now,
        reconciles: false,
      }).action;
    const [before, after] = [repair.time - 10_000, repair.time + 10_000];
    assert.equal(action({ time: after }), "run-again");
    assert.equal(action({ time: before }), "leave");
    assert.equal(action({ time: after, dueAt: now + 1 }), "leave");
    assert.equal(action({ time: after, overlapped: true }), "leave");
  });

  for (const [mode, primary, other] of [
    ["shadow", "v1", "v2"],
    ["reverse-shadow", "v2", "v1"],
  ] as const) {
    it(`brings nothing of ${primary} to ${other} past what ${other} had first, in ${mode}`, () => {
      const plan = planIn(mode);
      const repair = repairOf({ ...failed, primary, endedAt: now - 119_000, time: now - 120_000 });
      const actions = (given: Partial<StoredRepair>) =>
        [
          { reconciles: true },
          { reconciles: false },
          { reconciles: false, approved: true },
          { reconciles: true, approved: true },
        ].map((how) => {
          const others = [repairOf({ endedAt: now - 1, dueAt: now - 1, ...given })];
          return decide(repair, { plan, others, now, ...how }).action;
        });
      const done = { primary: other, state: "secondary-failed" } as const;
      const later = { ...done, time: now - 60_000 };
      assert.deepEqual(actions(later), Array(4).fill("leave"));
      const made = ["reconcile", "run-again", "run-again", "reconcile"];
      assert.deepEqual(actions({ ...later, primary }), made, "that comes after it there");
      const earlier = { ...done, time: now - 200_000, endedAt: now - 199_000 };
      assert.deepEqual(actions(earlier), made, "that is there already");
      const underWay = { ...earlier, dueAt: now + 1 };
      assert.deepEqual(actions(underWay), Array(4).fill("leave"), "that may be under way");
    });
  }

  describe("of two writes that cross, reconciles first", () => {
    const plan = planIn("shadow");
    const at = { dueAt: now - 1, endedAt: now - 1 };
    const one = (state: StoredRepair["state"], time: number) =>
      repairOf({ ...at, primary: "v1", state, time: now - time });
    const other = (state: StoredRepair["state"], time: number) =>
      repairOf({ ...at, primary: "v2", state, time: now - time });
    const isMade = (repair: StoredRepair, beside: StoredRepair) =>
      decide(repair, { plan, others: [beside], now, reconciles: true }).action === "reconcile";
    const cases: [what: string, first: StoredRepair, second: StoredRepair][] = [
      ["the newer, where both were done", one("secondary-failed", 1), other("secondary-failed", 2)],
      ["the newer, where both are in doubt", one("ambiguous", 1), other("ambiguous", 2)],
      ["the one that was done, though older", one("secondary-failed", 2), other("ambiguous", 1)],
      ["the one that was done, newer too", one("secondary-failed", 1), other("ambiguous", 2)],
      ["a killed one that is newer", one("intended", 1), other("secondary-failed", 2)],
      ["a killed one before one in doubt", one("intended", 2), other("ambiguous", 1)],
    ];
    for (const [what, first, second] of cases) {
      it(what, () => {
        assert.deepEqual([isMade(first, second), isMade(second, first)], [true, false]);
      });
    }

    it("names the other one", () => {
      const [killed, done] = [one("intended", 1), other("secondary-failed", 2)];
      const why = (repair: StoredRepair, beside: StoredRepair) => {
        const decision = decide(repair, { plan, others: [beside], now, reconciles: true });
        return decision.action === "leave" ? decision.why : decision.action;
      };
      assert.match(why(done, { ...killed, id: "killed" }), /which v1 had first.* first: killed$/);
      const underWay = { ...done, id: "new", dueAt: now + 1 };
      assert.match(why(killed, underWay), /which v2 had first, may be under way: new$/);
    });

    it("lets one of them go on where the other operation has no reconcile", () => {
      const [ambiguous, done] = [one("ambiguous", 1), other("secondary-failed", 400_000)];
      const settled = { ...done, endedAt: done.time + 1, replay };
      const circumstances = { plan, others: [ambiguous], now, reconciles: false };
      assert.equal(isMade(ambiguous, settled), false);
      assert.equal(decide(settled, circumstances).action, "run-again");
    });
  });

  it("never runs again what was under way beside another, for who was first is not known", () => {
    const plan = planIn("shadow");
    const repair = repairOf({ ...failed, endedAt: now - 119_000, time: now - 120_000 });
    const action = (other: Partial<StoredRepair>) =>
      decide(repair, {
        plan,
        others: [repairOf({ dueAt: now - 1, ...other })],
        now,
        reconciles: false,
      }).action;
    const sameRequest = { requestId: repair.requestId };
    const another = { requestId: "request-2" };
    assert.equal(action({ ...sameRequest, time: now - 119_001 }), "leave");
    assert.equal(action({ ...sameRequest, time: now - 119_000 }), "run-again", "one by one");
    assert.equal(action({ ...another, time: now - 118_001 }), "leave", "clocks differ");
    assert.equal(action({ ...another, time: now - 118_000 }), "run-again");
    const long = { ...another, time: now - 200_000, endedAt: undefined };
    assert.equal(action(long), "leave", "nobody knows when it ended");
  });

  describe("where a person wants it", () => {
    const decided = (given: Partial<StoredRepair>, mode: Mode, others: StoredRepair[] = []) => {
      const plan = planIn(mode);
      const circumstances = { plan, others, now, reconciles: false, approved: true };
      return decide(repairOf({ replay, ...given }), circumstances).action;
    };
    const wants: [what: string, action: string, ...Parameters<typeof decided>][] = [
      ["runs a killed write", "run-again", {}, "shadow"],
      ["runs an ambiguous one", "run-again", { state: "ambiguous" }, "shadow"],
      ["runs an overlapped one", "run-again", { ...failed, overlapped: true }, "shadow"],
      ["can't run what was not kept", "leave", { replay: undefined }, "shadow"],
      ["takes no version for the measure that gets no writes", "leave", failed, "new"],
      [
        "runs none before an earlier one",
        "leave",
        failed,
        "shadow",
        [repairOf({ time: now - 200_000 })],
      ],
      [
        "runs none beside one that is under way",
        "leave",
        failed,
        "shadow",
        [repairOf({ dueAt: now + 1 })],
      ],
    ];
    for (const [what, action, ...given] of wants) {
      it(what, () => assert.equal(decided(...given), action));
    }
  });
});
