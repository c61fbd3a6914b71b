import {
  paginateGetMetricData,
  type CloudWatchClient,
  type MetricDataQuery,
} from "@aws-sdk/client-cloudwatch";
import { DIMENSIONS, NAMESPACE, type MetricName } from "../metrics/names.ts";
import type { Points } from "./points.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Where a migration's metrics are. */
export interface MetricsReader {
  readonly client: CloudWatchClient;
  readonly migration: string;
  /** @default all of them together */
  readonly operation?: string;
  /** The present, in epoch milliseconds. */
  readonly now: number;
}

export type Statistic = "Sum" | "SampleCount" | "Maximum" | "p50" | "p99";

export interface Question {
  readonly metric: MetricName;
  readonly statistic: Statistic;
}

/** Some hundreds of periods at the most, each of a length that CloudWatch keeps for so long. */
export function periodFor(windowMs: number): number {
  if (windowMs <= 3 * HOUR_MS) return MINUTE_MS;
  return windowMs <= 24 * HOUR_MS ? 5 * MINUTE_MS : HOUR_MS;
}

/**
 * Reads metrics of a migration.
 *
 * @throws what the client throws, and {@link Error} where CloudWatch says that the data is not whole.
 */
export async function readPoints<Name extends string>(
  reader: MetricsReader,
  questions: Readonly<Record<Name, Question>>,
  range: { readonly from: number; readonly periodMs: number },
  abortSignal?: AbortSignal,
): Promise<Record<Name, Points>> {
  const { client, now } = reader;
  const names = Object.keys(questions) as Name[];
  const points = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    [number, number][]
  >;
  // A mode that is seconds old has no period yet, and CloudWatch wants the end after the start.
  if (range.from < now) {
    const pages = paginateGetMetricData(
      { client },
      {
        StartTime: new Date(range.from),
        EndTime: new Date(now),
        ScanBy: "TimestampAscending",
        MetricDataQueries: names.map((name) =>
          queryFor(name, questions[name], reader, range.periodMs),
        ),
      },
      { abortSignal },
    );
    for await (const { MetricDataResults = [] } of pages) {
      for (const { Id, StatusCode, Timestamps = [], Values = [] } of MetricDataResults) {
        if (StatusCode === "InternalError" || StatusCode === "Forbidden") {
          throw new Error(`CloudWatch has no whole answer for ${Id}: ${StatusCode}`);
        }
        Timestamps.forEach((time, at) =>
          points[Id as Name]?.push([time.getTime(), Values[at] ?? 0]),
        );
      }
    }
  }
  return points;
}

function queryFor(
  id: string,
  { metric, statistic }: Question,
  { migration, operation }: MetricsReader,
  periodMs: number,
): MetricDataQuery {
  return {
    Id: id,
    MetricStat: {
      Metric: {
        Namespace: NAMESPACE,
        MetricName: metric,
        Dimensions: [
          { Name: DIMENSIONS.migration, Value: migration },
          ...(operation === undefined ? [] : [{ Name: DIMENSIONS.operation, Value: operation }]),
        ],
      },
      Stat: statistic,
      Period: periodMs / 1_000,
    },
  };
}
