const SIZES = ["Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"];
const BITS = ["Bits", "Kilobits", "Megabits", "Gigabits", "Terabits"];

/** CloudWatch's StandardUnit. */
export const UNITS: readonly string[] = [
  "Seconds",
  "Microseconds",
  "Milliseconds",
  ...SIZES,
  ...BITS,
  "Percent",
  "Count",
  ...[...SIZES, ...BITS, "Count"].map((unit) => `${unit}/Second`),
  "None",
];

export const isUnit = (value: unknown): value is string => UNITS.includes(value as string);
