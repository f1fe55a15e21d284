/** One limit of a RateLimit, by how it counts. `requests` is what may pass; all numbers are at least 1. */
export type Limit = TimedLimit | ConcurrencyLimit;

/** One that counts over time. */
export type TimedLimit = TokenBucketLimit | FixedWindowLimit | SlidingWindowLimit | LeakyBucketLimit;

/** GCRA: `burst` at once, and `requests` in `windowMs` over time (ITU-T I.371). */
export interface TokenBucketLimit {
  readonly name: string;
  readonly algorithm: 'TokenBucket';
  readonly requests: number;
  readonly windowMs: number;
  readonly burst: number;
}

/** `requests` in each of the windows. */
export interface FixedWindowLimit {
  readonly name: string;
  readonly algorithm: 'FixedWindow';
  readonly requests: number;
  readonly windows: Windows;
}

/** `requests` in a window that ends now, as far as can be told from the counts of two windows. */
export interface SlidingWindowLimit {
  readonly name: string;
  readonly algorithm: 'SlidingWindow';
  readonly requests: number;
  readonly windowMs: number;
}

/** `requests` in `windowMs`, evenly: those that come sooner wait, at most `queue` of them. */
export interface LeakyBucketLimit {
  readonly name: string;
  readonly algorithm: 'LeakyBucket';
  readonly requests: number;
  readonly windowMs: number;
  readonly queue: number;
}

/** `requests` in flight at a time. */
export interface ConcurrencyLimit {
  readonly name: string;
  readonly algorithm: 'Concurrency';
  readonly requests: number;
}

/**
 * Windows that follow each other without a gap. Even: each `lengthMs` long, the first begins in 1970. Calendar: the
 * hours, days, weeks (from Monday), months or years of an IANA time zone.
 */
export type Windows =
  | { readonly kind: 'Even'; readonly lengthMs: number }
  | { readonly kind: 'Calendar'; readonly period: Period; readonly timeZone: string };

export type Period = 'Hour' | 'Day' | 'Week' | 'Month' | 'Year';
