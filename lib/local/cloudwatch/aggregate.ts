/** Above so many distinct values a bucket keeps them to three significant digits, as bounds memory. */
const MAX_DISTINCT_VALUES = 2_000;

export interface StatisticSet {
  readonly SampleCount: number;
  readonly Sum: number;
  readonly Minimum: number;
  readonly Maximum: number;
}

/** An aggregate as plain data. */
export interface AggregateData {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly values: ReadonlyMap<number, number> | undefined;
  readonly rounded: boolean;
}

/**
 * What was measured in one stretch of time. Count, sum, minimum and maximum are exact; so are
 * percentiles up to 2,000 distinct values, and above that to half a percent.
 */
export class Aggregate {
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;
  /** How often each value was seen; undefined when a statistic set hides the values. */
  #values: Map<number, number> | undefined = new Map();
  #rounded = false;

  static from({ count, sum, min, max, values, rounded }: AggregateData): Aggregate {
    const aggregate = new Aggregate();
    aggregate.#count(count, sum, min, max);
    aggregate.#values = values && new Map(values);
    aggregate.#rounded = rounded;
    return aggregate;
  }

  get data(): AggregateData {
    const { count, sum, min, max } = this;
    return { count, sum, min, max, values: this.#values, rounded: this.#rounded };
  }

  add(value: number, count = 1): void {
    this.#count(count, value * count, value, value);
    if (this.#values === undefined) return;
    const key = this.#rounded ? round(value) : value;
    this.#values.set(key, (this.#values.get(key) ?? 0) + count);
    this.#bound();
  }

  /** Percentiles of a set are known only when all its values are the same one. */
  addSet({ SampleCount, Sum, Minimum, Maximum }: StatisticSet): void {
    if (Minimum === Maximum) {
      this.add(Minimum, SampleCount);
      return;
    }
    this.#count(SampleCount, Sum, Minimum, Maximum);
    this.#values = undefined;
  }

  merge(other: Aggregate): void {
    this.#count(other.count, other.sum, other.min, other.max);
    if (other.#values === undefined) this.#values = undefined;
    if (this.#values === undefined || other.#values === undefined) return;
    for (const [value, count] of other.#values) {
      this.#values.set(value, (this.#values.get(value) ?? 0) + count);
    }
    this.#bound();
  }

  /**
   * By nearest rank; how AWS interpolates is not documented. As there, there is none when values are
   * negative, or came as a statistic set.
   *
   * @param percent above 0, at most 100
   */
  percentile(percent: number): number | undefined {
    if (this.#values === undefined || this.count === 0 || this.min < 0) return undefined;
    const rank = (percent / 100) * this.count;
    let seen = 0;
    for (const value of [...this.#values.keys()].toSorted((a, b) => a - b)) {
      seen += this.#values.get(value)!;
      // The tolerance is for ranks such as 0.07 * 100, which is a hair above 7.
      if (seen >= rank - 1e-9) return Math.min(this.max, Math.max(this.min, value));
    }
    return this.max;
  }

  #count(count: number, sum: number, min: number, max: number): void {
    this.count += count;
    this.sum += sum;
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
  }

  #bound(): void {
    if (this.#values === undefined || this.#values.size <= MAX_DISTINCT_VALUES) return;
    // Once is enough: of three digits there are 900 a decade.
    if (this.#rounded) return;
    const rounded = new Map<number, number>();
    for (const [value, count] of this.#values) {
      rounded.set(round(value), (rounded.get(round(value)) ?? 0) + count);
    }
    this.#values = rounded;
    this.#rounded = true;
  }
}

const round = (value: number): number => Number(value.toPrecision(3));
