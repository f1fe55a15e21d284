import type { RateLimit } from '#snapshot/rate-limit.ts';
import { saltOf } from './algorithms/counters.ts';
import type { Meter } from './algorithms/meter.ts';
import { TokenBucket } from './algorithms/token-bucket.ts';
import type { KeyedHash } from './keyed-hash.ts';

/** A RateLimit made ready: numbers worked out once, and each limit's own part of a hash. */
export interface LimitRule {
  readonly limit: RateLimit;
  /** In the order of the limits. */
  readonly meters: readonly Meter[];
}

/** The rule of `limit`; counters go by the rule's and the limit's names and nothing else. */
export function ruleFor(limit: RateLimit, hash: KeyedHash): LimitRule {
  const meters = limit.limits.map(
    (each) => new TokenBucket(each, saltOf(hash, `${limit.name}\n${each.name}`)),
  );
  return { limit, meters };
}
