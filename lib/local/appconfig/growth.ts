/**
 * The percentages through which a deployment grows, the last one 100.
 *
 * LINEAR: even steps of `factor`. EXPONENTIAL: factor * 2^N.
 *
 * @param factor 1 to 100, percent
 */
export function growthSteps(type: "LINEAR" | "EXPONENTIAL", factor: number): number[] {
  const steps: number[] = [];
  for (let n = 0, percent = factor; percent < 100; n += 1) {
    steps.push(percent);
    percent = type === "LINEAR" ? factor * (n + 2) : factor * 2 ** (n + 1);
  }
  return [...steps, 100];
}

/**
 * When each step is due, in milliseconds after the start, the last one at the deployment's full
 * duration: 20 % linear over 10 h is 20 % at 2 h and 100 % at 10 h. That EXPONENTIAL spreads its
 * steps evenly too, and that a last step shorter than the factor takes as long as the others, is
 * not verified against AWS.
 */
export function stepTimes(steps: readonly number[], durationMs: number): number[] {
  return steps.map((_, index) => (durationMs * (index + 1)) / steps.length);
}
