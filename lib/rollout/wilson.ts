/** The standard normal distribution's 95 % quantile: the bound is one-sided. */
const Z = 1.6448536269514722;

/**
 * The upper bound of a rate at 95 % confidence, by Wilson's score: unlike the textbook's interval it
 * holds for few samples, and for a rate of 0.
 *
 * Wilson, E. B. (1927), "Probable inference, the law of succession, and statistical inference".
 *
 * @param rate what was seen, 0 to 1.
 * @param samples how many independent observations it was seen in. Below 1 the bound is 1.
 */
export function wilsonUpperBound(rate: number, samples: number): number {
  if (samples < 1) return 1;
  const z2 = Z * Z;
  const centre = rate + z2 / (2 * samples);
  const spread = Z * Math.sqrt((rate * (1 - rate)) / samples + z2 / (4 * samples * samples));
  return Math.min(1, (centre + spread) / (1 + z2 / samples));
}

/** The lower bound of the same; with the upper one an interval at 90 % confidence. */
export function wilsonLowerBound(rate: number, samples: number): number {
  // What was never seen may be never: the sum below is off by a rounding there.
  return rate === 0 ? 0 : 1 - wilsonUpperBound(1 - rate, samples);
}
