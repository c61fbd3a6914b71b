import { invalidCombination, validationError } from "./errors.ts";
import { dimensions, list, number, oneOf, optionalBoolean, optionalText, text } from "./input.ts";
import type { Input } from "./input.ts";
import { checkMath, evaluateMath } from "./math.ts";
import { idsOf, MathError, parseMath } from "./math-parser.ts";
import type { MathNode } from "./math-parser.ts";
import type { MetricId, MetricStore } from "./metric-store.ts";
import { isList, series } from "./series.ts";
import type { MathValue, Series } from "./series.ts";
import { statistic } from "./statistics.ts";
import { UNITS } from "./units.ts";

export interface MetricQuery {
  readonly id: string;
  readonly label: string | undefined;
  readonly returnData: boolean;
  readonly source: MetricStat | { readonly expression: string; readonly tree: MathNode };
}

export interface MetricStat {
  readonly metric: MetricId;
  readonly periodSeconds: number;
  readonly stat: string;
  readonly unit: string | undefined;
}

const ID = /^[a-z][A-Za-z0-9_]*$/;

/** 10, 20, 30, or a multiple of 60; 1 and 5 are read too, from high-resolution points. */
export function readPeriod(input: Input, smallest: 1 | 10 = 1): number {
  const period = number(input, "Period", { min: smallest, max: 86_400, integer: true });
  if (![1, 5, 10, 20, 30].includes(period) && period % 60 !== 0) {
    throw validationError(`Period: got ${period}, allowed are 10, 20, 30 and multiples of 60`);
  }
  return period;
}

/** Reads and checks the queries of GetMetricData, or the Metrics of an alarm. */
export function readQueries(input: Input, name: string, max: number): MetricQuery[] {
  const queries = list(input, name, max).map((query): MetricQuery => {
    const id = text(query, "Id", 255, ID);
    if (query.AccountId !== undefined) {
      throw validationError(`AccountId is not supported by the local cloud's CloudWatch`);
    }
    const expression = optionalText(query, "Expression", 2048);
    if ((expression === undefined) === (query.MetricStat === undefined)) {
      throw invalidCombination(`${id}: allowed is either MetricStat or Expression`);
    }
    return {
      id,
      label: optionalText(query, "Label"),
      returnData: optionalBoolean(query, "ReturnData") ?? true,
      source:
        expression === undefined
          ? readMetricStat(query.MetricStat)
          : { expression, tree: parseExpression(id, expression) },
    };
  });
  checkReferences(queries);
  for (const query of list(input, name, max)) {
    if (query.Period !== undefined && query.Period !== commonPeriod(queries)) {
      throw validationError(`Period of ${query.Id}: allowed is that of its metrics`);
    }
  }
  return queries;
}

function readMetricStat(input: Input): MetricStat {
  const metric: Input = input.Metric ?? {};
  const stat = text(input, "Stat", 255);
  statistic(stat);
  return {
    metric: {
      namespace: text(metric, "Namespace", 255),
      name: text(metric, "MetricName", 255),
      dimensions: dimensions(metric),
    },
    periodSeconds: readPeriod(input),
    stat,
    unit: oneOf(input, "Unit", UNITS),
  };
}

function parseExpression(id: string, expression: string): MathNode {
  return explained(id, expression, () => {
    const tree = parseMath(expression);
    checkMath(tree);
    return tree;
  });
}

function explained<T>(id: string, expression: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof MathError)) throw error;
    throw validationError(`Error in expression '${id}': ${error.message}: ${expression}`);
  }
}

function checkReferences(queries: readonly MetricQuery[]): void {
  const byId = new Map<string, MetricQuery>();
  for (const query of queries) {
    if (byId.has(query.id)) throw validationError(`Id ${query.id} is given twice`);
    byId.set(query.id, query);
  }
  const visit = (query: MetricQuery, path: readonly string[]): void => {
    if (path.includes(query.id)) throw validationError(`Id ${query.id} refers to itself`);
    if (!("tree" in query.source)) return;
    for (const id of idsOf(query.source.tree)) {
      const other = byId.get(id);
      if (other === undefined) {
        throw validationError(`Error in expression '${query.id}': unknown id ${id}`);
      }
      visit(other, [...path, query.id]);
    }
  };
  for (const query of queries) visit(query, []);
}

/**
 * Evaluates the queries from `start` up to `end`, whose periods begin at `start`. A query gives one
 * series, or, for an expression that is a list, several.
 */
export function evaluateQueries(
  store: MetricStore,
  queries: readonly MetricQuery[],
  range: { readonly start: number; readonly end: number },
): Map<string, readonly Series[]> {
  const values = new Map<string, MathValue>();
  const byId = new Map(queries.map((query) => [query.id, query]));
  const periodSeconds = commonPeriod(queries);
  const timestamps: number[] = [];
  for (let time = range.start; time < range.end; time += periodSeconds * 1_000) {
    timestamps.push(time);
  }

  const valueOf = (query: MetricQuery): MathValue => {
    const known = values.get(query.id);
    if (known !== undefined) return known;
    const { source } = query;
    const value =
      "tree" in source
        ? explained(query.id, source.expression, () =>
            evaluateMath(source.tree, {
              timestamps,
              series(id, at) {
                const referred = valueOf(byId.get(id)!);
                if (typeof referred === "object" && !isList(referred)) return referred;
                throw new MathError(`${id} is no time series`, at);
              },
              metrics: () =>
                queries
                  .filter((other) => !("tree" in other.source))
                  .map((other) => valueOf(other) as Series),
            }),
          )
        : readMetric(store, source, range);
    values.set(query.id, value);
    return value;
  };

  return new Map(
    queries.map((query) => {
      const value = valueOf(query);
      if (typeof value === "number") {
        // Scalars are fine inside an expression; AWS wants a time series as its result.
        if (query.returnData) {
          throw validationError(`Error in expression '${query.id}': the result is a number`);
        }
        return [query.id, []];
      }
      return [query.id, isList(value) ? value : [value]];
    }),
  );
}

/**
 * The one period of the metrics beside an expression. What AWS does with different ones there is not
 * verified: they are refused.
 */
export function commonPeriod(queries: readonly MetricQuery[]): number {
  const periods = new Set(
    queries.flatMap(({ source }) => ("tree" in source ? [] : [source.periodSeconds])),
  );
  const [period, another] = periods;
  if (another !== undefined && queries.some(({ source }) => "tree" in source)) {
    throw validationError(
      `metrics of different periods (${[...periods].join(", ")} s) beside an expression are not ` +
        `supported by the local cloud's CloudWatch`,
    );
  }
  return period ?? 60;
}

function readMetric(
  store: MetricStore,
  { metric, periodSeconds, stat, unit }: MetricStat,
  range: { readonly start: number; readonly end: number },
): Series {
  const compute = statistic(stat);
  const points = store.read(metric, { ...range, periodSeconds }, unit);
  return series(
    periodSeconds,
    [...points].map(([time, aggregate]) => [time, compute(aggregate)] as const),
  );
}
