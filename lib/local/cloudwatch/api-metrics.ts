import type { CloudClock } from "../clock.ts";
import type { Aggregate, StatisticSet } from "./aggregate.ts";
import { invalidCombination, invalidValue, missingParameter } from "./errors.ts";
import {
  dimensions,
  list,
  number,
  oneOf,
  optionalNumber,
  optionalText,
  optionalTime,
  refuse,
  text,
  time,
} from "./input.ts";
import type { Input } from "./input.ts";
import type { MetricId, MetricStore } from "./metric-store.ts";
import { page } from "./paging.ts";
import { commonPeriod, evaluateQueries, readPeriod, readQueries } from "./queries.ts";
import { sortedPoints } from "./series.ts";
import { SIMPLE_STATISTICS, statistic } from "./statistics.ts";
import { UNITS } from "./units.ts";

const MAX_DATUMS = 1_000;
const MAX_VALUES = 150;
const MAX_QUERIES = 500;
const MAX_STATISTICS_POINTS = 1_440;
const MAX_DATAPOINTS = 100_800;
const HOUR_MS = 3_600_000;
const MAX_AGE_MS = 14 * 24 * HOUR_MS;

export interface MetricsContext {
  readonly store: MetricStore;
  readonly clock: CloudClock;
}

/** A time that a client gives is taken as cloud time. */
export function putMetricData({ store, clock }: MetricsContext, input: Input): void {
  const namespace = text(input, "Namespace", 255, /^[^:]/);
  if (namespace.startsWith("AWS/")) {
    throw invalidValue(`The value ${namespace} for parameter Namespace is invalid.`);
  }
  refuse(input, "EntityMetricData");
  const data = list(input, "MetricData", MAX_DATUMS);
  // All or none: first all are read, then stored.
  const measurements = data.map((datum) => {
    const now = clock.now();
    const at = optionalTime(datum, "Timestamp") ?? now;
    if (at < now - MAX_AGE_MS || at > now + 2 * HOUR_MS) {
      throw invalidValue(
        `Timestamp: got ${new Date(at).toISOString()}, allowed are two weeks before and two hours ` +
          `after ${new Date(now).toISOString()}`,
      );
    }
    const id = { namespace, name: text(datum, "MetricName", 255), dimensions: dimensions(datum) };
    const unit = oneOf(datum, "Unit", UNITS) ?? "None";
    const storageResolution = optionalNumber(datum, "StorageResolution") ?? 60;
    if (storageResolution !== 1 && storageResolution !== 60) {
      throw invalidValue(`StorageResolution: got ${storageResolution}, allowed are 1 and 60`);
    }
    return [id, { time: at, unit, storageResolution, ...readValues(datum) }] as const;
  });
  for (const [id, measurement] of measurements) store.put(id, measurement);
}

function readValues(datum: Input): {
  readonly values?: (readonly [value: number, count: number])[];
  readonly set?: StatisticSet;
} {
  const given = ["Value", "Values", "StatisticValues"].filter((name) => datum[name] !== undefined);
  if (given.length !== 1) {
    throw invalidCombination("allowed is one of Value, Values and StatisticValues");
  }
  if (datum.Value !== undefined) return { values: [[number(datum, "Value"), 1]] };
  if (datum.StatisticValues !== undefined) {
    const set: Input = datum.StatisticValues;
    return {
      set: {
        SampleCount: number(set, "SampleCount", { min: 0 }),
        Sum: number(set, "Sum"),
        Minimum: number(set, "Minimum"),
        Maximum: number(set, "Maximum"),
      },
    };
  }
  const values = list<number>(datum, "Values", MAX_VALUES);
  const counts = datum.Counts === undefined ? undefined : list<number>(datum, "Counts", MAX_VALUES);
  if (counts !== undefined && counts.length !== values.length) {
    throw invalidCombination(`Counts: got ${counts.length}, Values has ${values.length}`);
  }
  return { values: values.map((value, index) => [value, counts?.[index] ?? 1] as const) };
}

const dimensionShape = (given: MetricId["dimensions"]) =>
  Object.entries(given).map(([Name, Value]) => ({ Name, Value }));

export function listMetrics({ store, clock }: MetricsContext, input: Input) {
  refuse(input, "IncludeLinkedAccounts", "OwningAccount");
  const namespace = optionalText(input, "Namespace", 255);
  const name = optionalText(input, "MetricName", 255);
  const recent = oneOf(input, "RecentlyActive", ["PT3H"]);
  const filters = list(input, "Dimensions", 10);
  const matching = store
    .list()
    .filter(
      ({ id, latest }) =>
        (namespace === undefined || id.namespace === namespace) &&
        (name === undefined || id.name === name) &&
        (recent === undefined || latest >= clock.now() - 3 * HOUR_MS) &&
        filters.every(({ Name, Value }) =>
          Value === undefined ? Name in id.dimensions : id.dimensions[Name] === Value,
        ),
    );
  const { items, NextToken } = page(matching, input, 500);
  return {
    Metrics: items.map(({ id }) => ({
      Namespace: id.namespace,
      MetricName: id.name,
      Dimensions: dimensionShape(id.dimensions),
    })),
    NextToken,
  };
}

export function getMetricStatistics({ store }: MetricsContext, input: Input) {
  const id = {
    namespace: text(input, "Namespace", 255),
    name: text(input, "MetricName", 255),
    dimensions: dimensions(input),
  };
  const periodSeconds = readPeriod(input);
  const range = readRange(input, periodSeconds);
  if ((range.end - range.start) / (periodSeconds * 1_000) > MAX_STATISTICS_POINTS) {
    throw invalidCombination(`allowed are at most ${MAX_STATISTICS_POINTS} datapoints`);
  }
  const simple = list<string>(input, "Statistics", SIMPLE_STATISTICS.length);
  const extended = list<string>(input, "ExtendedStatistics", 10);
  if (simple.length + extended.length === 0) throw missingParameter("Statistics");
  const compute = [...simple, ...extended].map((name) => [name, statistic(name)] as const);
  const unit = oneOf(input, "Unit", UNITS);
  const datapoint = (at: number, Unit: string, aggregate: Aggregate) => {
    const values = compute.map(([name, of]) => [name, of(aggregate)] as const);
    return {
      Timestamp: at / 1_000,
      Unit,
      ...Object.fromEntries(values.filter(([name]) => simple.includes(name))),
      ...(extended.length > 0 && {
        ExtendedStatistics: Object.fromEntries(values.filter(([name]) => extended.includes(name))),
      }),
    };
  };
  const units = unit === undefined ? store.units(id) : [unit];
  return {
    Label: id.name,
    // Each unit has datapoints of its own, and their order is not defined, as in AWS.
    Datapoints: units.flatMap((one) =>
      [...store.read(id, { ...range, periodSeconds }, one)].map(([at, aggregate]) =>
        datapoint(at, one, aggregate),
      ),
    ),
  };
}

/** From the start's period on. */
function readRange(input: Input, periodSeconds: number): { start: number; end: number } {
  const periodMs = periodSeconds * 1_000;
  const start = Math.floor(time(input, "StartTime") / periodMs) * periodMs;
  const end = time(input, "EndTime");
  if (end <= start) throw invalidCombination("StartTime must be before EndTime");
  return { start, end };
}

export function getMetricData({ store }: MetricsContext, input: Input) {
  refuse(input, "LabelOptions");
  const queries = readQueries(input, "MetricDataQueries", MAX_QUERIES);
  const order = oneOf(input, "ScanBy", ["TimestampDescending", "TimestampAscending"]);
  const limits = { min: 1, max: MAX_DATAPOINTS, integer: true };
  const max = optionalNumber(input, "MaxDatapoints", limits) ?? MAX_DATAPOINTS;
  // Beside an expression all have one period; without one, each query has periods of its own.
  const results = queries.some(({ source }) => "tree" in source)
    ? evaluateQueries(store, queries, readRange(input, commonPeriod(queries)))
    : new Map(
        queries.flatMap((query) => [
          ...evaluateQueries(store, [query], readRange(input, commonPeriod([query]))),
        ]),
      );
  const lines = queries
    .filter(({ returnData }) => returnData)
    .flatMap((query) =>
      results.get(query.id)!.map((one) => {
        const points = sortedPoints(one);
        return { query, points: order === "TimestampAscending" ? points : points.toReversed() };
      }),
    );

  // A page is a number of datapoints, over all results in turn.
  const from = Number(optionalText(input, "NextToken") ?? 0);
  let position = 0;
  const MetricDataResults = lines.map(({ query, points }) => {
    const begin = Math.max(0, from - position);
    const stop = Math.max(0, from + max - position);
    position += points.length;
    const shown = points.slice(begin, stop);
    const { source } = query;
    return {
      Id: query.id,
      Label: query.label ?? ("tree" in source ? query.id : source.metric.name),
      Timestamps: shown.map(([at]) => at / 1_000),
      Values: shown.map(([, value]) => value),
      StatusCode: stop < points.length ? "PartialData" : "Complete",
    };
  });
  return {
    MetricDataResults,
    Messages: [],
    ...(from + max < position && { NextToken: String(from + max) }),
  };
}
