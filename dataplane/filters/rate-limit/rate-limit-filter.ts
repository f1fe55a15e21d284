import type { RequestSubject } from '#cel/request-variables.ts';
import type { Variables } from '#cel/variables.ts';
import { atEnd, type Exchange, type RequestFilter, type Verdict } from '#dataplane/http/exchange.ts';
import type { OnUnknownKey, RateLimit, RateLimitKey } from '#snapshot/rate-limit.ts';
import { hash } from 'node:crypto';
import type { CapacityShare } from '../capacity.ts';
import { retryAfterSeconds } from './answer-fields.ts';
import type { Counted, CountedByValue } from './counted.ts';
import { exemptReader } from './exempt.ts';
import { countsReader, keyReader } from './expressions.ts';
import { sharedKey } from './key.ts';
import type { Outcome } from './outcome.ts';
import { timedLimits, windowMsOf, type LimitRule } from './rule.ts';
import type { Tally } from './tally.ts';

/** Longer values are counted by their hash, so that no client decides how much is remembered. */
const keyLengthMax = 128;

/** Asks whoever holds the counters now; a promise only when they are elsewhere. */
export type Decide = (rule: LimitRule, key: string) => Outcome | Promise<Outcome>;

/** What a rule is asked with. */
export interface RateLimitSurroundings {
  readonly decide: Decide;
  /** N, where each of N data planes grants its part of what is in flight. */
  readonly share: () => number;
  /** For requests that a limit delays. */
  readonly places: CapacityShare;
  readonly wait: (ms: number) => Promise<void>;
  readonly tally: Tally;
  readonly variables: Variables<RequestSubject>;
  /** 0 to 1; spreads waits. */
  readonly random: () => number;
}

/** The filter of one rule of a RateLimitPolicy. */
export function rateLimitFilter(
  limit: RateLimit,
  { usual, byValue }: CountedByValue,
  { decide, share, places, wait, tally, variables, random }: RateLimitSurroundings,
): RequestFilter {
  const readKey = keyReader(limit.key, variables);
  const exempts = exemptReader(limit.exempt);
  const counts = countsReader(limit, variables);
  const enforce = limit.mode === 'Enforce';

  function verdictOf(exchange: Exchange, { fields }: Counted, outcome: Outcome): Verdict | Promise<Verdict> {
    tally.count(outcome.verdict);
    if (!enforce) return null;
    switch (outcome.verdict) {
      case 'Unknown':
        return limit.onStoreError === 'Closed' ? { kind: 'RateLimitUnavailable' } : null;
      case 'Admitted':
        fields.append(exchange.answerFields, outcome);
        return outcome.delayMs === 0 ? null : goesOnAfter(outcome.delayMs);
      case 'Refused':
        fields.append(exchange.answerFields, outcome);
        return refusal(outcome.waitMs);
      default:
        return outcome.verdict satisfies never;
    }
  }

  function goesOnAfter(delayMs: number): Verdict | Promise<Verdict> {
    if (places.isFull) return refusal(delayMs);
    return places.run(() => wait(delayMs)).then(() => null);
  }

  function refusal(waitMs: number): Verdict {
    return { kind: 'RateLimited', policy: limit.name, retryAfterS: retryAfterSeconds(waitMs, random()) };
  }

  function tooMany(): Verdict {
    tally.count('Refused');
    return enforce ? refusal(0) : null;
  }

  function unknownKey(key: RateLimitKey): Verdict {
    const refuses = onUnknown(key) === 'Refuse';
    tally.count(refuses ? 'Refused' : 'Skipped');
    if (!enforce || !refuses) return null;
    return refusal(Math.max(0, ...timedLimits(limit).map((each) => windowMsOf(each) ?? 0)));
  }

  return {
    kind: 'RateLimit',
    apply(exchange) {
      if (exempts?.(exchange) === true || counts?.(exchange) === false) {
        tally.count('Skipped');
        return null;
      }
      const found = readKey(exchange);
      const whole = found ?? (onUnknown(limit.key) === 'Share' ? sharedKey : null);
      if (whole === null) return unknownKey(limit.key);
      const counted = byValue?.get(whole) ?? usual;
      const { rule, gate } = counted;
      const key = whole.length > keyLengthMax ? hash('sha256', whole, 'base64url') : whole;
      if (gate !== null) {
        if (!gate.enter(key, share())) return tooMany();
        // A request that another limit refuses is over at once, and leaves.
        atEnd(exchange, () => gate.leave(key));
        if (rule.meters.length === 0) {
          tally.count('Admitted');
          return null;
        }
      }
      const outcome = decide(rule, key);
      if (!(outcome instanceof Promise)) return verdictOf(exchange, counted, outcome);
      return outcome.then((known) => verdictOf(exchange, counted, known));
    },
  };
}

/** Keys that each request has are as if they were shared. */
function onUnknown(key: RateLimitKey): OnUnknownKey {
  return 'onUnknown' in key ? key.onUnknown : 'Share';
}
