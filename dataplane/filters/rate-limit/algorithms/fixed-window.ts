// So many requests in each window, whenever in it. A counter is how many came, and in which window.
import type { FixedWindowLimit } from '#snapshot/limit.ts';
import type { Counters, Salt } from './counters.ts';
import { partOf, partOfDebt, windowLeaseMax, type Meter } from './meter.ts';
import { WindowClock } from './windows.ts';

/**
 * Each window admits at most its requests of one key, so any span as long as a window at most twice as many; a key that
 * had to be given up for want of room gets one more window's at most. A level is how many came in this window.
 */
export class FixedWindow implements Meter {
  readonly name: string;
  readonly place: string;
  readonly overMs: number;
  readonly refillsEvenly = false;
  readonly #salt: Salt;
  readonly #limit: FixedWindowLimit;
  readonly #clock: WindowClock;
  readonly #debtMax: number;
  readonly #lengthMs: number;

  /** `epochMs`: what the wall clock shows. `debtMax`: no more than `requests`, so that one window pays for it. */
  constructor(limit: FixedWindowLimit, salt: Salt, epochMs: () => number, debtMax: number) {
    this.name = limit.name;
    this.place = `${limit.name}:fixed`;
    this.#limit = limit;
    this.#salt = salt;
    this.#clock = new WindowClock(limit.windows, epochMs);
    const { startMs, endMs } = this.#clock.current;
    this.#debtMax = debtMax;
    this.#lengthMs = endMs - startMs;
    this.overMs = this.#lengthMs * (debtMax > 0 ? 2 : 1);
  }

  level(counters: Counters, share: number, now: number): number {
    this.#clock.turnTo(now);
    counters.open(this.#salt);
    const { first, second } = counters;
    const capacity = this.capacity(share);
    if (second === this.#clock.serial) return Math.min(first, this.#countMax(share));
    // The window before has left a debt.
    return this.#debtMax > 0 && second === this.#clock.serialBefore && first > capacity
      ? Math.min(first - capacity, this.#countMax(share))
      : 0;
  }

  waitMs(level: number, units: number, share: number, now: number): number {
    const capacity = this.capacity(share);
    if (level + units <= capacity) return 0;
    const isOwedStill = this.#debtMax > 0 && level - capacity + units > capacity;
    return this.#clock.endMs - now + (isOwedStill ? this.#lengthMs : 0);
  }

  charge(counters: Counters, level: number, share: number, now: number): number {
    const count = Math.min(level + counters.units, this.#countMax(share));
    this.#keep(counters, count, now);
    return count;
  }

  delayMs(): number {
    return 0;
  }

  raise(counters: Counters, units: number, share: number, now: number): void {
    if (units > this.level(counters, share, now)) this.#keep(counters, Math.ceil(units), now);
  }

  used(level: number): number {
    return level;
  }

  capacity(share: number): number {
    return partOf(this.#limit.requests, share);
  }

  fullMs(level: number, share: number, now: number): number {
    return this.#clock.endMs - now + (level > this.capacity(share) ? this.#lengthMs : 0);
  }

  regained(thenMs: number, now: number): number {
    this.#clock.turnTo(now);
    return thenMs < this.#clock.startMs ? this.#limit.requests : 0;
  }

  leaseMax(fleet: number): number {
    return windowLeaseMax(this.#limit.requests, fleet);
  }

  /** A lease dies with its window. */
  leaseEndMs(fullMs: number): number {
    return fullMs;
  }

  tell(values: number[], owed: number, now: number): void {
    const { windows, requests } = this.#limit;
    values.push(fixedWindowCode, requests, owed, this.#debtMax);
    if (windows.kind === 'Even') {
      values.push(windows.lengthMs * 1000);
      return;
    }
    this.#clock.turnTo(now);
    values.push(0, ...this.#clock.boundaries());
  }

  #keep(counters: Counters, count: number, now: number): void {
    counters.set(count, this.#clock.serial);
    const debtMs = count > this.#limit.requests ? this.#lengthMs : 0;
    counters.close(this.#salt, this.#clock.endMs + debtMs, now);
  }

  #countMax(share: number): number {
    return this.capacity(share) + partOfDebt(this.#debtMax, share);
  }
}

const fixedWindowCode = 2;

/**
 * Its part of the script: see counter-script.ts. The counter is when the window began, and how many came; what came beyond
 * its requests counts in the next one. A clock that is set back by less than a window, as where a replica takes over, does
 * not open one for the second time. Even windows go
 * by Redis's clock alone; of those of the calendar the data plane tells three, and Redis's clock chooses among them. What
 * is given back of a window that is over stays charged.
 */
export const fixedWindowScript = `
algorithms[${fixedWindowCode}] = {
  open = function(key)
    local requests, owed, debtMax, window = number(), number(), number(), number()
    local from, to, before, after
    if window > 0 then
      from = now - (epoch + now) % window
      to = from + window
      before, after = from - window, to + window
    else
      local first, second, third, fourth = number(), number(), number(), number()
      before, from = first * 1000 - epoch, second * 1000 - epoch
      to, after = third * 1000 - epoch, fourth * 1000 - epoch
      if now < from then
        before, from, to, after = 2 * before - from, before, from, to
      elseif now >= to then
        before, from, to, after = from, to, after, 2 * after - to
      end
    end
    local known, counted = string.match(redis.call('GET', key) or '', '^(%S+) (%S+)$')
    if known == string.format('%.0f', to) then
      before, from, to = from, to, after
    end
    local start = string.format('%.0f', from)
    local count, beyond = 0, 0
    if known == start then
      count = tonumber(counted)
      beyond = math.max(0, count - requests - debtMax)
    elseif debtMax > 0 and known == string.format('%.0f', before) then
      count = math.max(0, tonumber(counted) - requests)
    end
    count = math.min(requests + debtMax, count + owed)
    return {
      start = start, from = from, count = count, requests = requests, over = to - now, length = to - from, changed = owed > 0,
      free = requests - count, beyond = beyond,
    }
  end,
  close = function(key, state, granted)
    if granted < 0 and since < state.from then granted = 0 end
    local count = math.max(0, state.count + granted)
    local full, wait = state.over, state.over
    if count > state.requests then
      full = full + state.length
      if count - state.requests + units > state.requests then wait = full end
    end
    if state.changed or granted ~= 0 then
      redis.call('SET', key, state.start .. ' ' .. count + state.beyond, 'PX', math.max(1, math.ceil(full / 1000)))
    end
    return state.requests - count, full, wait
  end,
}
`;
