const SPARKS = "▁▂▃▄▅▆▇█";
const BAR_WIDTH = 24;

const COUNT = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export function count(value: number): string {
  return COUNT.format(value);
}

/** How many there are of something: `1 call`, `2,000 calls`. */
export function counted(value: number, one: string): string {
  const text = count(value);
  return `${text} ${one}${text === "1" ? "" : "s"}`;
}

/** A share from 0 to 1 as a percentage of two significant digits: `0.031 %`. */
export function share(value: number | undefined): string {
  return value === undefined ? "–" : `${Number((100 * value).toPrecision(2))} %`;
}

/** A share from 0 to 1 as a percentage that tells how far it is from 100: `99.96 %`. */
export function agreement(value: number | undefined): string {
  if (value === undefined) return "–";
  const missing = 100 * (1 - value);
  // Two digits of what is missing, so that nothing but 1 is 100 %.
  const digits = missing > 0 ? Math.max(0, 1 - Math.floor(Math.log10(missing))) : 0;
  return `${Number((100 * value).toFixed(Math.min(digits, 10)))} %`;
}

export function milliseconds(value: number | undefined): string {
  return value === undefined ? "–" : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** How long something has been so, in its largest unit. */
export function duration(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1_000))} s`;
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60
    ? `${Math.floor(minutes / 60)} h`
    : `${Math.floor(minutes / 1_440)} days`;
}

/** A bar that is filled to so many percent. */
export function bar(percent: number): string {
  const filled = Math.round((Math.min(100, Math.max(0, percent)) / 100) * BAR_WIDTH);
  return "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
}

/** Values as a line of bars, the highest as high as a line allows; a gap where there is none. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const highest = Math.max(0, ...values.flatMap((value) => value ?? []));
  return values
    .map((value) => {
      if (value === undefined) return " ";
      const height = highest === 0 ? 0 : Math.floor((value / highest) * SPARKS.length);
      return SPARKS[Math.min(SPARKS.length - 1, height)];
    })
    .join("");
}
