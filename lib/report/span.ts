/** A span of time; both ends are epoch milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const PERIODS_MS = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS];

/** More points than a chart is wide would be drawn over one another. */
const MAX_PERIODS = 800;

/** How long CloudWatch keeps its finest periods, by the one that is the finest after that. */
const KEPT = [
  { periodMs: MINUTE_MS, forMs: 15 * DAY_MS },
  { periodMs: 5 * MINUTE_MS, forMs: 63 * DAY_MS },
];

/** How far back there are metrics at all. */
export const METRICS_KEPT_MS = 455 * DAY_MS;

/**
 * The shortest period that CloudWatch still has at the span's beginning, and of which there are no more
 * than some hundreds in it.
 */
export function periodOver({ from, to }: Span, now: number): number {
  const finestMs = KEPT.find(({ forMs }) => now - from < forMs)?.periodMs ?? HOUR_MS;
  const wanted = PERIODS_MS.find(
    (periodMs) => periodMs >= finestMs && (to - from) / periodMs <= MAX_PERIODS,
  );
  return wanted ?? DAY_MS;
}
