import type { Tolerance } from "./path-states.ts";

const ISO_8601 =
  /^[+-]?\d{4,6}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/** Whether two primitives lie within one of the tolerances. Never throws. */
export function tolerates(tolerances: readonly Tolerance[], a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") return numbersWithin(tolerances, a, b);
  if (typeof a === "string" && typeof b === "string")
    return isoDate(a) && isoDate(b) && timesWithin(tolerances, Date.parse(a), Date.parse(b));
  return false;
}

/** Whether two times, in milliseconds, lie within one of the tolerances for dates. */
export function timesWithin(tolerances: readonly Tolerance[], a: number, b: number): boolean {
  return tolerances.some(({ dateMs }) => dateMs !== undefined && Math.abs(a - b) <= dateMs);
}

/**
 * The number by which a tolerance measures this value, or undefined when none applies to it.
 * Whatever has one is left out of the hash by which unordered elements find each other.
 */
export function measured(tolerances: readonly Tolerance[], value: unknown): number | undefined {
  if (typeof value === "number") {
    const applies = tolerances.some((each) => (each.absolute ?? each.relative) !== undefined);
    return applies ? value : undefined;
  }
  if (!tolerances.some(({ dateMs }) => dateMs !== undefined)) return undefined;
  return typeof value === "string" && isoDate(value) ? Date.parse(value) : undefined;
}

function numbersWithin(tolerances: readonly Tolerance[], a: number, b: number): boolean {
  // Else Infinity would lie within any relative tolerance of everything.
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  const apart = Math.abs(a - b);
  return tolerances.some(
    ({ absolute, relative }) =>
      (absolute !== undefined && apart <= absolute) ||
      (relative !== undefined && apart <= relative * Math.max(Math.abs(a), Math.abs(b))),
  );
}

function isoDate(text: string): boolean {
  return text.length <= 40 && ISO_8601.test(text);
}
