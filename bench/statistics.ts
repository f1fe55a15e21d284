/** Median of some figures, and the interval in which 95 of 100 medians of such samples lie. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

const resamples = 2000;

/** The spread of some figures, by bootstrap: the same figures give the same interval. NaN for none at all. */
export function spread(figures: readonly number[]): Spread {
  const random = generator(figures.length);
  const medians = Array.from({ length: resamples }, () =>
    median(figures.map(() => figures[Math.floor(random() * figures.length)] ?? Number.NaN)),
  ).sort((a, b) => a - b);
  return {
    median: median(figures),
    low: medians[Math.floor(resamples * 0.025)] ?? Number.NaN,
    high: medians[Math.ceil(resamples * 0.975) - 1] ?? Number.NaN,
  };
}

/** The figure in the middle, or between the two in the middle; NaN for none at all. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** Park and Miller's generator: even enough to draw samples. */
function generator(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
