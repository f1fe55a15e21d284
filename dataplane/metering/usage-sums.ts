import type { UsageSum } from '#snapshot/usage.ts';
import type { Usage } from './account.ts';

export const hourMs = 3_600_000;

/** What was used, hour by hour. */
export class UsageSums {
  /** By `<hour> <consumer> <plan> <route>`: no name has a blank in it. */
  readonly #units = new Map<string, number>();

  add({ consumer, plan, route, units, fromMs }: Usage): void {
    if (units === 0) return;
    const key = `${Math.floor(fromMs / hourMs)} ${consumer} ${plan} ${route}`;
    this.#units.set(key, (this.#units.get(key) ?? 0) + units);
  }

  /** In no order. */
  *all(): Generator<UsageSum> {
    for (const [key, units] of this.#units) {
      const [hour = '', consumer = '', plan = '', route = ''] = key.split(' ');
      yield { hourMs: Number(hour) * hourMs, consumer, plan, route, units };
    }
  }

  /** What a consumer has used since `fromMs`, all of the hour that this is in included. */
  since(wanted: string, fromMs: number): number {
    let sum = 0;
    for (const { consumer, hourMs: at, units } of this.all()) {
      if (consumer === wanted && at + hourMs > fromMs) sum += units;
    }
    return sum;
  }
}
