import type { LimitRule } from './rule.ts';

/** How long a lease is meant to last, and the unit of its other times. */
export const leaseMs = 100;
const lifetimeMs = 5 * leaseMs;

/** What this data plane holds of one counter of the store, and what it remembers of it. */
export class Lease {
  /** Tokens in hand; good until `expiresMs`. */
  tokens = 0;
  expiresMs = 0;
  /** The store said that so many units, or more, are not left before. */
  deniedUnits = 1;
  deniedUntilMs = 0;
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

  denies(units: number, now: number): boolean {
    return units >= this.deniedUnits && now < this.deniedUntilMs;
  }

  get wantsRenewal(): boolean {
    return !this.renewing && this.tokens <= this.#renewBelow;
  }

  add(tokens: number, now: number): void {
    if (tokens < 1) return;
    this.tokens = (now < this.expiresMs ? this.tokens : 0) + tokens;
    this.expiresMs = now + lifetimeMs;
    this.#renewBelow = Math.floor(this.tokens / 4);
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
    if (this.#perMs * lifetimeMs < 1) return 0;
    return Math.min(max, Math.ceil(this.#perMs * leaseMs));
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
