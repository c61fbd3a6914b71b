/** What a benchmark has measured. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is held against; a figure without one is for information. */
  readonly bar?: number;
  /** What it was measured against. */
  readonly peer?: string;
}

/**
 * Prints the figures: a table, or with `--json` among the process's arguments one object a line. The
 * process exits 1 when a bar is missed.
 *
 * @param meets what a bar means. @default the value may be as much
 */
export function report(
  figures: readonly Figure[],
  meets = (value: number, bar: number): boolean => value <= bar,
): void {
  const met = ({ value, bar }: Figure) => bar === undefined || meets(value, bar);
  if (process.argv.includes("--json")) {
    for (const figure of figures) console.log(JSON.stringify(figure));
  } else {
    console.table(
      figures.map((figure) => ({
        name: figure.name,
        value: Number(figure.value.toFixed(3)),
        unit: figure.unit,
        bar: figure.bar ?? "",
        peer: figure.peer ?? "",
        met: figure.bar === undefined ? "" : met(figure),
      })),
    );
  }
  process.exitCode = figures.every(met) ? 0 : 1;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @param share of the values that are smaller, from 0 (included) to 1 (excluded). */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!;
}

export function shuffled<Item>(items: readonly Item[]): Item[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(Math.random() * left.length), 1)[0]!);
}
