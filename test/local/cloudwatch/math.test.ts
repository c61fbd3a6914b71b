import assert from "node:assert/strict";
import { test } from "node:test";
import { checkMath, evaluateMath } from "../../../lib/local/cloudwatch/math.ts";
import { idsOf, parseMath } from "../../../lib/local/cloudwatch/math-parser.ts";
import type { MathValue, Series } from "../../../lib/local/cloudwatch/series.ts";

/** A series by index: the nth value at time n; null is a missing point. */
const series = (...values: (number | null)[]): Series => ({
  periodSeconds: 60,
  points: new Map(
    values.flatMap((value, time) => (value === null ? [] : [[time, value] as const])),
  ),
});

const SERIES: Readonly<Record<string, Series>> = {
  a: series(1, 2, null, 4),
  b: series(10, null, 30, 40),
  z: series(0, 1, 0, 2),
  none: series(),
};

function run(expression: string): number | (number | null)[] | (number | null)[][] {
  const show = (value: Series) => [0, 1, 2, 3].map((time) => value.points.get(time) ?? null);
  const value: MathValue = evaluateMath(parseMath(expression), {
    series: (id) => SERIES[id]!,
    metrics: () => [SERIES["a"]!, SERIES["b"]!],
    timestamps: [0, 1, 2, 3],
  });
  if (typeof value === "number") return value;
  return Array.isArray(value) ? value.map(show) : show(value as Series);
}

const CASES: readonly [expression: string, expected: ReturnType<typeof run>][] = [
  // Numbers.
  ["1 + 2 * 3", 7],
  ["(1 + 2) * 3", 9],
  ["2 ^ 3 ^ 2", 512],
  ["-2 ^ 2", -4],
  ["2 ^ -1", 0.5],
  ["10 - 4 - 3", 3],
  ["8 / 4 / 2", 1],
  ["1.5e1 + .5", 15.5],
  ["1 < 2", 1],
  ["2 <= 1", 0],
  ["3 == 3 AND 1 != 2", 1],
  ["0 || 1 && 0", 0],
  ["1 OR 0 AND 0", 1],
  ["1 + 1 > 1", 1],
  // Series: a missing point counts as 0 where the other series has one.
  ["a + 1", [2, 3, null, 5]],
  ["1 - a", [0, -1, null, -3]],
  ["-a", [-1, -2, null, -4]],
  ["a + b", [11, 2, 30, 44]],
  ["b - a", [9, -2, 30, 36]],
  ["a * b", [10, 0, 0, 160]],
  ["a + none", [1, 2, null, 4]],
  ["none + 1", [null, null, null, null]],
  ["a ^ 2", [1, 4, null, 16]],
  // A division by zero drops the point.
  ["a / z", [null, 2, null, 2]],
  ["100 / z", [null, 100, null, 50]],
  ["a / b", [0.1, null, 0, 0.1]],
  // Comparisons.
  ["a >= 2", [0, 1, null, 1]],
  ["a > 1 AND b > 35", [0, 0, 0, 1]],
  ["a == 1 || b == 30", [1, 0, 1, 0]],
  // Functions.
  ["SUM(a)", 7],
  ["AVG(a)", 7 / 3],
  ["MIN(b)", 10],
  ["MAX(b)", 40],
  ["SUM([a, b])", [11, 2, 30, 44]],
  ["AVG([a, b])", [5.5, 2, 30, 22]],
  ["MIN([a, b])", [1, 2, 30, 4]],
  ["MAX(METRICS())", [10, 2, 30, 40]],
  ["SUM(METRICS()) / 2", [5.5, 1, 15, 22]],
  ["ABS(a - b)", [9, 2, 30, 36]],
  ["CEIL(a / 3)", [1, 1, null, 2]],
  ["FLOOR(a / 3)", [0, 0, null, 1]],
  ["PERIOD(a)", 60],
  ["b / PERIOD(b)", [10 / 60, null, 0.5, 40 / 60]],
  ["FILL(a, 0)", [1, 2, 0, 4]],
  ["FILL(none, 7)", [7, 7, 7, 7]],
  ["FILL(b, REPEAT)", [10, 10, 30, 40]],
  ["FILL(b, LINEAR)", [10, 20, 30, 40]],
  [
    "FILL([a, none], 0)",
    [
      [1, 2, 0, 4],
      [0, 0, 0, 0],
    ],
  ],
  ["DIFF(a)", [null, 1, null, 2]],
  ["TIME_SERIES(3)", [3, 3, 3, 3]],
  [
    "[a, b]",
    [
      [1, 2, null, 4],
      [10, null, 30, 40],
    ],
  ],
  // IF.
  ["IF(a > 1, b, 0)", [0, 0, null, 40]],
  ["IF(a > 1, a)", [null, 2, null, 4]],
  ["IF(1, a, b)", [1, 2, null, 4]],
  ["IF(0, a, b)", [10, null, 30, 40]],
  ["IF(z, 5, 6)", [6, 5, 6, 5]],
  ["IF(0, a)", [null, null, null, null]],
  // The mismatch rate: no rate from few comparisons, none at all without any.
  ["IF(b >= 30, 100 * a / b, 0)", [0, null, 0, 10]],
  ["IF(none >= 30, 100 * none / none, 0)", [null, null, null, null]],
];

for (const [expression, expected] of CASES) {
  test(expression, () => {
    assert.deepEqual(run(expression), expected);
  });
}

const ERRORS: readonly [expression: string, message: RegExp][] = [
  ["a + ", /unexpected the end at position 4/],
  ["a $ b", /unexpected "\$" at position 2/],
  ["(a", /expected \), got the end at position 2/],
  ["a b", /unexpected b at position 2/],
  ["1 + ANOMALY_DETECTION_BAND(a)", /unknown function ANOMALY_DETECTION_BAND .* at position 4/],
  ["toString(a)", /unknown function toString/],
  ["SUM(a, b)", /SUM: got 2 arguments, allowed are 1 at position 0/],
  ["SUM(1)", /SUM takes a time series or a list/],
  ["[a, 1]", /time series only/],
  ["IF([a], a, b)", /no lists/],
  ['"a" + 1', /unexpected text/],
  ["", /unexpected the end at position 0/],
];

for (const [expression, message] of ERRORS) {
  test(`refused: ${expression}`, () => {
    assert.throws(() => run(expression), { name: "MathError", message });
  });
}

test("unknown functions are found without data, and so are the ids", () => {
  assert.throws(() => checkMath(parseMath("IF(a > 1, -NOPE(b), [c])")), /NOPE .* at position 11/);
  assert.deepEqual(idsOf(parseMath("IF(a > 1, FILL(-b, REPEAT), SUM([c, 2 * a]))")), [
    "a",
    "b",
    "c",
    "a",
  ]);
});
