import { ArrivalTable } from './arrival-table.ts';
import type { KeyedHash } from './keyed-hash.ts';
import { emptyOutcome } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { LimitTerms, LimitRule } from './rule.ts';

/** As parts of an interval: what adding up floating numbers may be off by before a request is refused for it. */
const tolerance = 1e-3;

/**
 * GCRA over counters of this process: any window of length T admits at most burst + rate * T of one key. A key
 * that had to be given up for want of room gets at most one more burst.
 *
 * Hot path: answers at once, allocates nothing; the outcome is one object used again for each answer.
 */
export class LocalLimiter {
  readonly #table: ArrivalTable;
  readonly #hash: KeyedHash;
  readonly #outcome = emptyOutcome();

  constructor(slotsMax: number, hash: KeyedHash) {
    this.#table = new ArrivalTable(slotsMax);
    this.#hash = hash;
  }

  /** Charges one request to every limit of the rule, or, when one of them refuses, to none. `share`: 1/N each. */
  take(rule: LimitRule, key: string, share: number, now: number): Outcome {
    const { limits } = rule;
    const outcome = this.#outcome;
    this.#hash.digest(key);
    // setting a length is a call of V8's runtime, also when it is the same
    if (outcome.resetMs.length !== limits.length) {
      outcome.remaining.length = limits.length;
      outcome.resetMs.length = limits.length;
    }
    let waitMs = 0;
    for (let at = 0; at < limits.length; at += 1) {
      const terms = limits[at];
      if (terms === undefined) continue;
      const debtMs = this.#debtMs(terms, share, now);
      waitMs = Math.max(waitMs, waitFor(terms, share, debtMs));
      // Kept here until it is known whether all limits agree.
      outcome.resetMs[at] = debtMs;
    }
    const admitted = waitMs === 0;
    outcome.verdict = admitted ? 'Admitted' : 'Refused';
    outcome.waitMs = waitMs;
    for (let at = 0; at < limits.length; at += 1) {
      const terms = limits[at];
      if (terms === undefined) continue;
      const intervalMs = terms.intervalMs * share;
      const debtMs = (outcome.resetMs[at] ?? 0) + (admitted ? intervalMs : 0);
      if (admitted) this.#keep(terms, debtMs, now);
      const remaining = Math.floor(burstOf(terms, share) - debtMs / intervalMs + tolerance);
      outcome.remaining[at] = remaining;
      outcome.resetMs[at] = remaining === 0 ? waitFor(terms, share, debtMs) : debtMs;
    }
    return outcome;
  }

  /** Charges what another limiter admitted, so that these counters can take over where it fails. */
  charge(rule: LimitRule, key: string, share: number, now: number): void {
    this.#hash.digest(key);
    for (const terms of rule.limits) {
      const intervalMs = terms.intervalMs * share;
      const debtMs = this.#debtMs(terms, share, now) + intervalMs;
      this.#keep(terms, Math.min(debtMs, burstOf(terms, share) * intervalMs), now);
    }
  }

  /** Lets the key have no more than its share of what is `left` of each limit for all data planes together. */
  bound(
    rule: LimitRule,
    key: string,
    left: readonly number[],
    [share, now]: readonly [number, number],
  ): void {
    this.#hash.digest(key);
    for (const [at, terms] of rule.limits.entries()) {
      const used = burstOf(terms, share) - (left[at] ?? 0) / share;
      const debtMs = used * terms.intervalMs * share;
      if (debtMs > this.#debtMs(terms, share, now)) this.#keep(terms, debtMs, now);
    }
  }

  /** By limit: requests that the key's counters have not got over yet. */
  charged(rule: LimitRule, key: string, share: number, now: number): number[] {
    this.#hash.digest(key);
    return rule.limits.map((terms) => this.#debtMs(terms, share, now) / (terms.intervalMs * share));
  }

  /** See {@link ArrivalTable.usage}. */
  usage(): ReturnType<ArrivalTable['usage']> {
    return this.#table.usage();
  }

  /** How far the theoretical time of arrival lies ahead; never more than a burst, also when that has shrunk. */
  #debtMs(terms: LimitTerms, share: number, now: number): number {
    const { hi, lo } = this.#hash;
    const time = this.#table.get((hi ^ terms.saltHi) >>> 0, (lo ^ terms.saltLo) >>> 0);
    if (time <= now) return 0;
    return Math.min(time - now, burstOf(terms, share) * terms.intervalMs * share);
  }

  #keep(terms: LimitTerms, debtMs: number, now: number): void {
    const { hi, lo } = this.#hash;
    this.#table.set((hi ^ terms.saltHi) >>> 0, (lo ^ terms.saltLo) >>> 0, now + debtMs, now);
  }
}

function burstOf(terms: LimitTerms, share: number): number {
  return share === 1 ? terms.burst : Math.max(1, Math.floor(terms.burst / share));
}

/** Until one more request fits; 0 when it fits now. */
function waitFor(terms: LimitTerms, share: number, debtMs: number): number {
  const intervalMs = terms.intervalMs * share;
  const waitMs = debtMs - (burstOf(terms, share) - 1) * intervalMs;
  return waitMs <= intervalMs * tolerance ? 0 : waitMs;
}
