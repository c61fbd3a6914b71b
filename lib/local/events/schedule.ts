import { Cron } from "croner";

/** When a rule runs next after a time; epoch ms both. `undefined`: never again. */
export type Schedule = (afterMs: number) => number | undefined;

const UNIT_MS: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/**
 * Reads a rule's `ScheduleExpression`: `rate(5 minutes)`, which counts from the time given, or
 * `cron(0 10 ? * MON-FRI *)`, which is in UTC.
 *
 * @throws Error for what is neither
 */
export function readSchedule(expression: string): Schedule {
  const [, count, unit, plural] =
    /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  // AWS insists on the grammar.
  if (count !== undefined && (count === "1") === (plural === "")) {
    const everyMs = Number(count) * UNIT_MS[unit!]!;
    return (afterMs) => afterMs + everyMs;
  }
  const [, fields] = /^cron\(([^)]+)\)$/.exec(expression) ?? [];
  if (fields !== undefined) return readCron(expression, fields);
  throw new Error(
    `ScheduleExpression: got ${expression}, allowed is such as rate(5 minutes) or cron(0 10 * * ? *)`,
  );
}

function readCron(expression: string, fields: string): Schedule {
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year, ...more] = fields.trim().split(/\s+/);
  const refuse = (why: string) => new Error(`ScheduleExpression: got ${expression}: ${why}`);
  if (year === undefined || more.length > 0) throw refuse("allowed are six fields");
  // One of the two days has to be left open, and one only.
  if ((dayOfMonth === "?") === (dayOfWeek === "?")) {
    throw refuse("either the day of the month or the day of the week has to be ?, and not both");
  }
  try {
    const pattern = ["0", minutes, hours, dayOfMonth, month, dayOfWeek, year]
      .join(" ")
      .replaceAll("?", "*");
    // AWS counts the days of the week from Sunday, which is 1, and knows 0/15, from 0 every 15.
    const options = { timezone: "UTC", alternativeWeekdays: true, sloppyRanges: true };
    const cron = new Cron(pattern, options);
    return (afterMs) => cron.nextRun(new Date(afterMs))?.getTime();
  } catch (error) {
    throw refuse((error as Error).message);
  }
}
