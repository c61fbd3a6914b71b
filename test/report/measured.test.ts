import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { measuredIn, measuredPeriods } from "../../lib/report/measured.ts";
import { periodOver } from "../../lib/report/span.ts";
import { DAY_MS, HOUR_MS, NO_POINTS } from "./fixture.ts";

const MINUTE_MS = 60_000;

describe("what was measured", () => {
  it("in a period without data is a gap, not a zero", () => {
    const points = {
      ...NO_POINTS,
      comparisons: [
        [0, 10],
        [20, 0],
      ],
      disagreements: [[0, 1]],
      v1P99: [[10, 7]],
    } as const;
    assert.deepEqual(
      measuredPeriods(points, { from: 5, to: 30 }, 10).map(({ time, agreement, v1P99Ms }) => [
        time,
        agreement,
        v1P99Ms,
      ]),
      [
        [0, 0.9, undefined],
        [10, undefined, 7],
        [20, undefined, undefined],
      ],
    );
  });

  it("in a span of time is of the periods that lie in it as a whole", () => {
    const points = {
      ...NO_POINTS,
      comparisons: [
        [0, 10],
        [10, 20],
        [20, 70],
        [30, 100],
      ],
      disagreements: [[20, 9]],
      v2Calls: [[10, 5]],
      v2P99: [
        [0, 100],
        [10, 10],
        [20, 40],
      ],
      v2Settled: [
        [10, 1],
        [20, 2],
      ],
    } as const;
    const { comparisons, agreement, v1, v2 } = measuredIn(points, { from: 6, to: 34 }, 10);
    assert.equal(comparisons, 90);
    assert.equal(agreement, 0.9);
    assert.deepEqual(v1, { calls: 0, errors: 0, p50Ms: undefined, p99Ms: undefined });
    assert.deepEqual(v2, { calls: 5, errors: 0, p50Ms: undefined, p99Ms: 30 });
    assert.equal(measuredIn(points, { from: 6, to: 19 }, 10).agreement, undefined);
  });

  it("never agrees less than not at all, though a line may come twice", () => {
    const points = { ...NO_POINTS, comparisons: [[0, 1]], disagreements: [[0, 2]] } as const;
    assert.equal(measuredPeriods(points, { from: 0, to: 10 }, 10)[0]?.agreement, 0);
  });
});

describe("the period of a span of time", () => {
  const now = 1_000 * DAY_MS;
  const cases: [what: string, ago: number, lasts: number, periodMs: number][] = [
    ["an hour", HOUR_MS, HOUR_MS, MINUTE_MS],
    ["a day", DAY_MS, DAY_MS, 5 * MINUTE_MS],
    ["three days", 3 * DAY_MS, 3 * DAY_MS, 15 * MINUTE_MS],
    ["three weeks", 21 * DAY_MS, 21 * DAY_MS, HOUR_MS],
    ["three months", 90 * DAY_MS, 90 * DAY_MS, 6 * HOUR_MS],
    ["all that there is", 455 * DAY_MS, 455 * DAY_MS, DAY_MS],
    ["more than there is", 900 * DAY_MS, 900 * DAY_MS, DAY_MS],
    ["an hour of two weeks ago", 14 * DAY_MS, HOUR_MS, MINUTE_MS],
    ["an hour that is kept by 5 minutes", 15 * DAY_MS, HOUR_MS, 5 * MINUTE_MS],
    ["an hour that is kept as one", 63 * DAY_MS, HOUR_MS, HOUR_MS],
  ];
  for (const [what, ago, lasts, periodMs] of cases) {
    it(`for ${what}`, () => {
      const from = now - ago;
      assert.equal(periodOver({ from, to: from + lasts }, now), periodMs);
    });
  }
});
