import type { ArrivalTable } from '#dataplane/counters/arrival-table.ts';
import type { Digest } from '#dataplane/counters/keyed-hash.ts';
import type { FloodRate } from '#snapshot/protection.ts';

/**
 * How often something may happen for each of many: up to a burst at once, and then evenly (GCRA). What is refused is
 * not counted. One that is forgotten for want of room gains its burst again, and no more.
 */
export class FloodMeter {
  readonly #arrivals: ArrivalTable;
  readonly #salt: Digest;
  readonly #intervalMs: number;
  readonly #burstMs: number;

  /** `salt` sets its counts apart from those of others in the table. */
  constructor(arrivals: ArrivalTable, salt: Digest, { count, windowMs, burst }: FloodRate) {
    this.#arrivals = arrivals;
    this.#salt = salt;
    this.#intervalMs = windowMs / count;
    this.#burstMs = this.#intervalMs * burst;
  }

  /** Whether it may happen once more now, which it then has. Hot path: allocates nothing. */
  take({ hi, lo }: Digest, nowMs: number): boolean {
    const atHi = (hi ^ this.#salt.hi) >>> 0;
    const atLo = (lo ^ this.#salt.lo) >>> 0;
    const untilMs = Math.max(this.#arrivals.get(atHi, atLo), nowMs) + this.#intervalMs;
    // sums of intervals are off by a hair
    if (untilMs - nowMs > this.#burstMs + 1e-6) return false;
    this.#arrivals.set(atHi, atLo, untilMs, nowMs);
    return true;
  }
}
