// Which consumers have nearly used up a quota of their plan, by what their requests are told. Nothing is asked for it.
import type { Exchange } from '#dataplane/http/exchange.ts';
import { nearQuotasMax, type NearQuota } from '#snapshot/message.ts';
import { isNearlyUsed } from '#snapshot/near-quota.ts';
import type { Plan } from '#snapshot/plan.ts';
import { windowAt } from './algorithms/windows.ts';
import type { Outcome } from './outcome.ts';

/** The end of a period as Redis tells it and as it is here. */
const clocksApartMs = 60_000;

/** Hears what each request of a plan was told. */
export type WatchOutcome = (exchange: Exchange, outcome: Outcome) => void;

/** Remembers as many as can be told, the newest: the controller remembers what it was told. */
export class NearQuotas {
  readonly #epochMs: () => number;
  readonly #near = new Map<string, NearQuota>();

  constructor(epochMs: () => number) {
    this.#epochMs = epochMs;
  }

  /** Those whose period has not ended. */
  get all(): readonly NearQuota[] {
    const now = this.#epochMs();
    for (const [key, { endsMs }] of this.#near) if (endsMs <= now) this.#near.delete(key);
    return [...this.#near.values()];
  }

  /** Watches the quotas of `plan`; null: it has none. Hot path: a comparison for each, while little is used. */
  watchOf({ name, limits }: Plan): WatchOutcome | null {
    const plan = name.slice(name.indexOf('/') + 1);
    const quotas = limits
      .filter(({ algorithm }) => algorithm !== 'Concurrency')
      .flatMap((limit, at) =>
        limit.algorithm === 'FixedWindow' && limit.windows.kind === 'Calendar'
          ? [{ ...limit, at, endsMs: 0 }]
          : [],
      );
    if (quotas.length === 0) return null;
    return ({ identity }, { verdict, share, remaining, resetMs }) => {
      // a part of what is left tells nothing of the whole
      if (verdict === 'Unknown' || share !== 1 || identity === null) return;
      for (const one of quotas) {
        const { at, requests, name: quota } = one;
        const used = requests - (remaining[at] ?? requests);
        if (!isNearlyUsed(used, requests)) continue;
        const now = this.#epochMs();
        if (now >= one.endsMs) one.endsMs = windowAt(one.windows, now).endMs;
        const { endsMs } = one;
        // when a period ends, what is told may be of the one before
        if (Math.abs(now + (resetMs[at] ?? 0) - endsMs) > clocksApartMs) continue;
        this.#note({ consumer: identity.consumer, plan, quota, used, endsMs });
      }
    };
  }

  #note(seen: NearQuota): void {
    const key = `${seen.consumer}\n${seen.plan}\n${seen.quota}`;
    const before = this.#near.get(key);
    if (before?.endsMs === seen.endsMs) {
      if (seen.used > before.used) this.#near.set(key, seen);
      return;
    }
    this.#near.delete(key);
    this.#near.set(key, seen);
    const [oldest] = this.#near.keys();
    if (this.#near.size > nearQuotasMax && oldest !== undefined) this.#near.delete(oldest);
  }
}
