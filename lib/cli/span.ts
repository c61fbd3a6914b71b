import { InvalidArgumentError } from "commander";

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Reads a time: how long ago (`90m`, `24h`, `7d`), or an ISO 8601 time.
 *
 * @returns epoch milliseconds.
 */
export function timeOf(text: string): number {
  const ago = /^(\d+)([mhd])$/.exec(text);
  const time =
    ago === null
      ? Date.parse(text)
      : Date.now() - Number(ago[1]) * UNITS[ago[2] as "m" | "h" | "d"];
  if (!Number.isFinite(time)) {
    throw new InvalidArgumentError("Allowed are 90m, 24h, 7d and the like, or an ISO 8601 time.");
  }
  return time;
}
