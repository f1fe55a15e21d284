// So many requests in a window that ends now, by estimate: those of the window before are taken to have come evenly.
// A counter is how many came in this window and in the one before, and when both are over.
import type { SlidingWindowLimit } from '#snapshot/limit.ts';
import { leaseMs } from '../lease.ts';
import type { Counters, Salt } from './counters.ts';
import { partOf, partOfDebt, tolerance, windowLeaseMax, type Meter } from './meter.ts';

/**
 * A request of one key passes where `previous * (1 - elapsed / window) + current` leaves room for it. Any span as long as
 * a window admits its requests, and by the error of the estimate less than as many again. A key that had to be given up
 * for want of room gets one more window's at most. A level is the estimate times the length of a window.
 */
export class SlidingWindow implements Meter {
  readonly name: string;
  readonly place: string;
  readonly overMs: number;
  readonly refillsEvenly = true;
  readonly #salt: Salt;
  readonly #requests: number;
  readonly #windowMs: number;
  readonly #debtMax: number;
  // of the key whose level was asked last
  #startMs = 0;
  #current = 0;
  #previous = 0;

  constructor(limit: SlidingWindowLimit, salt: Salt, debtMax: number) {
    this.name = limit.name;
    this.place = `${limit.name}:sliding`;
    this.#salt = salt;
    this.#requests = limit.requests;
    this.#windowMs = limit.windowMs;
    this.#debtMax = debtMax;
    this.overMs = 2 * limit.windowMs;
  }

  level(counters: Counters, share: number, now: number): number {
    const windowMs = this.#windowMs;
    this.#startMs = now - (now % windowMs);
    const overMs = counters.open(this.#salt);
    // Whole numbers, so the same window has the same end.
    const isThis = overMs === this.#overMs();
    const isBefore = overMs === this.#overMs() - windowMs;
    this.#current = isThis ? counters.first : 0;
    this.#previous = isThis ? counters.second : isBefore ? counters.first : 0;
    return this.#level(share, now);
  }

  waitMs(level: number, units: number, share: number, now: number): number {
    const windowMs = this.#windowMs;
    const capacity = this.capacity(share);
    if (level <= (capacity - units + tolerance) * windowMs) return 0;
    const elapsedMs = now - this.#startMs;
    if (this.#current + units <= capacity) {
      return windowMs - ((capacity - units - this.#current) * windowMs) / this.#previous - elapsedMs;
    }
    return windowMs - elapsedMs + windowMs - ((capacity - units) * windowMs) / this.#current;
  }

  charge(counters: Counters, _level: number, share: number, now: number): number {
    this.#keep(counters, Math.min(this.#current + counters.units, this.#countMax(share)), now);
    return this.#level(share, now);
  }

  delayMs(): number {
    return 0;
  }

  raise(counters: Counters, units: number, share: number, now: number): void {
    const used = this.level(counters, share, now) / this.#windowMs;
    if (units > used) this.#keep(counters, this.#current + Math.ceil(units - used), now);
  }

  used(level: number): number {
    return level / this.#windowMs;
  }

  capacity(share: number): number {
    return partOf(this.#requests, share);
  }

  fullMs(_level: number, _share: number, now: number): number {
    if (this.#current > 0) return this.#overMs() - now;
    return this.#previous > 0 ? this.#overMs() - this.#windowMs - now : 0;
  }

  regained(thenMs: number, now: number): number {
    return ((now - thenMs) * this.#requests) / this.#windowMs;
  }

  leaseMax(fleet: number): number {
    return windowLeaseMax(this.#requests, fleet);
  }

  /** A lease dies with its window, so that none admits more than its requests. */
  leaseEndMs(fullMs: number): number {
    return fullMs - this.#windowMs;
  }

  tell(values: number[], owed: number): void {
    values.push(slidingWindowCode, this.#requests, owed, this.#debtMax, this.#windowMs * 1000);
  }

  #level(share: number, now: number): number {
    const windowMs = this.#windowMs;
    const estimate = this.#previous * (windowMs - (now - this.#startMs)) + this.#current * windowMs;
    return Math.min(estimate, this.#countMax(share) * windowMs);
  }

  #countMax(share: number): number {
    return this.capacity(share) + partOfDebt(this.#debtMax, share);
  }

  /** When this window says nothing any more. */
  #overMs(): number {
    return this.#startMs + 2 * this.#windowMs;
  }

  #keep(counters: Counters, current: number, now: number): void {
    this.#current = current;
    counters.set(current, this.#previous);
    counters.close(this.#salt, this.#overMs(), now);
  }
}

const slidingWindowCode = 3;

/**
 * Its part of the script: see counter-script.ts. The counter is when the window began, how many came in it, and how many in
 * the one before; what is given back may be of either. A lease may take what falls out of the window while it lasts: what
 * a window has left at its end is lost. In a window that the clock was set back from it counts as if it had just begun.
 */
export const slidingWindowScript = `
algorithms[${slidingWindowCode}] = {
  open = function(key)
    local requests, owed, debtMax, window = number(), number(), number(), number()
    local elapsed = (epoch + now) % window
    local from = now - elapsed
    local known, current, previous = string.match(redis.call('GET', key) or '', '^(%S+) (%S+) (%S+)$')
    if known == string.format('%.0f', from + window) then
      from, elapsed = from + window, 0
    end
    local start = string.format('%.0f', from)
    if known == start then
      current, previous = tonumber(current), tonumber(previous)
    elseif known == string.format('%.0f', from - window) then
      current, previous = 0, tonumber(current)
    else
      current, previous = 0, 0
    end
    local beyond = math.max(0, current - requests - debtMax)
    current = math.min(requests + debtMax, current + owed)
    local state = {
      start = start, from = from, elapsed = elapsed, window = window, requests = requests, current = current, previous = previous,
      changed = owed > 0, beyond = beyond,
    }
    state.left = function(rest)
      local used = state.previous * rest / window + state.current
      return math.max(0, math.floor(requests - used + ${tolerance}))
    end
    state.free = state.left(window - elapsed)
    state.ahead = state.left(math.max(0, window - elapsed - ${leaseMs * 1000}))
    return state
  end,
  close = function(key, state, granted)
    local window, elapsed, requests = state.window, state.elapsed, state.requests
    if granted >= 0 or since >= state.from then
      state.current = math.max(0, state.current + granted)
    elseif since >= state.from - window then
      state.previous = math.max(0, state.previous + granted)
    end
    local current, previous = state.current, state.previous
    local over = 2 * window - elapsed
    if state.changed or granted ~= 0 then
      redis.call('SET', key, state.start .. ' ' .. current + state.beyond .. ' ' .. previous, 'PX', math.ceil(over / 1000))
    end
    local full, wait = 0, 0
    if current > 0 then full = over elseif previous > 0 then full = window - elapsed end
    if current + units > requests then
      wait = over - (requests - units) * window / current
    elseif previous > 0 then
      wait = window - (requests - units - current) * window / previous - elapsed
    end
    return state.left(window - elapsed), full, wait
  end,
}
`;
