import { MathError } from "./math-parser.ts";
import type { MathNode } from "./math-parser.ts";
import { isList, isSeries, map, series, sortedPoints, timesOf } from "./series.ts";
import type { MathValue, Series } from "./series.ts";

type Call = Extract<MathNode, { kind: "call" }>;

type MathFunction = (
  call: Call,
  evaluate: (argument: MathNode) => MathValue,
  scope: { readonly timestamps: readonly number[]; metrics(): readonly Series[] },
) => MathValue;

export const FUNCTIONS: Readonly<Record<string, MathFunction>> = {
  SUM: reducer((values) => values.reduce((sum, value) => sum + value, 0)),
  AVG: reducer((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
  MIN: reducer((values) => values.reduce((a, b) => Math.min(a, b), Infinity)),
  MAX: reducer((values) => values.reduce((a, b) => Math.max(a, b), -Infinity)),
  ABS: pointwise(Math.abs),
  CEIL: pointwise(Math.ceil),
  FLOOR: pointwise(Math.floor),
  LOG: pointwise(Math.log),
  LOG10: pointwise(Math.log10),
  DIFF: stepwise((change) => change),
  RATE: stepwise((change, seconds) => change / seconds),
  IF: conditional,
  FILL: fill,
  METRICS(call, _evaluate, scope) {
    arity(call, 0, 0);
    return scope.metrics();
  },
  PERIOD(call, evaluate) {
    arity(call, 1, 1);
    return oneSeries(call, evaluate(call.args[0]!)).periodSeconds;
  },
  TIME_SERIES(call, evaluate, { timestamps }) {
    arity(call, 1, 1);
    const value = evaluate(call.args[0]!);
    if (typeof value !== "number") throw new MathError("TIME_SERIES takes a number", call.at);
    const periodSeconds = ((timestamps[1] ?? 0) - (timestamps[0] ?? 0)) / 1_000 || 60;
    return series(
      periodSeconds,
      timestamps.map((time) => [time, value]),
    );
  },
};

function arity({ name, args, at }: Call, min: number, max: number): void {
  if (args.length < min || args.length > max) {
    const allowed = min === max ? min : `${min} to ${max}`;
    throw new MathError(`${name}: got ${args.length} arguments, allowed are ${allowed}`, at);
  }
}

function oneSeries({ name, at }: Call, value: MathValue): Series {
  if (!isSeries(value)) throw new MathError(`${name} takes a time series`, at);
  return value;
}

/** Of one series, all its points to a number; of a list, the points of each time to a point. */
function reducer(reduce: (values: readonly number[]) => number): MathFunction {
  return (call, evaluate) => {
    arity(call, 1, 1);
    const value = evaluate(call.args[0]!);
    if (isSeries(value)) return reduce([...value.points.values()]);
    if (!isList(value)) throw new MathError(`${call.name} takes a time series or a list`, call.at);
    return series(
      value[0]?.periodSeconds ?? 60,
      timesOf(value).map((time) => [
        time,
        reduce(value.map(({ points }) => points.get(time)).filter((point) => point !== undefined)),
      ]),
    );
  };
}

function pointwise(change: (value: number) => number): MathFunction {
  return (call, evaluate) => {
    arity(call, 1, 1);
    return map(evaluate(call.args[0]!), change);
  };
}

function stepwise(step: (change: number, seconds: number) => number): MathFunction {
  return (call, evaluate) => {
    arity(call, 1, 1);
    const value = oneSeries(call, evaluate(call.args[0]!));
    const points = sortedPoints(value);
    return series(
      value.periodSeconds,
      points.slice(1).map(([time, number], index) => {
        const [before, previous] = points[index]!;
        return [time, step(number - previous, (time - before) / 1_000)];
      }),
    );
  };
}

/**
 * For a series, decided at each of its points. AWS documents that the chosen series' missing point
 * counts as 0, and that without a third argument a false point is no point.
 */
function conditional(call: Call, evaluate: (argument: MathNode) => MathValue): MathValue {
  arity(call, 2, 3);
  const [condition, yes, no] = call.args.map(evaluate);
  if (isList(condition!) || isList(yes!) || (no !== undefined && isList(no))) {
    throw new MathError("IF takes time series and numbers, no lists", call.at);
  }
  if (typeof condition === "number") {
    return (condition === 0 ? no : yes) ?? series(60, []);
  }
  const decided = oneSeries(call, condition!);
  return series(
    decided.periodSeconds,
    [...decided.points].map(([time, value]) => {
      const chosen = value === 0 ? no : yes;
      if (chosen === undefined || typeof chosen === "number") return [time, chosen] as const;
      return [time, chosen.points.get(time) ?? 0] as const;
    }),
  );
}

/** FILL(m, number | REPEAT | LINEAR): what comes before the first point stays missing with a word. */
function fill(
  call: Call,
  evaluate: (argument: MathNode) => MathValue,
  { timestamps }: { readonly timestamps: readonly number[] },
): MathValue {
  arity(call, 2, 2);
  const [target, filling] = call.args as [MathNode, MathNode];
  const word = filling.kind === "id" ? filling.name : undefined;
  const value = evaluate(target);
  if (isList(value)) return value.map((item) => fillSeries(item));
  return fillSeries(oneSeries(call, value));

  function fillSeries(one: Series): Series {
    const { points, periodSeconds } = one;
    const times = [...new Set([...timestamps, ...points.keys()])].toSorted((a, b) => a - b);
    if (word === "REPEAT" || word === "LINEAR") {
      const known = sortedPoints(one);
      return series(
        periodSeconds,
        times.map((time) => {
          const before = known.findLast(([at]) => at <= time);
          if (word === "REPEAT") return [time, before?.[1]];
          const after = known.find(([at]) => at >= time);
          return [time, before && after && between(before, after, time)];
        }),
      );
    }
    const constant = evaluate(filling);
    if (isList(constant)) throw new MathError("FILL fills with a number or a series", call.at);
    return series(
      periodSeconds,
      times.map((time) => [
        time,
        points.get(time) ?? (typeof constant === "number" ? constant : constant.points.get(time)),
      ]),
    );
  }
}

function between(
  [from, low]: readonly [number, number],
  [to, high]: readonly [number, number],
  time: number,
): number {
  return from === to ? low : low + ((high - low) * (time - from)) / (to - from);
}
