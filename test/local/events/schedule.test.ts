import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readSchedule } from "../../../lib/local/events/schedule.ts";

/** A Thursday. */
const NOW = "2026-01-01T00:02:03.000Z";

describe("a schedule runs next", () => {
  const cases: [expression: string, next: string, thenNext: string][] = [
    ["rate(1 minute)", "2026-01-01T00:03:03.000Z", "2026-01-01T00:04:03.000Z"],
    ["rate(5 minutes)", "2026-01-01T00:07:03.000Z", "2026-01-01T00:12:03.000Z"],
    ["rate(1 hour)", "2026-01-01T01:02:03.000Z", "2026-01-01T02:02:03.000Z"],
    ["rate(40 days)", "2026-02-10T00:02:03.000Z", "2026-03-22T00:02:03.000Z"],
    ["cron(0 10 * * ? *)", "2026-01-01T10:00:00.000Z", "2026-01-02T10:00:00.000Z"],
    ["cron(0/15 * * * ? *)", "2026-01-01T00:15:00.000Z", "2026-01-01T00:30:00.000Z"],
    ["cron(0 18 ? * MON-FRI *)", "2026-01-01T18:00:00.000Z", "2026-01-02T18:00:00.000Z"],
    // Days of the week count from Sunday, 1.
    ["cron(0 18 ? * 2-6 *)", "2026-01-01T18:00:00.000Z", "2026-01-02T18:00:00.000Z"],
    ["cron(0 0 ? * 1 *)", "2026-01-04T00:00:00.000Z", "2026-01-11T00:00:00.000Z"],
    ["cron(0 0 ? * SUN *)", "2026-01-04T00:00:00.000Z", "2026-01-11T00:00:00.000Z"],
    ["cron(0 0 L * ? *)", "2026-01-31T00:00:00.000Z", "2026-02-28T00:00:00.000Z"],
    ["cron(0 0 ? * 6#3 *)", "2026-01-16T00:00:00.000Z", "2026-02-20T00:00:00.000Z"],
    ["cron(30 4 1 JUN ? 2027-2028)", "2027-06-01T04:30:00.000Z", "2028-06-01T04:30:00.000Z"],
  ];
  for (const [expression, next, thenNext] of cases) {
    it(`${expression} at ${next}, then at ${thenNext}`, () => {
      const schedule = readSchedule(expression);
      const first = schedule(Date.parse(NOW))!;
      assert.equal(new Date(first).toISOString(), next);
      assert.equal(new Date(schedule(first)!).toISOString(), thenNext);
    });
  }

  it("never again, when its years are over", () => {
    assert.equal(readSchedule("cron(0 0 1 1 ? 2025)")(Date.parse(NOW)), undefined);
  });
});

describe("what is no schedule is an error", () => {
  for (const expression of [
    "",
    "5 minutes",
    "rate(0 minutes)",
    "rate(1 minutes)",
    "rate(5 minute)",
    "rate(5 seconds)",
    "rate(1.5 hours)",
    "rate(-1 minutes)",
    "cron()",
    "cron(0 10 * * ?)",
    "cron(0 10 * * * *)",
    "cron(0 10 ? * ? *)",
    "cron(61 10 * * ? *)",
    "cron(0 10 * * ? * *)",
    "at(2026-01-01T00:00:00)",
  ]) {
    it(expression || "nothing", () => {
      assert.throws(() => readSchedule(expression), { message: /^ScheduleExpression: got / });
    });
  }
});
