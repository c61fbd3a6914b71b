import { MathError } from "./math-parser.ts";

/** A time series: values by the start of their period, epoch ms. */
export interface Series {
  readonly points: ReadonlyMap<number, number>;
  readonly periodSeconds: number;
}

export type MathValue = number | Series | readonly Series[];

export const isList = (value: MathValue): value is readonly Series[] => Array.isArray(value);
export const isSeries = (value: MathValue): value is Series =>
  typeof value === "object" && !isList(value);

/** A point without a finite value, as a division by zero makes it, is no point. */
export function series(
  periodSeconds: number,
  points: Iterable<readonly [time: number, value: number | undefined]>,
): Series {
  const finite = new Map<number, number>();
  for (const [time, value] of points) {
    if (value !== undefined && Number.isFinite(value)) finite.set(time, value);
  }
  return { points: finite, periodSeconds };
}

export function map(value: MathValue, change: (value: number) => number): MathValue {
  if (typeof value === "number") return change(value);
  if (isList(value)) return value.map((item) => map(item, change) as Series);
  return series(
    value.periodSeconds,
    [...value.points].map(([time, number]) => [time, change(number)] as const),
  );
}

const OPERATORS: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "^": (left, right) => left ** right,
  "<": (left, right) => Number(left < right),
  "<=": (left, right) => Number(left <= right),
  ">": (left, right) => Number(left > right),
  ">=": (left, right) => Number(left >= right),
  "==": (left, right) => Number(left === right),
  "!=": (left, right) => Number(left !== right),
  AND: (left, right) => Number(left !== 0 && right !== 0),
  OR: (left, right) => Number(left !== 0 || right !== 0),
};

/**
 * Two series meet at each time at which one of them has a point; the other's missing point counts as
 * 0. That comparisons and AND, OR treat a missing point so too is not verified.
 */
export function binary(operator: string, left: MathValue, right: MathValue): MathValue {
  const compute = OPERATORS[operator]!;
  if (isList(left) && isList(right)) throw new MathError(`${operator} between two lists`);
  if (isList(left)) return left.map((item) => binary(operator, item, right) as Series);
  if (isList(right)) return right.map((item) => binary(operator, left, item) as Series);
  if (typeof left === "number") return map(right, (value) => compute(left, value));
  if (typeof right === "number") return map(left, (value) => compute(value, right));
  return series(
    left.periodSeconds,
    timesOf([left, right]).map(
      (time) => [time, compute(left.points.get(time) ?? 0, right.points.get(time) ?? 0)] as const,
    ),
  );
}

/** Every time at which one of them has a point, in order. */
export const timesOf = (all: readonly Series[]): number[] =>
  [...new Set(all.flatMap(({ points }) => [...points.keys()]))].toSorted((a, b) => a - b);

export const sortedPoints = ({ points }: Series): [time: number, value: number][] =>
  [...points].toSorted(([a], [b]) => a - b);
