import { Counters } from './algorithms/counters.ts';
import { tolerance, type Meter } from './algorithms/meter.ts';
import type { KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import { emptyOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { LimitRule } from './rule.ts';

/** What a store told last of a key: what was left of each limit, and when. */
export interface ToldByStore {
  readonly remaining: readonly number[];
  readonly toldMs: number;
}

/** Among how many data planes limits are shared out, and what time it is. */
export interface ShareNow {
  readonly share: number;
  readonly now: number;
}

/** Units that were used of the limit of a name. */
export interface LimitUsed {
  readonly limit: string;
  readonly units: number;
}

/**
 * Limits over counters of this process.
 *
 * Hot path: answers at once, allocates nothing; the outcome is one object used again for each answer.
 */
export class LocalLimiter {
  readonly #counters: Counters;
  readonly #outcome = emptyOutcome();

  constructor(slotsMax: number, hash: KeyedHash) {
    this.#counters = new Counters(slotsMax, hash);
  }

  /** What is taken or charged next are so many units, in place of one. */
  weighing(units: number): this {
    this.#counters.units = units;
    return this;
  }

  /**
   * Charges a request to every limit of the rule, or, when one of them refuses, to none. `share`: 1/N each. One of no units
   * is admitted where one would fit.
   */
  take({ meters }: LimitRule, key: string, share: number, now: number): Outcome {
    const counters = this.#counters;
    const outcome = this.#outcome;
    const { units } = counters;
    counters.turnTo(key);
    // setting a length is a call of V8's runtime, also when it is the same
    if (outcome.resetMs.length !== meters.length) {
      outcome.remaining.length = meters.length;
      outcome.resetMs.length = meters.length;
    }
    let waitMs = 0;
    for (let at = 0; at < meters.length; at += 1) {
      const meter = meters[at];
      if (meter === undefined) continue;
      const level = meter.level(counters, share, now);
      waitMs = Math.max(waitMs, meter.waitMs(level, units || 1, share, now));
      // Kept here until it is known whether all limits agree.
      outcome.resetMs[at] = level;
    }
    const admitted = waitMs === 0;
    outcome.verdict = admitted ? 'Admitted' : 'Refused';
    outcome.waitMs = waitMs;
    outcome.delayMs = 0;
    outcome.share = share;
    for (let at = 0; at < meters.length; at += 1) {
      const meter = meters[at];
      if (meter === undefined) continue;
      const before = outcome.resetMs[at] ?? 0;
      const level = admitted ? meter.charge(counters, before, share, now) : before;
      if (admitted) outcome.delayMs = Math.max(outcome.delayMs, meter.delayMs(level, units, share));
      const remaining = remainingAt(meter, level, share);
      outcome.remaining[at] = remaining;
      outcome.resetMs[at] =
        remaining === 0 ? meter.waitMs(level, 1, share, now) : meter.fullMs(level, share, now);
    }
    counters.units = 1;
    return outcome;
  }

  /** Charges what another limiter admitted, so that these counters can take over where it fails. */
  charge({ meters }: LimitRule, key: string, share: number, now: number): void {
    this.#counters.turnTo(key);
    for (const meter of meters) {
      meter.charge(this.#counters, meter.level(this.#counters, share, now), share, now);
    }
    this.#counters.units = 1;
  }

  /** Lets the key have no more than its share of what all data planes together had left, and of what has come since. */
  takeOver({ meters }: LimitRule, key: string, told: ToldByStore, { share, now }: ShareNow): void {
    this.#counters.turnTo(key);
    for (const [at, meter] of meters.entries()) {
      const left = Math.min(meter.capacity(1), (told.remaining[at] ?? 0) + meter.regained(told.toldMs, now));
      meter.raise(this.#counters, meter.capacity(share) - left / share, share, now);
    }
  }

  /** Lets the key's counter of the limit of this name stand no lower than at so many units. */
  raise({ meters }: LimitRule, key: string, to: LimitUsed, now: number): void {
    this.#counters.turnTo(key);
    for (const meter of meters) if (meter.name === to.limit) meter.raise(this.#counters, to.units, 1, now);
  }

  /** By limit: units that the key's counters have not got over yet. */
  charged({ meters }: LimitRule, key: string, share: number, now: number): number[] {
    this.#counters.turnTo(key);
    return meters.map((meter) => meter.used(meter.level(this.#counters, share, now), share));
  }

  /** See {@link Counters.usage}. */
  usage(): ReturnType<Counters['usage']> {
    return this.#counters.usage();
  }
}

function remainingAt(meter: Meter, level: number, share: number): number {
  return Math.max(0, Math.floor(meter.capacity(share) - meter.used(level, share) + tolerance));
}
