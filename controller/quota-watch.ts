import type { NearQuota } from '#snapshot/message.ts';
import type { Clock } from './clock.ts';
import type { QuotaUse } from './translate/input.ts';

/** What it finds is written into statuses: no more often than this. */
const everyMs = 5 * 60_000;

/** Quotas that are remembered at most, some 300 bytes each. */
const keptMax = 10_000;

/**
 * Gathers what data planes tell of quotas that are nearly used up, and hands it on once in five minutes at most. What is
 * used of a quota stays so until its period ends, whichever data planes go.
 */
export class QuotaWatch {
  readonly #clock: Clock;
  readonly #observe: (quotas: ReadonlyMap<string, readonly QuotaUse[]>) => void;
  readonly #kept = new Map<string, NearQuota>();
  #changed = false;
  #observedAt = -Infinity;
  #callOff: (() => void) | null = null;

  /** `observe` takes all of them by Consumer. */
  constructor(clock: Clock, observe: (quotas: ReadonlyMap<string, readonly QuotaUse[]>) => void) {
    this.#clock = clock;
    this.#observe = observe;
  }

  /** What some data planes know of. */
  told(near: readonly NearQuota[]): void {
    const now = this.#clock.now();
    for (const one of near) {
      const key = `${one.consumer}\n${one.plan}\n${one.quota}`;
      const before = this.#kept.get(key);
      if (one.endsMs <= now || (before === undefined && this.#kept.size >= keptMax)) continue;
      if (before?.endsMs === one.endsMs && before.used >= one.used) continue;
      this.#kept.set(key, one);
      this.#changed = true;
    }
    if (this.#changed) this.#schedule();
  }

  stop(): void {
    this.#callOff?.();
    this.#callOff = null;
  }

  #schedule(): void {
    const waitMs = Math.max(0, this.#observedAt + everyMs - this.#clock.elapsed());
    this.#callOff ??= this.#clock.after(waitMs, () => this.#gather());
  }

  #gather(): void {
    this.#callOff = null;
    this.#observedAt = this.#clock.elapsed();
    const now = this.#clock.now();
    const byConsumer = new Map<string, QuotaUse[]>();
    for (const [key, { consumer, ...use }] of this.#kept) {
      if (use.endsMs > now) byConsumer.set(consumer, [...(byConsumer.get(consumer) ?? []), use]);
      else this.#changed = this.#kept.delete(key);
    }
    if (this.#changed) this.#observe(byConsumer);
    this.#changed = false;
    // Until the last of them has ended.
    if (this.#kept.size > 0) this.#schedule();
  }
}
