import type { CloudClock } from "../clock.ts";
import type { CloudState } from "../state/cloud-state.ts";
import { Aggregate } from "./aggregate.ts";
import type { AggregateData, StatisticSet } from "./aggregate.ts";

export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export interface Measurement {
  /** Epoch ms, cloud time. */
  readonly time: number;
  /** @default None */
  readonly unit?: string;
  /** Seconds: 1 for high resolution. @default 60 */
  readonly storageResolution?: number;
  /** Values, each with how often it was seen. */
  readonly values?: Iterable<readonly [value: number, count: number]>;
  readonly set?: StatisticSet;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const SIZE_MS = { seconds: SECOND_MS, minutes: MINUTE_MS } as const;
/** As AWS keeps them: seconds for 3 hours and then as minutes, minutes for 15 days. */
const KEEP_SECONDS_MS = 3 * HOUR_MS;
const KEEP_MINUTES_MS = 15 * 24 * HOUR_MS;

/** The points of one metric in one unit, by the start of their second or minute. */
interface Buckets {
  readonly seconds: Map<number, Aggregate>;
  readonly minutes: Map<number, Aggregate>;
}

interface Series {
  readonly id: MetricId;
  readonly units: Map<string, Buckets>;
  latest: number;
}

/** What is kept of a metric: one bucket under a key of its own. */
interface KeptBucket {
  readonly id: MetricId;
  readonly unit: string;
  readonly resolution: keyof Buckets;
  /** Epoch ms. */
  readonly start: number;
  readonly data: AggregateData;
}

/** The beginning of the keys of what is kept. */
const KEPT = "metric/";

/** All metrics of the cloud. Memory is bounded by what is kept: a bucket a minute for 15 days. */
export class MetricStore {
  readonly #clock: CloudClock;
  readonly #series = new Map<string, Series>();
  readonly #state: CloudState;
  #prunedAt: number;

  constructor(clock: CloudClock, state: CloudState) {
    this.#clock = clock;
    this.#state = state;
    for (const kept of state.leftUnder(KEPT) as readonly KeptBucket[]) this.#takeUp(kept);
    this.#prunedAt = clock.now();
    this.#prune();
  }

  put(id: MetricId, measurement: Measurement): void {
    const { time, unit = "None", storageResolution = 60, values = [], set } = measurement;
    const series = this.#seriesOf(id);
    const resolution = storageResolution < 60 ? "seconds" : "minutes";
    const aggregate = bucket(bucketsOf(series, unit)[resolution], time, SIZE_MS[resolution]);
    this.#keep(series, unit, resolution, startOf(time, SIZE_MS[resolution]));
    for (const [value, count] of values) aggregate.add(value, count);
    if (set !== undefined) aggregate.addSet(set);
    series.latest = Math.max(series.latest, time);
    if (this.#clock.now() - this.#prunedAt >= HOUR_MS) this.#prune();
  }

  /**
   * What was measured from `start` up to `end`, by the start of each period; periods begin at
   * `start`. A period in which nothing was measured is absent.
   *
   * @param unit absent: all units together
   */
  read(
    id: MetricId,
    range: { readonly start: number; readonly end: number; readonly periodSeconds: number },
    unit?: string,
  ): Map<number, Aggregate> {
    const { start, end } = range;
    const periodMs = range.periodSeconds * SECOND_MS;
    const oldest = this.#clock.now() - KEEP_MINUTES_MS;
    const result = new Map<number, Aggregate>();
    const collect = (buckets: ReadonlyMap<number, Aggregate>, sizeMs: number) => {
      for (const [time, aggregate] of within(buckets, Math.max(start, oldest), end, sizeMs)) {
        const period = start + Math.floor((time - start) / periodMs) * periodMs;
        bucket(result, period, 1).merge(aggregate);
      }
    };
    for (const [name, buckets] of this.#series.get(keyOf(id))?.units ?? []) {
      if (unit !== undefined && name !== unit) continue;
      collect(buckets.minutes, MINUTE_MS);
      collect(buckets.seconds, SECOND_MS);
    }
    return result;
  }

  units(id: MetricId): string[] {
    return [...(this.#series.get(keyOf(id))?.units.keys() ?? [])];
  }

  /** Every metric, with the time of its newest point. */
  list(): { readonly id: MetricId; readonly latest: number }[] {
    const oldest = this.#clock.now() - KEEP_MINUTES_MS;
    return [...this.#series.values()].filter(({ latest }) => latest >= oldest);
  }

  #seriesOf(id: MetricId): Series {
    const key = keyOf(id);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { id, units: new Map(), latest: 0 };
      this.#series.set(key, series);
    }
    return series;
  }

  #takeUp({ id, unit, resolution, start, data }: KeptBucket): void {
    const series = this.#seriesOf(id);
    bucketsOf(series, unit)[resolution].set(start, Aggregate.from(data));
    series.latest = Math.max(series.latest, start);
  }

  /** Has a bucket kept as it is, or as it isn't any longer. */
  #keep({ id, units }: Series, unit: string, resolution: keyof Buckets, start: number): void {
    const key = `${KEPT}${JSON.stringify([keyOf(id), unit, resolution, start])}`;
    const aggregate = units.get(unit)![resolution].get(start);
    if (aggregate === undefined) {
      this.#state.forget(key);
      return;
    }
    this.#state.keep(key, (): KeptBucket => ({
      id,
      unit,
      resolution,
      start,
      data: aggregate.data,
    }));
  }

  #prune(): void {
    const now = this.#clock.now();
    this.#prunedAt = now;
    for (const [key, series] of this.#series) {
      for (const [unit, { seconds, minutes }] of series.units) {
        for (const [time, aggregate] of seconds) {
          if (time >= now - KEEP_SECONDS_MS) continue;
          bucket(minutes, time, MINUTE_MS).merge(aggregate);
          seconds.delete(time);
          this.#keep(series, unit, "seconds", time);
          this.#keep(series, unit, "minutes", startOf(time, MINUTE_MS));
        }
        for (const time of minutes.keys()) {
          if (time >= now - KEEP_MINUTES_MS) continue;
          minutes.delete(time);
          this.#keep(series, unit, "minutes", time);
        }
      }
      if (series.latest < now - KEEP_MINUTES_MS) this.#series.delete(key);
    }
  }
}

const keyOf = ({ namespace, name, dimensions }: MetricId): string =>
  JSON.stringify([
    namespace,
    name,
    Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);

function bucketsOf({ units }: Series, unit: string): Buckets {
  let buckets = units.get(unit);
  if (buckets === undefined) {
    buckets = { seconds: new Map(), minutes: new Map() };
    units.set(unit, buckets);
  }
  return buckets;
}

const startOf = (time: number, sizeMs: number): number => Math.floor(time / sizeMs) * sizeMs;

function bucket(buckets: Map<number, Aggregate>, time: number, sizeMs: number): Aggregate {
  const start = startOf(time, sizeMs);
  let aggregate = buckets.get(start);
  if (aggregate === undefined) {
    aggregate = new Aggregate();
    buckets.set(start, aggregate);
  }
  return aggregate;
}

/** The buckets that start in the range. Steps through the range, or the map, whichever is shorter. */
function* within(
  buckets: ReadonlyMap<number, Aggregate>,
  start: number,
  end: number,
  sizeMs: number,
): Generator<[time: number, aggregate: Aggregate]> {
  if ((end - start) / sizeMs > buckets.size) {
    for (const [time, aggregate] of buckets) {
      if (time >= start && time < end) yield [time, aggregate];
    }
    return;
  }
  for (let time = Math.ceil(start / sizeMs) * sizeMs; time < end; time += sizeMs) {
    const aggregate = buckets.get(time);
    if (aggregate !== undefined) yield [time, aggregate];
  }
}
