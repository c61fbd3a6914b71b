import {
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  type CloudWatchClient,
  type StateValue,
} from "@aws-sdk/client-cloudwatch";
import type { CloudClock } from "../local/clock.ts";
import { DIMENSIONS, NAMESPACE, type MetricName } from "../metrics/names.ts";

const MINUTE_MS = 60_000;

/** Metrics that the demo adds up. */
export const OBSERVED = [
  "Comparisons",
  "Disagreements",
  "Fallbacks",
  "V1Calls",
  "V2Calls",
  "RecordsStored",
  "RecordsDiverted",
  "RecordsCapped",
  "RecordsSampledOut",
] as const satisfies readonly MetricName[];

export type Sums = Readonly<Record<(typeof OBSERVED)[number], number>>;

/** What an operator would look at: CloudWatch's metrics and the alarm, through the SDK. */
export class Observer {
  readonly #client: CloudWatchClient;
  readonly #clock: CloudClock;
  readonly #migration: string;
  readonly #alarm: string;
  readonly #since: number;

  constructor(options: {
    client: CloudWatchClient;
    clock: CloudClock;
    migration: string;
    alarm: string;
  }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#migration = options.migration;
    this.#alarm = options.alarm;
    this.#since = Math.floor(options.clock.now() / MINUTE_MS) * MINUTE_MS;
  }

  async alarmState(): Promise<StateValue | undefined> {
    const { CompositeAlarms } = await this.#client.send(
      new DescribeAlarmsCommand({ AlarmNames: [this.#alarm], AlarmTypes: ["CompositeAlarm"] }),
    );
    return CompositeAlarms?.[0]?.StateValue;
  }

  /** Sums since the demo began. */
  async sums(): Promise<Sums> {
    const entries = (await this.#series(this.#since)).map(
      ([name, values]) => [name, values.reduce((sum, value) => sum + value, 0)] as const,
    );
    return Object.fromEntries(entries) as Record<(typeof OBSERVED)[number], number>;
  }

  /** The mismatch rate in percent over the last two minutes of the cloud, if anything was compared. */
  async mismatchRate(): Promise<number | undefined> {
    const series = new Map(await this.#series(this.#clock.now() - 2 * MINUTE_MS));
    const sum = (name: string) =>
      (series.get(name as "Comparisons") ?? []).reduce((a, b) => a + b, 0);
    const comparisons = sum("Comparisons");
    return comparisons === 0 ? undefined : (100 * sum("Disagreements")) / comparisons;
  }

  async #series(from: number): Promise<[(typeof OBSERVED)[number], number[]][]> {
    const { MetricDataResults = [] } = await this.#client.send(
      new GetMetricDataCommand({
        StartTime: new Date(from),
        EndTime: new Date(this.#clock.now() + MINUTE_MS),
        MetricDataQueries: OBSERVED.map((name) => ({
          Id: name.toLowerCase(),
          Label: name,
          MetricStat: {
            Metric: {
              Namespace: NAMESPACE,
              MetricName: name,
              Dimensions: [{ Name: DIMENSIONS.migration, Value: this.#migration }],
            },
            Period: 60,
            Stat: "Sum",
          },
        })),
      }),
    );
    return OBSERVED.map((name) => [
      name,
      MetricDataResults.find(({ Id }) => Id === name.toLowerCase())?.Values ?? [],
    ]);
  }
}
