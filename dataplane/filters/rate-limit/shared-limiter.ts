import { askFor, backOf } from './ask-for.ts';
import { asksMax, waitingMax, type Ask, type CounterStore, type Grant } from './counter-store.ts';
import { Lease, leaseMax, leaseMs } from './lease.ts';
import type { LocalLimiter } from './local-limiter.ts';
import { copyOf, emptyOutcome, type Outcome } from './outcome.ts';
import type { LimitRule } from './rule.ts';

export interface SharedLimiterOptions {
  readonly store: CounterStore;
  /** Decides alone while the store cannot be asked, and is charged meanwhile so that it can take over. */
  readonly local: LocalLimiter;
  readonly now: () => number;
  readonly random: () => number;
  /** Most keys that are remembered between requests; those beyond are asked for each time. */
  readonly leasesMax: number;
}

/** After so long the store is asked again whether nothing is left: others may have given back what they leased. */
const quietMs = 500;

/** Keys that are looked at in one go, and the pause after them: all at once would hold up requests, and Redis. */
const sweptMax = 512;
const sweepPauseMs = 4;

/** What is asked of one counter in this turn of the loop. */
interface Pending {
  readonly rule: LimitRule;
  readonly key: string;
  /** What each request takes that waits. */
  readonly units: number;
  /** Debts that the question carries; the lease's again when there is no answer. */
  owed: number;
  /** Tokens that the question wishes for a lease. */
  wished: number;
  readonly waiters: ((outcome: Outcome) => void)[];
}

/**
 * Limits that all data planes keep together, through a store. A key is asked for at its first request and, when
 * its limit is small, at each: then exactly what the algorithm means to passes. Larger limits are leased: tokens are
 * taken from the store ahead of need. Of a bucket any span of time then admits at most 200 ms worth of the rate more, and
 * nothing more in the long run; those of a window die with it by a clock that is never late, so none admits more than
 * its requests. While the store is away each rule does as its onStoreError says.
 */
export class SharedLimiter {
  readonly #options: SharedLimiterOptions;
  readonly #outcome = emptyOutcome();
  readonly #leases = new Map<LimitRule, Map<string, Lease>>();
  #leaseCount = 0;
  #fleet: number;
  /** By rule, units and key. */
  #pending = new Map<LimitRule, Map<number, Map<string, Pending>>>();
  /** Goes with the questions of this turn. */
  #back: Ask[] = [];
  #scheduled = false;
  #waiting = 0;
  #sweeping = false;

  constructor(options: SharedLimiterOptions, fleet: number) {
    this.#options = options;
    this.#fleet = fleet;
  }

  get fleet(): number {
    return this.#fleet;
  }

  set fleet(replicas: number) {
    this.#fleet = Math.max(1, replicas);
  }

  /**
   * Decides on one request, which takes so many `units`. Hot path: at once while a lease or a known refusal holds; else with the other
   * requests of this turn of the loop in one call.
   */
  take(rule: LimitRule, key: string, units = 1): Outcome | Promise<Outcome> {
    const { store, now } = this.#options;
    const time = now();
    const lease = this.#leases.get(rule)?.get(key);
    if (lease !== undefined) {
      lease.see(units, time);
      // Tokens in hand are paid for, also when the store has gone.
      if (lease.spend(units, time)) {
        if (lease.wantsRenewal && time >= lease.quietUntilMs && store.available)
          this.#renew(rule, key, lease);
        this.#options.local.weighing(units).charge(rule, key, this.#fleet, time);
        return this.#remembered(lease, 'Admitted', time);
      }
      this.#giveUp(rule, key, lease, time);
    }
    if (!store.available) return this.#alone(rule, key, units);
    if (lease?.denies(units, time) === true) return this.#remembered(lease, 'Refused', time);
    if (this.#waiting >= waitingMax) return this.#alone(rule, key, units);
    this.#waiting += 1;
    return new Promise((resolve) => this.#ask(rule, key, units).waiters.push(resolve));
  }

  /**
   * Gives expired tokens back, pays debts and forgets idle keys, some of them at once and the others soon; to be called
   * every half second or so.
   */
  sweep(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.#sweepOn(this.#known());
  }

  /** Gives back all tokens. */
  async release(): Promise<void> {
    for (const { rule, key, lease } of this.#known()) {
      this.#giveUp(rule, key, lease, Infinity);
      if (this.#back.length >= asksMax) await this.#sendBack();
    }
    await this.#sendBack();
  }

  /** Keys remembered, and requests that wait for the store. */
  usage(): { readonly leases: number; readonly waiting: number } {
    return { leases: this.#leaseCount, waiting: this.#waiting };
  }

  *#known(): Generator<Known> {
    for (const [rule, leases] of this.#leases) {
      for (const [key, lease] of leases) yield { rule, key, lease };
      if (leases.size === 0) this.#leases.delete(rule);
    }
  }

  #sweepOn(rest: Iterator<Known>): void {
    const time = this.#options.now();
    for (let count = 0; count < sweptMax; count += 1) {
      const next = rest.next();
      if (next.done === true) {
        this.#sweeping = false;
        void this.#sendBack();
        return;
      }
      this.#tidy(next.value, time);
    }
    void this.#sendBack();
    setTimeout(() => this.#sweepOn(rest), sweepPauseMs).unref();
  }

  #tidy({ rule, key, lease }: Known, time: number): void {
    this.#giveUp(rule, key, lease, time);
    if (rule.meters.every((meter) => time - lease.usedMs > meter.overMs)) lease.owed = 0;
    if (lease.owed > 0 && this.#options.store.available && !lease.renewing) this.#renew(rule, key, lease);
    if (lease.idle(time) && this.#leases.get(rule)?.delete(key) === true) this.#leaseCount -= 1;
  }

  /** What was not used in time goes back with what is asked next. */
  #giveUp(rule: LimitRule, key: string, lease: Lease, time: number): void {
    const tokens = lease.expire(time);
    if (tokens > 0) this.#back.push(backOf(rule, key, tokens, lease.grantedAt));
  }

  #alone(rule: LimitRule, key: string, units: number): Outcome {
    if (rule.limit.onStoreError === 'Local') {
      const { local, now } = this.#options;
      const time = now();
      const lease = this.#leases.get(rule)?.get(key);
      if (lease?.fromStore === true) {
        lease.fromStore = false;
        local.takeOver(rule, key, lease, { share: this.#fleet, now: time });
      }
      const outcome = local.weighing(units).take(rule, key, this.#fleet, time);
      if (outcome.verdict === 'Admitted') this.#owe(rule, key, units);
      return outcome;
    }
    this.#outcome.verdict = 'Unknown';
    return this.#outcome;
  }

  /** Notes a request of which the store does not know, so that its return is no new burst for everybody. */
  #owe(rule: LimitRule, key: string, units: number): void {
    const lease = this.#leases.get(rule)?.get(key) ?? this.#newLease(rule, key);
    if (lease === null) return;
    lease.owed += units;
    lease.usedMs = this.#options.now();
  }

  #remembered(lease: Lease, verdict: 'Admitted' | 'Refused', time: number): Outcome {
    const outcome = this.#outcome;
    outcome.verdict = verdict;
    outcome.waitMs = Math.max(0, lease.deniedUntilMs - time);
    outcome.delayMs = 0;
    const { length } = lease.remaining;
    outcome.remaining.length = length;
    outcome.resetMs.length = length;
    const sinceMs = time - lease.toldMs;
    for (let at = 0; at < length; at += 1) {
      const left = (lease.remaining[at] ?? 0) + lease.tokens;
      outcome.remaining[at] = left;
      outcome.resetMs[at] = left > 0 ? Math.max(0, (lease.fullMs[at] ?? 0) - sinceMs) : outcome.waitMs;
    }
    return outcome;
  }

  #renew(rule: LimitRule, key: string, lease: Lease): void {
    lease.renewing = true;
    this.#ask(rule, key, 1);
  }

  /** The question of this turn about a counter; all of them are sent when the turn ends. */
  #ask(rule: LimitRule, key: string, units: number): Pending {
    const byKey = this.#pending.getOrInsertComputed(rule, newMap).getOrInsertComputed(units, newMap);
    let pending = byKey.get(key);
    if (pending === undefined) {
      pending = { rule, key, units, owed: 0, wished: 0, waiters: [] };
      byKey.set(key, pending);
    }
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    }
    return pending;
  }

  #flush(): void {
    const ofRules = [...this.#pending.values()].flatMap((ofRule) => [...ofRule.values()]);
    const all = ofRules.flatMap((byKey) => [...byKey.values()]);
    const back = this.#back;
    this.#pending = new Map();
    this.#back = [];
    this.#scheduled = false;
    if (back.length > asksMax) void this.#return(back.splice(asksMax));
    for (let at = 0; at < all.length; at += asksMax) {
      this.#send(all.slice(at, at + asksMax), at === 0 ? back : []);
    }
  }

  #send(batch: readonly Pending[], back: readonly Ask[]): void {
    const { store, now } = this.#options;
    const time = now();
    const asks = batch.map((pending): Ask => {
      const { rule, key, units, waiters } = pending;
      const lease = this.#leases.get(rule)?.get(key);
      const need = { units, requests: waiters.length };
      if (lease === undefined) return askFor(rule, key, need, 0);
      pending.wished = lease.wish(leaseMax(rule, this.#fleet), time);
      const ask = askFor(rule, key, need, pending.wished);
      if (lease.owed === 0) return ask;
      pending.owed = lease.owed;
      lease.owed = 0;
      // What was admitted long ago is got over by now; these counters know.
      const charged = this.#options.local.charged(rule, key, this.#fleet, time);
      return { ...ask, owed: charged.map((known) => Math.min(pending.owed, known)) };
    });
    void store.ask([...back, ...asks], this.#fleet).then((grants) => {
      for (let at = 0; at < batch.length; at += 1) {
        const pending = batch[at];
        if (pending !== undefined) this.#answer(pending, grants[back.length + at] ?? null, time);
      }
    });
  }

  #answer(pending: Pending, grant: Grant | null, askedMs: number): void {
    const { rule, key, units, owed, waiters } = pending;
    this.#waiting -= waiters.length;
    const known = this.#leases.get(rule)?.get(key);
    if (known !== undefined) known.renewing = false;
    if (grant === null) {
      if (known !== undefined) known.owed += owed;
      for (const resolve of waiters) resolve(copyOf(this.#alone(rule, key, units)));
      return;
    }
    const time = this.#options.now();
    const admitted = Math.min(Math.floor(grant.granted / units), waiters.length);
    for (const [at, resolve] of waiters.entries()) {
      if (at < admitted) this.#options.local.weighing(units).charge(rule, key, this.#fleet, time);
      resolve(outcomeOf(grant, at < admitted, delayMs(rule, grant, grant.granted - at * units)));
    }
    const more = grant.granted - admitted * units;
    const lease = known ?? this.#leaseFor(rule, key, grant.waitMs);
    if (lease === null) {
      if (more > 0) void this.#return([backOf(rule, key, more, grant.at)]);
      return;
    }
    this.#giveUp(rule, key, lease, time);
    // The store had its time after it was asked, so no window ends later by this.
    const ends = rule.meters.map((meter, at) => askedMs + meter.leaseEndMs(grant.fullMs[at] ?? 0));
    lease.add(more, time, Math.min(...ends));
    lease.note(grant, units, time);
    this.#hush(lease, rule, 4 * more < pending.wished);
  }

  /** A lease for a key worth remembering; null when there is no room or no use. */
  #leaseFor(rule: LimitRule, key: string, waitMs: number): Lease | null {
    if (waitMs === 0 && leaseMax(rule, this.#fleet) === 0) return null;
    const lease = this.#newLease(rule, key);
    lease?.see(1, this.#options.now());
    return lease;
  }

  /** Null when there is no room. */
  #newLease(rule: LimitRule, key: string): Lease | null {
    if (this.#leaseCount >= this.#options.leasesMax) return null;
    const lease = new Lease();
    const leases = this.#leases.get(rule) ?? new Map<string, Lease>();
    this.#leases.set(rule, leases.set(key, lease));
    this.#leaseCount += 1;
    return lease;
  }

  /** When the store is asked again for a leased limit of which nothing or little is left. */
  #hush(lease: Lease, rule: LimitRule, isScarce: boolean): void {
    if (leaseMax(rule, this.#fleet) === 0) return;
    const { now, random } = this.#options;
    const time = now();
    const spread = 0.5 + random();
    lease.quietUntilMs = Math.min(lease.quietUntilMs, time + quietMs * spread);
    if (!rule.meters.some((meter) => meter.refillsEvenly)) return;
    // Leases are granted before what they take has come back.
    lease.quietUntilMs -= leaseMs;
    // Asking for each of the tokens that come back would cost more than waiting for a few; at the end of a window those that
    // are left are lost.
    if (isScarce && time < lease.endMs - 0.8 * leaseMs) {
      lease.quietUntilMs = Math.max(lease.quietUntilMs, time + (leaseMs / 2) * spread);
      lease.deniedUntilMs = Math.max(lease.deniedUntilMs, lease.quietUntilMs);
    }
  }

  #sendBack(): Promise<void> {
    return this.#return(this.#back.splice(0));
  }

  /** Best effort: tokens that do not come back were charged and not used. */
  async #return(asks: readonly Ask[]): Promise<void> {
    const { store } = this.#options;
    for (let at = 0; at < asks.length && store.available; at += asksMax) {
      await store.ask(asks.slice(at, at + asksMax), this.#fleet);
    }
  }
}

/** What is remembered of one counter. */
interface Known {
  readonly rule: LimitRule;
  readonly key: string;
  readonly lease: Lease;
}

function newMap<Key, Value>(): Map<Key, Value> {
  return new Map();
}

/** Of the request that was granted its units with those of later ones. */
function delayMs({ meters }: LimitRule, { fullMs }: Grant, units: number): number {
  return Math.max(...meters.map((meter, at) => meter.delayMs(fullMs[at] ?? 0, units, 1)));
}

function outcomeOf(grant: Grant, admitted: boolean, delayMs: number): Outcome {
  return {
    verdict: admitted ? 'Admitted' : 'Refused',
    waitMs: admitted ? 0 : grant.waitMs,
    delayMs: admitted ? delayMs : 0,
    share: 1,
    remaining: [...grant.remaining],
    resetMs: grant.fullMs.map((ms, at) => ((grant.remaining[at] ?? 0) > 0 ? ms : grant.waitMs)),
  };
}
