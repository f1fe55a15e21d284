// Which limits hold for a key: those of the rule, or others that it has for just this text.
import type { Limit } from '#snapshot/limit.ts';
import type { RateLimit } from '#snapshot/rate-limit.ts';
import type { Gate } from './algorithms/concurrency.ts';
import { rateLimitFields, type RateLimitFields } from './answer-fields.ts';
import type { LimitRule } from './rule.ts';

/** Limits made ready to be asked, and to be told of. */
export interface Counted {
  readonly rule: LimitRule;
  /** Of the limits on what is in flight; null when there are none. */
  readonly gate: Gate | null;
  readonly fields: RateLimitFields;
}

/** The limits of a RateLimit; `byValue` is null where all keys have the usual ones. */
export interface CountedByValue {
  readonly usual: Counted;
  readonly byValue: ReadonlyMap<string, Counted> | null;
}

/** What makes limits ready; counters go by names and key, so those of a key go on wherever its limits are written. */
export interface Counters {
  readonly ruleFor: (limit: RateLimit) => LimitRule;
  readonly gateOf: (limit: RateLimit) => Gate | null;
}

/** All limits of `limit`, made ready. */
export function countedByValue(limit: RateLimit, { ruleFor, gateOf }: Counters): CountedByValue {
  function counted(limits: readonly Limit[]): Counted {
    const one = { ...limit, limits, values: [] };
    return { rule: ruleFor(one), gate: gateOf(one), fields: rateLimitFields(one) };
  }
  const others = limit.values.flatMap(({ values, limits }) => {
    const made = counted(limits);
    return values.map((value) => [value, made] as const);
  });
  return { usual: counted(limit.limits), byValue: others.length === 0 ? null : new Map(others) };
}
