import type { RequestSubject } from '#cel/request-variables.ts';
import type { Variables } from '#cel/variables.ts';
import { atEnd, type Exchange, type RequestFilter, type Verdict } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { OnUnknownKey, RateLimit, RateLimitKey } from '#snapshot/rate-limit.ts';
import { hash } from 'node:crypto';
import type { CapacityShare } from '../capacity.ts';
import { denialOf } from '../denial.ts';
import { answerCost } from './answer-cost.ts';
import { retryAfterSeconds } from './answer-fields.ts';
import { refusingLimit, type Counted, type CountedByValue } from './counted.ts';
import { exemptReader } from './exempt.ts';
import { costReader, countsReader, keyReader } from './expressions.ts';
import { sharedKey } from './key.ts';
import type { WatchOutcome } from './near-quotas.ts';
import type { Outcome } from './outcome.ts';
import type { LimitRule } from './rule.ts';
import type { Tally } from './tally.ts';

/** Longer values are counted by their hash, so that no client decides how much is remembered. */
const keyLengthMax = 128;

/** By what the value of a key is counted. */
export function countedKey(value: string): string {
  return value.length > keyLengthMax ? hash('sha256', value, 'base64url') : value;
}

/** Whoever holds the counters now. */
export interface Deciding {
  /** Takes units, or with none of them only asks whether one is left; a promise only when the counters are elsewhere. */
  take(rule: LimitRule, key: string, units: number): Outcome | Promise<Outcome>;
  /** Takes what an answer took, though it may be more than there is left. */
  charge(rule: LimitRule, key: string, units: number): void;
}

/** What a rule is asked with. */
export interface RateLimitSurroundings {
  readonly deciding: Deciding;
  /** N, where each of N data planes grants its part of what is in flight. */
  readonly share: () => number;
  /** For requests that a limit delays. */
  readonly places: CapacityShare;
  /** Passes so many milliseconds, or fewer where the signal says that nobody waits. */
  readonly wait: (ms: number, left: AbortSignal) => Promise<void>;
  readonly tally: Tally;
  /** Hears of each outcome; null: nobody does. */
  readonly watch: WatchOutcome | null;
  readonly variables: Variables<RequestSubject>;
  /** 0 to 1; spreads waits. */
  readonly random: () => number;
}

/** What was asked of whoever holds the counters. */
interface Asked {
  readonly counted: Counted;
  readonly key: string;
  /** None where the answer tells what is taken. */
  readonly units: number;
}

/** The filter of one rule of a RateLimitPolicy. */
export function rateLimitFilter(
  limit: RateLimit,
  { usual, byValue }: CountedByValue,
  { deciding, share, places, wait, tally, watch, variables, random }: RateLimitSurroundings,
): RequestFilter {
  const readKey = keyReader(limit.key, variables);
  const exempts = exemptReader(limit.exempt);
  const counts = countsReader(limit, variables);
  const costs = limit.cost?.type === 'Request' ? costReader(limit.cost, variables) : null;
  const charging = answerCost(limit.cost, variables);
  const enforce = limit.mode === 'Enforce';
  const denial = limit.denial === null ? null : denialOf(limit.denial);

  function verdictOf(
    exchange: Exchange,
    { counted, key, units }: Asked,
    outcome: Outcome,
  ): Verdict | Promise<Verdict> {
    const { rule, fields } = counted;
    tally.count(outcome.verdict);
    watch?.(exchange, outcome);
    if (outcome.verdict !== 'Refused') {
      charging?.(exchange, (spent) => deciding.charge(rule, key, spent ?? rule.unitsMax));
    }
    if (!enforce) return null;
    switch (outcome.verdict) {
      case 'Unknown':
        return limit.onStoreError === 'Closed' ? { kind: 'RateLimitUnavailable' } : null;
      case 'Admitted':
        fields.append(exchange.answerFields, outcome);
        return outcome.delayMs === 0 ? null : goesOnAfter(exchange, outcome.delayMs);
      case 'Refused':
        fields.append(exchange.answerFields, outcome);
        return refusal(outcome.waitMs, refusingLimit(counted, outcome, units));
      default:
        return outcome.verdict satisfies never;
    }
  }

  function goesOnAfter(exchange: Exchange, delayMs: number): Verdict | Promise<Verdict> {
    if (places.isFull) return refusal(delayMs, limit.name);
    const left = new AbortController();
    atEnd(exchange, () => left.abort());
    return places.run(() => wait(delayMs, left.signal)).then(() => null);
  }

  function refusal(waitMs: number, detail: string): Failure {
    return { kind: 'RateLimited', retryAfterS: retryAfterSeconds(waitMs, random()), denial, detail };
  }

  function refuses(failure: Failure): Verdict {
    tally.count('Refused');
    return enforce ? failure : null;
  }

  function skips(): null {
    tally.count('Skipped');
    return null;
  }

  function unknownKey(key: RateLimitKey): Verdict {
    if (onUnknown(key) !== 'Refuse') return skips();
    return refuses({ kind: 'LimitKeyMissing', denial, detail: limit.name });
  }

  return {
    kind: 'RateLimit',
    apply(exchange) {
      if (exempts?.(exchange) === true || counts?.(exchange) === false) {
        return skips();
      }
      const units = costs === null ? 1 : (costs(exchange) ?? Infinity);
      if (units === 0) return skips();
      const found = readKey(exchange);
      const whole = found ?? (onUnknown(limit.key) === 'Share' ? sharedKey : null);
      if (whole === null) return unknownKey(limit.key);
      const counted = byValue?.get(whole) ?? usual;
      const { rule, gate } = counted;
      if (units > rule.unitsMax) return refuses({ kind: 'RequestTooCostly', denial, detail: limit.name });
      const key = countedKey(whole);
      if (gate !== null) {
        if (!gate.enter(key, share())) return refuses(refusal(0, counted.gateName));
        // A request that another limit refuses is over at once, and leaves.
        atEnd(exchange, () => gate.leave(key));
        if (rule.meters.length === 0) {
          tally.count('Admitted');
          return null;
        }
      }
      const taken = charging === null ? units : 0;
      const asked = { counted, key, units: taken };
      const outcome = deciding.take(rule, key, taken);
      if (!(outcome instanceof Promise)) return verdictOf(exchange, asked, outcome);
      return outcome.then((known) => verdictOf(exchange, asked, known));
    },
  };
}

/** Keys that each request has are as if they were shared. */
function onUnknown(key: RateLimitKey): OnUnknownKey {
  return 'onUnknown' in key ? key.onUnknown : 'Share';
}
