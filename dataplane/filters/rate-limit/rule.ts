import type { TimedLimit } from '#snapshot/limit.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import { policyNamespace } from '../policy-namespace.ts';
import type { Salt } from './algorithms/counters.ts';
import { FixedWindow } from './algorithms/fixed-window.ts';
import type { Meter } from './algorithms/meter.ts';
import { LeakyBucket } from './algorithms/leaky-bucket.ts';
import { SlidingWindow } from './algorithms/sliding-window.ts';
import { TokenBucket } from './algorithms/token-bucket.ts';
import type { KeyedHash } from '#dataplane/counters/keyed-hash.ts';

/** A RateLimit made ready: numbers worked out once, and each limit's own part of a hash. */
export interface LimitRule {
  readonly limit: RateLimit;
  /** What its counters go by, with the names of its limits. */
  readonly counters: string;
  /** Of the limits that count over time, in their order. */
  readonly meters: readonly Meter[];
  /** A request that takes more never passes. */
  readonly unitsMax: number;
}

/**
 * The rule of `limit`; counters go by {@link countersOf}, the name of the limit and its algorithm, and nothing else. `epochMs`:
 * what the wall clock shows.
 */
export function ruleFor(limit: RateLimit, hash: KeyedHash, epochMs: () => number): LimitRule {
  const counters = countersOf(limit);
  const owner = hash.ownerOf(policyNamespace(limit.name));
  const meters = timedLimits(limit).map((each) => {
    const salt = { ...hash.digestOf(`${counters}\n${each.name}\n${each.algorithm}`), owner };
    return meterFor(each, salt, epochMs, limit.cost?.type === 'Response' ? each.requests : 0);
  });
  return { limit, counters, meters, unitsMax: Math.min(...meters.map((meter) => meter.capacity(1))) };
}

/** The name that counters of the rule go by; no rule is called like what several of them share. */
export function countersOf({ name, scope }: RateLimit): string {
  return scope.kind === 'Shared' ? `shared:${scope.name}` : name;
}

/** A counter owes no more than what one window pays for. */
function meterFor(limit: TimedLimit, salt: Salt, epochMs: () => number, debtMax: number): Meter {
  switch (limit.algorithm) {
    case 'TokenBucket':
      return new TokenBucket(limit, salt, debtMax);
    case 'FixedWindow':
      return new FixedWindow(limit, salt, epochMs, debtMax);
    case 'SlidingWindow':
      return new SlidingWindow(limit, salt, debtMax);
    case 'LeakyBucket':
      return new LeakyBucket(limit, salt);
    default:
      return limit satisfies never;
  }
}

/** Those of the rule that count over time. */
export function timedLimits({ limits }: RateLimit): readonly TimedLimit[] {
  return limits.flatMap((each) => (each.algorithm === 'Concurrency' ? [] : [each]));
}

/** How long a window of the limit is; null for those that are not all of one length. */
export function windowMsOf(limit: TimedLimit): number | null {
  if (limit.algorithm !== 'FixedWindow') return limit.windowMs;
  return limit.windows.kind === 'Even' ? limit.windows.lengthMs : null;
}
