import { hourMs, type UsageSum } from '#snapshot/usage.ts';
import type { Usage } from './account.ts';

const dayMs = 24 * hourMs;
/** Hours that are so long ago are told as days (UTC), and days at last not at all. */
const hoursKeptMs = 3 * dayMs;
const daysKeptMs = 400 * dayMs;

/** What was used, hour by hour. */
export class UsageSums {
  /** By `<hour> <consumer> <plan> <route>`: no name has a blank in it. */
  #units = new Map<string, number>();

  add({ consumer, plan, route, units, fromMs }: Usage): void {
    if (units > 0) this.#add(Math.floor(fromMs / hourMs), `${consumer} ${plan} ${route}`, units);
  }

  addAll(sums: Iterable<UsageSum>): void {
    for (const { hourMs: fromMs, ...sum } of sums) this.add({ ...sum, fromMs });
  }

  /** In no order. */
  *all(): Generator<UsageSum> {
    for (const [text, units] of this.#units) {
      const [hour = '', consumer = '', plan = '', route = ''] = text.split(' ');
      yield { hourMs: Number(hour) * hourMs, consumer, plan, route, units };
    }
  }

  /** Forgets at which hour of its day something was used that is long ago. */
  compact(nowMs: number): void {
    const before = this.#units;
    this.#units = new Map();
    for (const [text, units] of before) {
      const blank = text.indexOf(' ');
      const hour = Number(text.slice(0, blank));
      const ageMs = nowMs - hour * hourMs;
      if (ageMs > daysKeptMs) continue;
      this.#add(ageMs > hoursKeptMs ? hour - (hour % 24) : hour, text.slice(blank + 1), units);
    }
  }

  #add(hour: number, key: string, units: number): void {
    const whole = `${hour} ${key}`;
    this.#units.set(whole, (this.#units.get(whole) ?? 0) + units);
  }
}
