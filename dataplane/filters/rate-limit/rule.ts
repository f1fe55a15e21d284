import type { RateLimit, TokenBucketLimit } from '#snapshot/rate-limit.ts';
import type { KeyedHash } from './keyed-hash.ts';

/** A RateLimit made ready: numbers worked out once, and each limit's own part of a hash. */
export interface LimitRule {
  readonly limit: RateLimit;
  readonly limits: readonly LimitTerms[];
}

/** One limit as GCRA wants it (ITU-T I.371), before it is divided among data planes. */
export interface LimitTerms {
  readonly name: string;
  /** Milliseconds between two requests at the steady rate. */
  readonly intervalMs: number;
  readonly windowMs: number;
  readonly requests: number;
  readonly burst: number;
  /** Mixed into the hash of a key, so that each limit has counters of its own. */
  readonly saltHi: number;
  readonly saltLo: number;
}

/** The rule of `limit`; counters go by the rule's and the limit's names and nothing else. */
export function ruleFor(limit: RateLimit, hash: KeyedHash): LimitRule {
  return { limit, limits: limit.limits.map((each) => termsOf(limit, each, hash)) };
}

function termsOf(limit: RateLimit, each: TokenBucketLimit, hash: KeyedHash): LimitTerms {
  hash.digest(`${limit.name}\n${each.name}`);
  return {
    name: each.name,
    intervalMs: each.windowMs / each.requests,
    windowMs: each.windowMs,
    requests: each.requests,
    burst: Math.max(1, each.burst),
    saltHi: hash.hi,
    saltLo: hash.lo,
  };
}
