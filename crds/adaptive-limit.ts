// How much the backends of a rule bear, as their own answers tell.
import * as z from 'zod';
import { duration, lastingBetween } from './fields.ts';
import { withRules, type Frozen, type Rule } from './grammar.ts';

const concurrency = z.int32().min(1).max(1_000_000);

/** The schema of a rule's `adaptive`. */
export const adaptiveLimit = withRules(
  z.object({
    latency: withRules(duration, [lastingBetween('1ms', '60s')])
      .exactOptional()
      .describe(
        'Nine in ten answers are to begin so soon after the backend has got the whole request, such as 250ms; from 1ms to 60s.',
      ),
    errors: z
      .int32()
      .min(1)
      .max(99)
      .exactOptional()
      .describe('So many of a hundred requests may fail: by a 5xx, or without an answer; such as 10.'),
    minConcurrency: concurrency
      .default(10)
      .describe('So many requests may always wait for their answers at a time; with them it begins.'),
    maxConcurrency: concurrency.default(1000).describe('More never may.'),
  }),
  [
    {
      cel: 'has(self.latency) || has(self.errors)',
      message: 'says nothing of what backends are to hold: add latency, errors or both',
      holds: ({ latency, errors }) => latency !== undefined || errors !== undefined,
    },
    {
      cel: 'self.minConcurrency <= self.maxConcurrency',
      message: 'minConcurrency is more than maxConcurrency: make it smaller, or that larger',
      holds: ({ minConcurrency, maxConcurrency }) => minConcurrency <= maxConcurrency,
    },
  ],
);

/** What the backends of a rule are to hold. */
export type AdaptiveLimit = Frozen<z.infer<typeof adaptiveLimit>>;

interface Parts {
  readonly limits?: unknown;
  readonly adaptive?: unknown;
  readonly values?: unknown;
  readonly cost?: unknown;
  readonly scope?: unknown;
}

/** A rule limits callers, or what its backends have to do. */
export const limitsOrAdaptive: readonly Rule<Parts>[] = [
  {
    cel: 'has(self.limits) != has(self.adaptive)',
    message:
      'exactly one of limits and adaptive must be set: add one, or move one of them into a rule of its own',
    holds: ({ limits, adaptive }) => (limits === undefined) !== (adaptive === undefined),
  },
  {
    cel: '!has(self.adaptive) || !has(self.values) && !has(self.cost) && !has(self.scope)',
    message:
      'adaptive asks nobody who calls: remove values, cost and scope, or move them into a rule of limits',
    holds: ({ adaptive, values, cost, scope }) =>
      adaptive === undefined || (values === undefined && cost === undefined && scope === undefined),
  },
];
