import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluateAlarm } from "../../../lib/local/cloudwatch/alarm-evaluation.ts";
import type {
  AlarmState,
  MissingDataTreatment,
} from "../../../lib/local/cloudwatch/alarm-evaluation.ts";

const OK = "OK";
const ALARM = "ALARM";
const INSUFFICIENT = "INSUFFICIENT_DATA";
/** The present state, which the tables call "retain current state". */
const RETAIN = "INSUFFICIENT_DATA retained";

type Row = readonly [
  points: string,
  missing: string,
  ignore: string,
  breaching: string,
  notBreaching: string,
];

/** AWS's tables: 0 is a point within the threshold, X a breaching one, - a missing one. */
const TABLES: readonly { m: number; n: number; rows: readonly Row[] }[] = [
  {
    m: 3,
    n: 3,
    rows: [
      ["0 - X - X", OK, OK, OK, OK],
      ["- - - - 0", OK, OK, OK, OK],
      ["- - - - -", INSUFFICIENT, RETAIN, ALARM, OK],
      ["0 X X - X", ALARM, ALARM, ALARM, ALARM],
      ["- - X - -", ALARM, RETAIN, ALARM, OK],
      // Not yet: the next points may be within the threshold.
      ["- - - - X", RETAIN, RETAIN, ALARM, OK],
      ["- - - X -", RETAIN, RETAIN, ALARM, OK],
      ["X X X 0 0", OK, OK, OK, OK],
      ["0 0 X X X", ALARM, ALARM, ALARM, ALARM],
    ],
  },
  {
    m: 2,
    n: 3,
    rows: [
      ["0 - X - X", ALARM, ALARM, ALARM, ALARM],
      ["0 0 X 0 X", ALARM, ALARM, ALARM, ALARM],
      ["0 - X - -", OK, OK, ALARM, OK],
      ["- - - - 0", OK, OK, ALARM, OK],
      ["- - - X -", ALARM, RETAIN, ALARM, OK],
    ],
  },
  {
    m: 1,
    n: 1,
    rows: [
      ["- - X", ALARM, ALARM, ALARM, ALARM],
      ["X - -", ALARM, ALARM, ALARM, ALARM],
      ["X - 0", OK, OK, OK, OK],
      ["- - -", INSUFFICIENT, RETAIN, ALARM, OK],
    ],
  },
];

const TREATMENTS: readonly MissingDataTreatment[] = [
  "missing",
  "ignore",
  "breaching",
  "notBreaching",
];

for (const { m, n, rows } of TABLES) {
  for (const [points, ...expected] of rows) {
    test(`${m} of ${n}: ${points}`, () => {
      const values = points
        .split(" ")
        .map((point) => (point === "-" ? undefined : point === "X" ? 5 : 0));
      const states = (current: AlarmState) =>
        TREATMENTS.map(
          (treatMissingData) =>
            evaluateAlarm(
              {
                comparisonOperator: "GreaterThanOrEqualToThreshold",
                threshold: 5,
                evaluationPeriods: n,
                datapointsToAlarm: m,
                treatMissingData,
              },
              values,
              current,
            ).state,
        );
      for (const current of [OK, ALARM, INSUFFICIENT] as const) {
        assert.deepEqual(
          states(current),
          expected.map((state) => (state === RETAIN ? current : state)),
        );
      }
    });
  }
}

test("comparison operators", () => {
  const state = (
    comparisonOperator: Parameters<typeof evaluateAlarm>[0]["comparisonOperator"],
    value: number,
  ) =>
    evaluateAlarm(
      {
        comparisonOperator,
        threshold: 5,
        evaluationPeriods: 1,
        datapointsToAlarm: 1,
        treatMissingData: "missing",
      },
      [value],
      OK,
    ).state;
  const row = (operator: Parameters<typeof state>[0]) =>
    [4, 5, 6].map((value) => state(operator, value));
  assert.deepEqual(row("GreaterThanOrEqualToThreshold"), [OK, ALARM, ALARM]);
  assert.deepEqual(row("GreaterThanThreshold"), [OK, OK, ALARM]);
  assert.deepEqual(row("LessThanThreshold"), [ALARM, OK, OK]);
  assert.deepEqual(row("LessThanOrEqualToThreshold"), [ALARM, ALARM, OK]);
});
