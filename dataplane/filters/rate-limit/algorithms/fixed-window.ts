// So many requests in each window, whenever in it. A counter is how many came, and in which window.
import type { FixedWindowLimit } from '#snapshot/limit.ts';
import type { Counters, Salt } from './counters.ts';
import { partOf, windowLeaseMax, type Meter } from './meter.ts';
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

  /** `epochMs`: what the wall clock shows. */
  constructor(limit: FixedWindowLimit, salt: Salt, epochMs: () => number) {
    this.name = limit.name;
    this.place = `${limit.name}:fixed`;
    this.#limit = limit;
    this.#salt = salt;
    this.#clock = new WindowClock(limit.windows, epochMs);
    const { startMs, endMs } = this.#clock.current;
    this.overMs = endMs - startMs;
  }

  level(counters: Counters, share: number, now: number): number {
    this.#clock.turnTo(now);
    counters.open(this.#salt);
    return counters.second === this.#clock.serial ? Math.min(counters.first, this.capacity(share)) : 0;
  }

  waitMs(level: number, units: number, share: number, now: number): number {
    return level + units <= this.capacity(share) ? 0 : this.#clock.endMs - now;
  }

  charge(counters: Counters, level: number, share: number, now: number): number {
    const count = Math.min(level + counters.units, this.capacity(share));
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

  fullMs(_level: number, _share: number, now: number): number {
    return this.#clock.endMs - now;
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
    values.push(fixedWindowCode, requests, owed);
    if (windows.kind === 'Even') {
      values.push(windows.lengthMs * 1000);
      return;
    }
    this.#clock.turnTo(now);
    values.push(0, ...this.#clock.boundaries());
  }

  #keep(counters: Counters, count: number, now: number): void {
    counters.set(count, this.#clock.serial);
    counters.close(this.#salt, this.#clock.endMs, now);
  }
}

const fixedWindowCode = 2;

/**
 * Its part of the script: see counter-script.ts. The counter is when the window began, and how many came. Even windows go
 * by Redis's clock alone; of those of the calendar the data plane tells three, and Redis's clock chooses among them. What
 * is given back of a window that is over stays charged.
 */
export const fixedWindowScript = `
algorithms[${fixedWindowCode}] = {
  open = function(key)
    local requests, owed, window = number(), number(), number()
    local from, to
    if window > 0 then
      from = now - (epoch + now) % window
      to = from + window
    else
      local before, start, finish, after = number(), number(), number(), number()
      from, to = start * 1000 - epoch, finish * 1000 - epoch
      if now < from then
        from, to = before * 1000 - epoch, from
      elseif now >= to then
        from, to = to, after * 1000 - epoch
      end
    end
    local start = string.format('%.0f', from)
    local known, count = string.match(redis.call('GET', key) or '', '^(%S+) (%S+)$')
    count = math.min(requests, (known == start and tonumber(count) or 0) + owed)
    return {
      start = start, from = from, count = count, requests = requests, over = to - now, changed = owed > 0,
      free = requests - count,
    }
  end,
  close = function(key, state, granted)
    if granted < 0 and since < state.from then granted = 0 end
    local count = math.max(0, state.count + granted)
    if state.changed or granted ~= 0 then
      redis.call('SET', key, state.start .. ' ' .. count, 'PX', math.max(1, math.ceil(state.over / 1000)))
    end
    return state.requests - count, state.over, state.over
  end,
}
`;
