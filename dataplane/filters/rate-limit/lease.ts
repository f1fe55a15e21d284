import type { Grant } from './counter-store.ts';
import type { LimitRule } from './rule.ts';

/** How long a lease is meant to last, and the unit of its other times. */
export const leaseMs = 100;
const lifetimeMs = 5 * leaseMs;

/** What this data plane holds of one counter of the store, and what it remembers of it. */
export class Lease {
  /** Tokens in hand, all of the same windows; good until `expiresMs`. */
  tokens = 0;
  expiresMs = 0;
  /** The end of the windows of which the store told last. */
  endMs = 0;
  /** When the store granted tokens last, by its clock. */
  grantedAt = 0;
  /** The store said that so many units, or more, are not left before. */
  deniedUnits = 1;
  deniedUntilMs = 0;
  /** Until then nobody asks it whether that is still so. */
  quietUntilMs = 0;
  /** Units admitted while the store could not be asked, of which it does not know. */
  owed = 0;
  /** True while an answer is awaited that nobody waits for. */
  renewing = false;
  /** As the store told last, by limit; lags behind by what is on the way. */
  remaining: readonly number[] = [];
  fullMs: readonly number[] = [];
  toldMs = 0;
  /** True until these counters have taken over from the store that told. */
  fromStore = false;
  usedMs = 0;
  #renewBelow = 0;
  #seen = 0;
  #sinceMs = 0;
  #perMs = 0;

  /** Takes a request into account for the demand. */
  see(units: number, now: number): void {
    if (this.#seen === 0 && this.#perMs === 0) this.#sinceMs = now;
    this.#seen += units;
    this.usedMs = now;
  }

  /** Uses so many tokens when they are there. */
  spend(units: number, now: number): boolean {
    if (this.tokens < units || now >= this.expiresMs) return false;
    this.tokens -= units;
    return true;
  }

  /** Whether the store is not asked for so many. */
  denies(units: number, now: number): boolean {
    return units >= this.deniedUnits && now < this.quietUntilMs;
  }

  get wantsRenewal(): boolean {
    return !this.renewing && this.tokens <= this.#renewBelow;
  }

  /** Takes tokens in hand, after those that {@link expire}; `endMs`: when the windows that count now end. */
  add(tokens: number, now: number, endMs: number): void {
    this.endMs = endMs;
    if (tokens < 1) return;
    this.tokens += tokens;
    this.expiresMs = Math.min(now + lifetimeMs, endMs);
    this.#renewBelow = Math.floor(this.tokens / 4);
  }

  /** What the store tells of the counter to whom asked for `units` a request. */
  note({ at, remaining, fullMs, waitMs }: Grant, units: number, now: number): void {
    this.deniedUnits = units;
    this.grantedAt = at;
    this.remaining = remaining;
    this.fullMs = fullMs;
    this.toldMs = now;
    this.fromStore = true;
    this.deniedUntilMs = now + waitMs;
    this.quietUntilMs = this.deniedUntilMs;
  }

  /** How many tokens to wish for: what the demand of late uses up in a lease's time, if it comes often enough. */
  wish(max: number, now: number): number {
    const elapsed = now - this.#sinceMs;
    if (elapsed >= leaseMs / 4) {
      const perMs = this.#seen / elapsed;
      this.#perMs = this.#perMs === 0 ? perMs : (this.#perMs + perMs) / 2;
      this.#seen = 0;
      this.#sinceMs = now;
    }
    if (this.endMs === Infinity) {
      return this.#perMs * lifetimeMs < 1 ? 0 : Math.min(max, Math.ceil(this.#perMs * leaseMs));
    }
    // What is left over of a window is lost for all.
    const leftMs = now < this.endMs ? this.endMs - now : leaseMs;
    return Math.min(max, Math.floor(this.#perMs * Math.min(leftMs, leaseMs)));
  }

  /** Tokens that were not used in time; they are no longer in hand. */
  expire(now: number): number {
    if (now < this.expiresMs) return 0;
    return this.drop();
  }

  /** All tokens; they are no longer in hand. */
  drop(): number {
    const { tokens } = this;
    this.tokens = 0;
    return tokens;
  }

  /** Nothing in it that would be missed. */
  idle(now: number): boolean {
    return (
      this.tokens === 0 &&
      this.owed === 0 &&
      !this.renewing &&
      now >= this.deniedUntilMs &&
      now - this.usedMs > lifetimeMs
    );
  }
}

/** The largest lease of one of `fleet` data planes, in tokens; 0 where one limit must be asked for each request. */
export function leaseMax({ meters }: LimitRule, fleet: number): number {
  let max = Infinity;
  for (const meter of meters) max = Math.min(max, meter.leaseMax(fleet));
  return max === Infinity ? 0 : max;
}
