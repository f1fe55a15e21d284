// What each algorithm means where answers are charged when they have ended, told as plainly as can be.
import type { TimedLimit } from '#snapshot/limit.ts';
import fc from 'fast-check';

/** A counter; no call is of a time before that of the call before. */
export interface NaiveDebt {
  /** Whether a request goes on. */
  isLeft(ms: number): boolean;
  charge(ms: number, units: number): void;
}

/** A limit and what it means; it owes no more than its requests. */
export interface DebtMeaning {
  readonly limit: TimedLimit;
  readonly naive: () => NaiveDebt;
}

const requests = fc.integer({ min: 1, max: 12 });
const lengthMs = fc.integer({ min: 1000, max: 5000 });

const tokenBucket = fc
  .record({ requests, intervalMs: fc.integer({ min: 1, max: 50 }), burst: fc.integer({ min: 1, max: 12 }) })
  .map(({ requests, intervalMs, burst }): DebtMeaning => {
    const naive = (): NaiveDebt => {
      let creditMs = burst * intervalMs;
      let lastMs: number | null = null;
      const goOn = (ms: number): void => {
        creditMs = Math.min(burst * intervalMs, creditMs + ms - (lastMs ?? ms));
        lastMs = ms;
      };
      return {
        isLeft(ms) {
          goOn(ms);
          return creditMs >= intervalMs;
        },
        charge(ms, units) {
          goOn(ms);
          creditMs = Math.max(-requests * intervalMs, creditMs - units * intervalMs);
        },
      };
    };
    const windowMs = intervalMs * requests;
    return { limit: { name: 'only', algorithm: 'TokenBucket', requests, windowMs, burst }, naive };
  });

const fixedWindow = fc.record({ requests, lengthMs }).map(({ requests, lengthMs }): DebtMeaning => {
  const naive = (): NaiveDebt => {
    let window = 0;
    let count = 0;
    const goOn = (ms: number): void => {
      for (; window < Math.floor(ms / lengthMs) && count > 0; window += 1)
        count = Math.max(0, count - requests);
      window = Math.floor(ms / lengthMs);
    };
    return {
      isLeft(ms) {
        goOn(ms);
        return count < requests;
      },
      charge(ms, units) {
        goOn(ms);
        count = Math.min(2 * requests, count + units);
      },
    };
  };
  const windows = { kind: 'Even', lengthMs } as const;
  return { limit: { name: 'only', algorithm: 'FixedWindow', requests, windows }, naive };
});

/** In whole numbers: requests times milliseconds. */
const slidingWindow = fc.record({ requests, lengthMs }).map(({ requests, lengthMs }): DebtMeaning => {
  const naive = (): NaiveDebt => {
    const counts = new Map<number, number>();
    const windowOf = (ms: number): number => Math.floor(ms / lengthMs);
    const countOf = (window: number): number => counts.get(window) ?? 0;
    return {
      isLeft(ms) {
        const window = windowOf(ms);
        const used = countOf(window - 1) * (lengthMs - (ms % lengthMs)) + countOf(window) * lengthMs;
        return used + lengthMs <= requests * lengthMs + lengthMs / 1000;
      },
      charge(ms, units) {
        counts.set(windowOf(ms), Math.min(2 * requests, countOf(windowOf(ms)) + units));
      },
    };
  };
  return { limit: { name: 'only', algorithm: 'SlidingWindow', requests, windowMs: lengthMs }, naive };
});

/** Some limit of each algorithm that can owe. */
export const debtMeanings = {
  TokenBucket: tokenBucket,
  FixedWindow: fixedWindow,
  SlidingWindow: slidingWindow,
} satisfies Partial<Record<TimedLimit['algorithm'], fc.Arbitrary<DebtMeaning>>>;

/** What answers take, in turn: also nothing, and far more than a limit ever has. */
export const taken = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 6, max: 60 })), {
  minLength: 1,
  maxLength: 8,
});

/** The cost of a rule whose limit owes. */
export const told = { type: 'Response', expression: 'response.bytes' } as const;
