// GCRA (ITU-T I.371): up to a burst at once, and then evenly. A counter is the theoretical time of arrival.
import type { TokenBucketLimit } from '#snapshot/limit.ts';
import { leaseMs } from '../lease.ts';
import type { Counters, Salt } from './counters.ts';
import { partOf, tolerance, type Meter } from './meter.ts';

/**
 * Any span of length T admits at most burst + rate * T of one key; one that had to be given up for want of room gets one
 * more burst at most. A level is how far the theoretical time of arrival lies ahead.
 */
export class TokenBucket implements Meter {
  readonly name: string;
  readonly place: string;
  readonly overMs: number;
  readonly refillsEvenly = true;
  readonly #salt: Salt;
  readonly #limit: TokenBucketLimit;
  /** Between two requests at the steady rate. */
  readonly #intervalMs: number;
  readonly #burst: number;
  readonly #debtMaxMs: number;

  constructor(limit: TokenBucketLimit, salt: Salt, debtMax: number) {
    this.name = limit.name;
    this.place = limit.name;
    this.#limit = limit;
    this.#salt = salt;
    this.#intervalMs = limit.windowMs / limit.requests;
    this.#burst = Math.max(1, limit.burst);
    this.#debtMaxMs = debtMax * this.#intervalMs;
    this.overMs = this.#burst * this.#intervalMs + this.#debtMaxMs;
  }

  /** Never more than a burst and what may be owed; what a limit left that took longer is forgotten. */
  level(counters: Counters, share: number, now: number): number {
    const time = counters.time(this.#salt);
    if (time <= now) return 0;
    const max = this.#levelMax(share);
    if (time - now <= max) return time - now;
    counters.keep(this.#salt, now + max, now);
    return max;
  }

  waitMs(level: number, units: number, share: number): number {
    const intervalMs = this.#intervalMs * share;
    const waitMs = level - (this.capacity(share) - units) * intervalMs;
    return waitMs <= intervalMs * tolerance ? 0 : waitMs;
  }

  charge(counters: Counters, level: number, share: number, now: number): number {
    const intervalMs = this.#intervalMs * share;
    const debtMs = Math.min(level + counters.units * intervalMs, this.#levelMax(share));
    counters.keep(this.#salt, now + debtMs, now);
    return debtMs;
  }

  delayMs(_level: number, _units: number, _share: number): number {
    return 0;
  }

  raise(counters: Counters, units: number, share: number, now: number): void {
    const debtMs = units * this.#intervalMs * share;
    if (debtMs > this.level(counters, share, now)) counters.keep(this.#salt, now + debtMs, now);
  }

  used(level: number, share: number): number {
    return level / (this.#intervalMs * share);
  }

  capacity(share: number): number {
    return partOf(this.#burst, share);
  }

  fullMs(level: number): number {
    return level;
  }

  regained(thenMs: number, now: number): number {
    return (now - thenMs) / this.#intervalMs;
  }

  /** None for a small burst or a low rate, of which a lease could hold back a good part. */
  leaseMax(fleet: number): number {
    if (this.#burst < 4 * fleet || this.overMs < leaseMs) return 0;
    const max = Math.floor((2 * leaseMs) / this.#intervalMs / fleet);
    return max < 2 ? 0 : max;
  }

  leaseEndMs(): number {
    return Infinity;
  }

  tell(values: number[], owed: number): void {
    const { windowMs, requests } = this.#limit;
    const debtMax = this.#debtMaxMs / this.#intervalMs;
    values.push(tokenBucketCode, windowMs * 1000, requests, this.#burst, owed, Math.round(debtMax));
  }

  #levelMax(share: number): number {
    return this.capacity(share) * this.#intervalMs * share + this.#debtMaxMs;
  }
}

/** What the script calls it. */
const tokenBucketCode = 1;

/** Its part of the script: see counter-script.ts. The counter is the theoretical time of arrival. */
export const tokenBucketScript = `
algorithms[${tokenBucketCode}] = {
  open = function(key)
    local interval = number() / number()
    local burst, owed, debtMax = number(), number(), number()
    local told = math.max(0, tonumber(redis.call('GET', key) or '0') - now) + owed * interval
    local debt = math.min(told, (burst + debtMax) * interval)
    return {
      debt = debt, interval = interval, burst = burst, changed = owed > 0 or debt < told,
      free = math.floor(burst - debt / interval + 0.01),
    }
  end,
  close = function(key, state, granted)
    local debt = state.debt + granted * state.interval
    if debt <= 0 then
      redis.call('DEL', key)
    elseif state.changed or granted ~= 0 then
      redis.call('SET', key, string.format('%.4f', now + debt), 'PX', math.ceil(math.min(debt, longest) / 1000) + 1)
    end
    return math.floor(state.burst - debt / state.interval + 0.01), debt, debt - (state.burst - units) * state.interval
  end,
}
`;
