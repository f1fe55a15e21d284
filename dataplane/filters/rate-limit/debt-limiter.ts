import { asksMax, waitingMax, type Ask, type CounterStore, type Grant } from './counter-store.ts';
import { leaseMs } from './lease.ts';
import type { LocalLimiter } from './local-limiter.ts';
import { copyOf, emptyOutcome, type Outcome } from './outcome.ts';
import type { LimitRule } from './rule.ts';
import { askFor } from './ask-for.ts';

export interface DebtLimiterOptions {
  readonly store: CounterStore;
  /** Decides alone while the store cannot be asked, and is charged meanwhile so that it can take over. */
  readonly local: LocalLimiter;
  readonly now: () => number;
  /** Most keys that are remembered; of those beyond each request asks, and what an answer takes is told at once. */
  readonly keysMax: number;
}

/** A key of which nothing was heard for so long is forgotten. */
const forgottenMs = 5000;
/** What is known of one counter. */
interface Known {
  readonly rule: LimitRule;
  readonly key: string;
  /** As the store told last; null: not yet. */
  grant: Grant | null;
  /** When it told. */
  toldMs: number;
  /** Of answers, which the store does not know of yet; since when there are such. */
  owed: number;
  owedSinceMs: number;
  usedMs: number;
  /** Requests that wait for the store's first word. */
  readonly waiters: ((outcome: Outcome) => void)[];
  /** Will be asked for when the turn ends, or is being asked for. */
  stage: 'Quiet' | 'Scheduled' | 'Asking';
}

/**
 * Limits of a cost that answers tell, which all data planes keep together through a store. The store is asked about a key
 * at its first request; from then on requests go by what it said last, which is asked anew without anybody waiting when
 * an answer has ended, and where the last word is older than 100 ms. So what other data planes charge is known here
 * 100 ms and a round trip later.
 */
export class DebtLimiter {
  readonly #options: DebtLimiterOptions;
  readonly #outcome = emptyOutcome();
  readonly #known = new Map<LimitRule, Map<string, Known>>();
  readonly #scheduled: Known[] = [];
  readonly #fleet: () => number;
  #count = 0;
  #waiting = 0;

  /** `fleet`: how many data planes there are. */
  constructor(options: DebtLimiterOptions, fleet: () => number) {
    this.#options = options;
    this.#fleet = fleet;
  }

  /** Whether a request may go on: a unit is left. Hot path: at once for a key that is known. */
  take(rule: LimitRule, key: string): Outcome | Promise<Outcome> {
    const time = this.#options.now();
    const known = this.#of(rule, key, time);
    if (!this.#options.store.available) return this.#alone(known, time);
    if (known.grant === null) {
      if (this.#waiting >= waitingMax) return this.#alone(known, time);
      this.#waiting += 1;
      this.#schedule(known);
      return new Promise((resolve) => known.waiters.push(resolve));
    }
    if (time - known.toldMs > leaseMs) this.#schedule(known);
    return this.#remembered(known.grant, time - known.toldMs);
  }

  /** Charges what an answer takes. */
  charge(rule: LimitRule, key: string, units: number): void {
    const time = this.#options.now();
    this.#options.local.weighing(units).charge(rule, key, this.#fleet(), time);
    const known = this.#of(rule, key, time);
    if (known.owed === 0) known.owedSinceMs = time;
    known.owed += units;
    this.#schedule(known);
  }

  /** Tells the store what it could not be told before, and forgets silent keys; to be called every half second or so. */
  sweep(): void {
    const time = this.#options.now();
    for (const [rule, byKey] of this.#known) {
      for (const [key, known] of byKey) {
        if (known.owed > 0) this.#schedule(known);
        const isOver = time - known.usedMs > (known.owed > 0 ? overMs(rule) : forgottenMs);
        if (isOver && known.stage === 'Quiet' && byKey.delete(key)) this.#count -= 1;
      }
      if (byKey.size === 0) this.#known.delete(rule);
    }
  }

  /** Tells the store all that is owed. */
  async release(): Promise<void> {
    const all = [...this.#known.values()].flatMap((byKey) => [...byKey.values()]);
    await this.#ask(all.filter(({ owed, stage }) => owed > 0 && stage !== 'Asking'));
  }

  #of(rule: LimitRule, key: string, time: number): Known {
    const byKey = this.#known.get(rule);
    const before = byKey?.get(key);
    if (before !== undefined) {
      before.usedMs = time;
      return before;
    }
    const noWord = { grant: null, toldMs: 0, owed: 0, owedSinceMs: 0 };
    const known: Known = { rule, key, ...noWord, usedMs: time, waiters: [], stage: 'Quiet' };
    if (this.#count < this.#options.keysMax) {
      this.#count += 1;
      if (byKey === undefined) this.#known.set(rule, new Map([[key, known]]));
      else byKey.set(key, known);
    }
    return known;
  }

  #alone({ rule, key, grant, toldMs }: Known, time: number): Outcome {
    const { local } = this.#options;
    if (rule.limit.onStoreError !== 'Local') {
      this.#outcome.verdict = 'Unknown';
      return this.#outcome;
    }
    const share = this.#fleet();
    if (grant !== null) {
      local.takeOver(rule, key, { remaining: grant.remaining, toldMs }, { share, now: time });
    }
    return local.weighing(0).take(rule, key, share, time);
  }

  #remembered({ waitMs, remaining, fullMs }: Grant, sinceMs: number): Outcome {
    const outcome = this.#outcome;
    const isLeft = waitMs <= sinceMs;
    outcome.verdict = isLeft ? 'Admitted' : 'Refused';
    outcome.waitMs = isLeft ? 0 : waitMs - sinceMs;
    outcome.delayMs = 0;
    outcome.remaining.length = remaining.length;
    outcome.resetMs.length = remaining.length;
    for (let at = 0; at < remaining.length; at += 1) {
      const left = remaining[at] ?? 0;
      outcome.remaining[at] = left;
      outcome.resetMs[at] = left > 0 ? Math.max(0, (fullMs[at] ?? 0) - sinceMs) : outcome.waitMs;
    }
    return outcome;
  }

  /** Has the store asked when this turn of the loop ends. */
  #schedule(known: Known): void {
    if (known.stage !== 'Quiet' || !this.#options.store.available) return;
    known.stage = 'Scheduled';
    if (this.#scheduled.push(known) > 1) return;
    setImmediate(() => {
      const all = this.#scheduled.splice(0);
      for (let at = 0; at < all.length; at += asksMax) void this.#ask(all.slice(at, at + asksMax));
    });
  }

  async #ask(batch: readonly Known[]): Promise<void> {
    const { store, now } = this.#options;
    const time = now();
    const told = batch.map((known) => {
      known.stage = 'Asking';
      const { owed } = known;
      known.owed = 0;
      return owed;
    });
    const asks = batch.map((known, at) => askOf(known, told[at] ?? 0, time));
    const grants = await store.ask(asks, this.#fleet());
    for (const [at, known] of batch.entries()) this.#answer(known, grants[at] ?? null, told[at] ?? 0);
  }

  #answer(known: Known, grant: Grant | null, told: number): void {
    const time = this.#options.now();
    known.stage = 'Quiet';
    if (grant === null) {
      known.owed += told;
    } else {
      known.grant = grant;
      known.toldMs = time;
    }
    for (const resolve of known.waiters.splice(0)) {
      this.#waiting -= 1;
      const outcome = grant === null ? this.#alone(known, time) : this.#remembered(grant, 0);
      resolve(copyOf(outcome));
    }
    if (grant !== null && known.owed > 0) this.#schedule(known);
  }
}

/** After so long nothing counts any more of what a key has owed. */
function overMs({ meters }: LimitRule): number {
  return Math.max(...meters.map((meter) => meter.overMs));
}

/** What was owed long ago is got over by now, as far as time has passed. */
function askOf({ rule, key, owedSinceMs }: Known, owed: number, time: number): Ask {
  const ask = askFor(rule, key, { units: 1, requests: 0 }, 0);
  if (owed === 0) return ask;
  const isOld = time - owedSinceMs > 1000;
  return {
    ...ask,
    owed: rule.meters.map((meter) => Math.max(0, owed - (isOld ? meter.regained(owedSinceMs, time) : 0))),
  };
}
