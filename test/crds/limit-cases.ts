// Cases of one limit, wherever it stands.
import type { Json } from './manifest.ts';

export const minute = { name: 'minute', requests: 100, window: '1m' };
const day = { period: 'Day' };

/** A limit that keeps a rule of its schema, and one that breaks it. */
export interface LimitRule {
  readonly rule: string;
  readonly valid: Json;
  readonly invalid: Json;
}

/** One for each rule of a limit. */
export const limitRules: readonly LimitRule[] = [
  {
    rule: 'must be from 1s to 8760h (a year)',
    valid: { ...minute, window: '8760h' },
    invalid: { ...minute, window: '999ms' },
  },
  {
    rule: 'exactly one of window and calendar must be set: add window, or remove one of the two',
    valid: { name: 'day', requests: 1, algorithm: 'FixedWindow', calendar: day },
    invalid: { name: 'day', requests: 1 },
  },
  {
    rule: 'calendar is for FixedWindow: set algorithm to FixedWindow, or write window in its place',
    valid: { name: 'day', requests: 1, algorithm: 'FixedWindow', calendar: { ...day, timeZone: 'UTC' } },
    invalid: { name: 'day', requests: 1, calendar: day },
  },
  {
    rule: 'burst is for TokenBucket: remove it, or set algorithm to TokenBucket',
    valid: { ...minute, burst: 1 },
    invalid: { ...minute, burst: 1, algorithm: 'FixedWindow' },
  },
  {
    rule: 'Concurrency limits what is under way at a time: remove window, or set another algorithm',
    valid: { name: 'at-a-time', requests: 1, algorithm: 'Concurrency' },
    invalid: { ...minute, algorithm: 'Concurrency' },
  },
  {
    rule: 'queue is for LeakyBucket: remove it, or set algorithm to LeakyBucket',
    valid: { ...minute, queue: 1, algorithm: 'LeakyBucket' },
    invalid: { ...minute, queue: 1 },
  },
  {
    rule: 'the last of the queue would wait longer than 1m: make queue smaller, or window shorter',
    valid: { ...minute, algorithm: 'LeakyBucket' },
    invalid: { ...minute, algorithm: 'LeakyBucket', queue: 101 },
  },
];
