// Rate limiting of a data plane: owns the counters, which outlive snapshots, and makes the filters that ask them.
// Counters are in this process, or shared by all data planes through Redis. Does not know where in the
// pipeline its filters stand, and picks no status code.
import type { RequestSubject } from '#cel/request-variables.ts';
import type { Variables } from '#cel/variables.ts';
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import { WeakValues } from '#dataplane/http/weak-values.ts';
import { encodeResource } from '#snapshot/encode.ts';
import type { Fleet } from '#snapshot/fleet.ts';
import type { Plan } from '#snapshot/plan.ts';
import type { UsageSum } from '#snapshot/usage.ts';
import type { RateLimit, RateLimitStore } from '#snapshot/rate-limit.ts';
import type { NearQuota } from '#snapshot/message.ts';
import type { SharedRedis } from '#snapshot/redis-address.ts';
import { randomInt } from 'node:crypto';
import { Capacity } from '../capacity.ts';
import { policyNamespace } from '../policy-namespace.ts';
import { adaptiveFilter } from './adaptive-filter.ts';
import { needsNoIdentity } from './expressions.ts';
import { countedByValue } from './counted.ts';
import type { CounterStore } from './counter-store.ts';
import { DebtLimiter } from './debt-limiter.ts';
import { NearQuotas, type WatchOutcome } from './near-quotas.ts';
import { Gates } from './algorithms/concurrency.ts';
import { KeyedHash } from '#dataplane/counters/keyed-hash.ts';
import { LocalLimiter } from './local-limiter.ts';
import { passed } from './passed.ts';
import { countedKey, rateLimitFilter, type Deciding } from './rate-limit-filter.ts';
import { limitsPerConsumer, Plans } from './plans.ts';
import { usedOfQuotas } from './quotas.ts';
import { RedisStore } from './redis-store.ts';
import { ruleFor } from './rule.ts';
import type { LimitRule } from './rule.ts';
import { SharedLimiter } from './shared-limiter.ts';
import { Tally } from './tally.ts';
import type { Decision } from './tally.ts';

/** The long-lived owner of all counters of a data plane. */
export interface RateLimiting {
  /** The filter for `limit`. Limits of the same rule name (or shared one), limit name and key share their counters for ever. */
  filterFor(limit: RateLimit): RequestFilter;
  /** The filter of the plan `<namespace>/<plan>`: it follows the plan, and refuses all while there is none. */
  limitsOfPlan(name: string): RequestFilter;
  /** From now on there are these plans and no others. */
  usePlans(plans: readonly Plan[]): void;
  /**
   * Counts in the quotas of plans what was used before this process began. Each plan once, when it is there for the
   * first time; in memory alone, for Redis knows better.
   */
  restoreQuotas(used: () => Iterable<UsageSum>): void;
  /** Quotas of plans that are nearly used up, as far as was seen here. */
  nearQuotas(): readonly NearQuota[];
  /** Where counters live from now on, and among how many data planes; call it on each snapshot. */
  configure(store: RateLimitStore, fleet: Fleet): void;
  /** Whether `limit` can be asked before it is known who calls. */
  needsNoIdentity(limit: RateLimit): boolean;
  stats(): RateLimitingStats;
  /** Gives leases back and lets go of the store. Filters go on with the counters of this process. */
  close(): Promise<void>;
}

/** For metrics: the rules that have a filter, decisions since the start. */
export interface RateLimitingStats {
  readonly rules: readonly RuleStats[];
  /** Available is false while requests are decided without Redis. */
  readonly store: { readonly type: RateLimitStore['type']; readonly available: boolean };
  readonly counters: { readonly bytes: number; readonly taken: number; readonly evicted: number };
  readonly leases: number;
  readonly waiting: number;
}

/** How often a rule has decided which way. */
export interface RuleStats {
  /** `<namespace>/<policy>/<rule>`. */
  readonly rule: string;
  readonly decisions: Readonly<Record<Decision, number>>;
}

export interface RateLimitingOptions {
  /** A monotonic clock, milliseconds. */
  readonly now: () => number;
  /** What the wall clock shows, milliseconds since 1970; the machine's unless told. */
  readonly epochMs?: () => number;
  /** What expressions of rules can name. */
  readonly variables: Variables<RequestSubject>;
  /** 0 to 1; spreads waits. */
  readonly random: () => number;
  /** Passes so many milliseconds; real ones unless told. */
  readonly wait?: (ms: number, left: AbortSignal) => Promise<void>;
  /** Most counters kept in this process, 16 bytes each (24 once there are windows); 2,097,152 (32 or 48 MiB) unless told. */
  readonly countersMax?: number;
  /** Most keys of shared limits remembered between requests, some 400 bytes each; 32,768 (13 MiB) unless told. */
  readonly leasesMax?: number;
  /** The longest a request waits for Redis; 50 unless told. */
  readonly storeDeadlineMs?: number;
  /** Told when Redis becomes usable or unusable, with the reason; for the log. */
  readonly onStoreChange?: (available: boolean, reason: string) => void;
  /** Told its `maxmemory-policy` when Redis becomes usable, and would throw counters away to make room. */
  readonly onStoreEvicting?: (policy: string) => void;
}

const countersMaxDefault = 2 ** 21;
const leasesMaxDefault = 2 ** 15;
const storeDeadlineMsDefault = 50;
const sweepEveryMs = 500;
/** Most requests that wait at a time because a limit delays them: each of them is held in memory. */
const delayedMax = 20_000;

/** Counters in this process until {@link RateLimiting.configure} says otherwise. */
export function createRateLimiting(options: RateLimitingOptions): RateLimiting {
  const { now, variables, random, epochMs = Date.now } = options;
  // Clients choose keys, so what keys the hash must not be guessed.
  const hash = new KeyedHash(randomInt(2 ** 32), randomInt(2 ** 32));
  const local = new LocalLimiter(options.countersMax ?? countersMaxDefault, hash);
  const filters = new WeakMap<RateLimit, RequestFilter>();
  const places = new Capacity(delayedMax);
  const wait = options.wait ?? passed;
  const gates = new Gates();
  /** Weak: a tally lives as long as a filter counts with it, so rules that are gone leave the metrics. */
  const tallies = new WeakValues<string, Tally>();
  const tallyOf = (rule: string): Tally => tallies.of(rule, () => new Tally());
  let sharing: Sharing | null = null;

  const deciding: Deciding = {
    take(rule, key, units) {
      const shared = sharingOf(rule);
      if (shared === null) return local.weighing(units).take(rule, key, 1, now());
      return units === 0 ? shared.debts.take(rule, key) : shared.limiter.take(rule, key, units);
    },
    charge(rule, key, units) {
      if (units === 0) return;
      const shared = sharingOf(rule);
      if (shared === null) local.weighing(units).charge(rule, key, 1, now());
      else shared.debts.charge(rule, key, units);
    },
  };

  /** Null: this data plane keeps the whole limit by itself. In memory it knows of no others. */
  function sharingOf({ limit }: LimitRule): Sharing | null {
    return limit.scope.kind === 'Pod' ? null : sharing;
  }

  const whole = (): number => 1;
  const shareOfGate = (): number => sharing?.limiter.fleet ?? 1;

  function filterFor(limit: RateLimit): RequestFilter {
    let filter = filters.get(limit);
    if (filter === undefined) {
      const tally = tallyOf(limit.name);
      const { adaptive } = limit;
      filter =
        adaptive === null
          ? countingFilter(limit, tally)
          : adaptiveFilter(limit, adaptive, { now, tally, variables });
      filters.set(limit, filter);
    }
    return filter;
  }

  function countingFilter(limit: RateLimit, tally: Tally, watch: WatchOutcome | null = null): RequestFilter {
    const counted = countedByValue(limit, {
      ruleFor: (one) => ruleFor(one, hash, epochMs),
      gateOf: (one) => gates.of(one),
    });
    return rateLimitFilter(limit, counted, {
      deciding,
      share: limit.scope.kind === 'Pod' ? whole : shareOfGate,
      places: places.of(policyNamespace(limit.name)),
      wait,
      tally,
      watch,
      variables,
      random,
    });
  }

  const near = new NearQuotas(epochMs);
  const plans = new Plans((limit, plan) => countingFilter(limit, tallyOf(limit.name), near.watchOf(plan)));
  const restored = new Set<string>();

  return {
    filterFor,
    limitsOfPlan: (name) => plans.of(name),
    usePlans: (all) => plans.use(all),
    restoreQuotas(used) {
      for (const plan of plans.all) {
        if (restored.has(plan.name)) continue;
        restored.add(plan.name);
        const rule = ruleFor(limitsPerConsumer(plan), hash, epochMs);
        for (const { limit, consumer, units } of usedOfQuotas(plan, used(), epochMs())) {
          local.raise(rule, countedKey(consumer), { limit, units }, now());
        }
      }
    },
    nearQuotas: () => near.all,
    configure(store, fleet) {
      const place = encodeResource(store);
      if (sharing !== null && sharing.place === place) {
        sharing.limiter.fleet = fleet.replicas;
        return;
      }
      void sharing?.end();
      sharing = store.type === 'Redis' ? { place, ...share(store, fleet, local, options) } : null;
    },
    needsNoIdentity: (limit) => needsNoIdentity(limit, variables),
    stats() {
      return {
        rules: Array.from(tallies, ([rule, { counts }]) => ({ rule, decisions: counts })),
        store: { type: sharing === null ? 'Memory' : 'Redis', available: sharing?.store.available ?? true },
        counters: local.usage(),
        ...(sharing?.limiter.usage() ?? { leases: 0, waiting: 0 }),
      };
    },
    async close() {
      const ending = sharing?.end();
      sharing = null;
      await ending;
    },
  };
}

interface Sharing {
  /** All that is told of the store, by which it is the same. */
  readonly place: string;
  readonly store: CounterStore;
  readonly limiter: SharedLimiter;
  readonly debts: DebtLimiter;
  end(): Promise<void>;
}

function share(
  redis: SharedRedis,
  fleet: Fleet,
  local: LocalLimiter,
  options: RateLimitingOptions,
): Omit<Sharing, 'place'> {
  const { now, random, onStoreChange } = options;
  const deadlineMs = options.storeDeadlineMs ?? storeDeadlineMsDefault;
  const onChange = (available: boolean, reason: string): void => {
    // Debts of the outage are paid before the store is asked for more.
    if (available) sweep();
    onStoreChange?.(available, reason);
  };
  const onEvicting = options.onStoreEvicting ?? (() => {});
  const store = new RedisStore({ redis, now, deadlineMs, onChange, onEvicting });
  const leasesMax = options.leasesMax ?? leasesMaxDefault;
  const limiter = new SharedLimiter({ store, local, now, random, leasesMax }, fleet.replicas);
  const debts = new DebtLimiter({ store, local, now, keysMax: leasesMax }, () => limiter.fleet);
  function sweep(): void {
    limiter.sweep();
    debts.sweep();
  }
  const timer = setInterval(sweep, sweepEveryMs);
  timer.unref();
  return {
    store,
    limiter,
    debts,
    async end() {
      clearInterval(timer);
      await Promise.all([limiter.release(), debts.release()]);
      await store.close();
    },
  };
}
