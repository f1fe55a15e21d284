// What each algorithm means, told as plainly as can be: every admitted request is remembered for ever.
import type { TimedLimit } from '#snapshot/limit.ts';
import fc from 'fast-check';

/** How long a request of so many units waits that comes at `ms`, never before the one asked about last; null when it is refused. */
export type Naive = (ms: number, units: number) => number | null;

/** A limit and what it means. */
export interface Meaning {
  readonly limit: TimedLimit;
  readonly naive: () => Naive;
}

const requests = fc.integer({ min: 1, max: 12 });
const lengthMs = fc.integer({ min: 1000, max: 5000 });

/** Tokens, in milliseconds of the time it takes to get one. */
const tokenBucket = fc
  .record({ requests, intervalMs: fc.integer({ min: 1, max: 50 }), burst: fc.integer({ min: 1, max: 12 }) })
  .map(({ requests, intervalMs, burst }): Meaning => {
    const windowMs = intervalMs * requests;
    const limit = { name: 'only', algorithm: 'TokenBucket', requests, windowMs, burst } as const;
    const naive = (): Naive => {
      let creditMs = burst * intervalMs;
      let lastMs: number | null = null;
      return (ms, units) => {
        creditMs = Math.min(burst * intervalMs, creditMs + ms - (lastMs ?? ms));
        lastMs = ms;
        if (creditMs < units * intervalMs) return null;
        creditMs -= units * intervalMs;
        return 0;
      };
    };
    return { limit, naive };
  });

const fixedWindow = fc.record({ requests, lengthMs }).map(({ requests, lengthMs }): Meaning => {
  const windows = { kind: 'Even', lengthMs } as const;
  const windowOf = (ms: number): number => Math.floor(ms / lengthMs);
  const naive = (): Naive =>
    remembering(
      (before, ms, units) =>
        before.filter((one) => windowOf(one) === windowOf(ms)).length + units <= requests,
    );
  return { limit: { name: 'only', algorithm: 'FixedWindow', requests, windows }, naive };
});

/** In whole numbers: requests times milliseconds. */
const slidingWindow = fc.record({ requests, lengthMs }).map(({ requests, lengthMs }): Meaning => {
  const naive = (): Naive =>
    remembering((before, ms, units) => {
      const startMs = ms - (ms % lengthMs);
      const current = before.filter((one) => one >= startMs).length;
      const previous = before.filter((one) => one >= startMs - lengthMs).length - current;
      const estimate = previous * (lengthMs - (ms - startMs)) + current * lengthMs;
      return estimate + units * lengthMs <= requests * lengthMs + lengthMs / 1000;
    });
  return { limit: { name: 'only', algorithm: 'SlidingWindow', requests, windowMs: lengthMs }, naive };
});

/** A queue: each leaves when the one before has left for long enough; one of several units as so many in a row. */
const leakyBucket = fc
  .record({ requests, intervalMs: fc.integer({ min: 1, max: 50 }), queue: fc.integer({ min: 1, max: 12 }) })
  .map(({ requests, intervalMs, queue }): Meaning => {
    const windowMs = intervalMs * requests;
    const naive = (): Naive => {
      const leaving: number[] = [];
      return (ms, units) => {
        if (leaving.filter((one) => one + intervalMs > ms).length + units > queue + 1) return null;
        const leaves = Math.max(ms, (leaving.at(-1) ?? -Infinity) + intervalMs);
        for (let unit = 0; unit < units; unit += 1) leaving.push(leaves + unit * intervalMs);
        return leaves - ms;
      };
    };
    return { limit: { name: 'only', algorithm: 'LeakyBucket', requests, windowMs, queue }, naive };
  });

function remembering(passes: (before: readonly number[], ms: number, units: number) => boolean): Naive {
  const before: number[] = [];
  return (ms, units) => {
    const isPassed = passes(before, ms, units);
    if (isPassed) before.push(...Array<number>(units).fill(ms));
    return isPassed ? 0 : null;
  };
}

/** Some limit of each algorithm that counts over time. */
export const meanings = {
  TokenBucket: tokenBucket,
  FixedWindow: fixedWindow,
  SlidingWindow: slidingWindow,
  LeakyBucket: leakyBucket,
} satisfies Record<TimedLimit['algorithm'], fc.Arbitrary<Meaning>>;

/** What requests take, in turn: often one unit each, and at times more than a limit ever has. */
export const costs = fc.oneof(
  fc.constant([1]),
  fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 8 }),
);

/** Milliseconds between arrivals: floods, a steady flow and pauses. */
export const gaps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 3, arbitrary: fc.integer({ min: 100, max: 1500 }) },
    { weight: 1, arbitrary: fc.integer({ min: 5000, max: 20_000 }) },
  ),
  { minLength: 1, maxLength: 80 },
);
