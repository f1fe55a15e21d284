// One limit of a RateLimitPolicy: how many requests, and by which algorithm they are counted.
import * as z from 'zod';
import { duration, durationMs, lastingBetween, partName } from './fields.ts';
import { withRules, type Frozen } from './grammar.ts';

/** A number of requests. */
export const requestCount = z.int32().min(1).max(1_000_000_000);

const window = withRules(duration, [
  { ...lastingBetween('1s', '8760h'), message: 'must be from 1s to 8760h (a year)' },
]);

/** Whose windows are those of a calendar. */
export const calendarFields = {
  period: z
    .enum(['Hour', 'Day', 'Week', 'Month', 'Year'])
    .describe('How long a window is; weeks begin on Mondays.'),
  timeZone: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_+\-/]*$/, 'must be a time zone such as Europe/Berlin or UTC')
    .max(64)
    .default('UTC')
    .describe('The time zone (IANA) whose calendar it is, such as Europe/Berlin.'),
};

const calendar = z.object(calendarFields);

const fields = z.object({
  name: partName.describe('Name of this limit: counters are kept under it, such as minute.'),
  requests: requestCount.describe(
    'How many requests may come in each window; for Concurrency: may be under way at a time.',
  ),
  algorithm: z
    .enum(['TokenBucket', 'FixedWindow', 'SlidingWindow', 'LeakyBucket', 'Concurrency'])
    .default('TokenBucket')
    .describe(
      'How is counted. TokenBucket: up to burst at once, and then evenly, requests in each window. FixedWindow: requests in each window, whenever in it; the next window begins anew. SlidingWindow: requests in the window that ends now, by an estimate from two windows. LeakyBucket: requests in each window, evenly; those that come sooner wait in a queue. Concurrency: requests at a time, however long each takes.',
    ),
  window: window
    .exactOptional()
    .describe('The time the requests are for, such as 1s, 1m or 24h; from 1s to 8760h.'),
  calendar: calendar
    .exactOptional()
    .describe('For FixedWindow, in place of window: the windows are those of a calendar.'),
  burst: requestCount
    .exactOptional()
    .describe('For TokenBucket: how many requests may come at once. Left out: as many as requests.'),
  queue: requestCount
    .exactOptional()
    .describe('For LeakyBucket: how many requests of one caller may wait. Left out: as many as requests.'),
});

/** The longest that a request waits in a queue. */
const queuedMaxS = 60;

/** The schema of a limit; of what only some algorithms have, each has what it needs and nothing else. */
export const requestLimit = withRules(fields, [
  {
    cel: "self.algorithm == 'Concurrency' || has(self.window) != has(self.calendar)",
    message: 'exactly one of window and calendar must be set: add window, or remove one of the two',
    holds: ({ algorithm, window, calendar }) =>
      algorithm === 'Concurrency' || (window === undefined) !== (calendar === undefined),
  },
  {
    cel: "self.algorithm != 'Concurrency' || !has(self.window)",
    message: 'Concurrency limits what is under way at a time: remove window, or set another algorithm',
    holds: (limit) => limit.algorithm !== 'Concurrency' || limit.window === undefined,
  },
  {
    cel: "!has(self.calendar) || self.algorithm == 'FixedWindow'",
    message: 'calendar is for FixedWindow: set algorithm to FixedWindow, or write window in its place',
    holds: (limit) => limit.calendar === undefined || limit.algorithm === 'FixedWindow',
  },
  {
    cel: "!has(self.burst) || self.algorithm == 'TokenBucket'",
    message: 'burst is for TokenBucket: remove it, or set algorithm to TokenBucket',
    holds: (limit) => limit.burst === undefined || limit.algorithm === 'TokenBucket',
  },
  {
    cel: "!has(self.queue) || self.algorithm == 'LeakyBucket'",
    message: 'queue is for LeakyBucket: remove it, or set algorithm to LeakyBucket',
    holds: (limit) => limit.queue === undefined || limit.algorithm === 'LeakyBucket',
  },
  {
    cel: `self.algorithm != 'LeakyBucket' || !has(self.window) || (has(self.queue) ? self.queue : self.requests) * duration(self.window).getSeconds() <= ${String(queuedMaxS)} * self.requests`,
    message: 'the last of the queue would wait longer than 1m: make queue smaller, or window shorter',
    holds: ({ algorithm, window, requests, queue = requests }) =>
      algorithm !== 'LeakyBucket' ||
      window === undefined ||
      queue * Math.floor(durationMs(window) / 1000) <= queuedMaxS * requests,
  },
]);

/** One limit of a rule. */
export type RequestLimit = Frozen<z.infer<typeof requestLimit>>;
