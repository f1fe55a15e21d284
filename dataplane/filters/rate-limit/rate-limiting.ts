// Rate limiting of a data plane: owns the counters, which outlive snapshots, and makes the filters that ask them.
// Counters are in this process, or shared by all data planes through Redis. Does not know where in the
// pipeline its filters stand, and picks no status code.
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import type { Fleet, RateLimit, RateLimitStore } from '#snapshot/rate-limit.ts';
import { KeyedHash } from './keyed-hash.ts';
import { LocalLimiter } from './local-limiter.ts';
import { rateLimitFilter } from './rate-limit-filter.ts';
import { ruleFor } from './rule.ts';
import { Tally } from './tally.ts';
import type { Decision } from './tally.ts';

/** The long-lived owner of all counters of a data plane. */
export interface RateLimiting {
  /** The filter for `limit`. Limits of the same rule name, limit name and key share their counters for ever. */
  filterFor(limit: RateLimit): RequestFilter;
  /** Where counters live from now on, and among how many data planes; call it on each snapshot. */
  configure(store: RateLimitStore, fleet: Fleet): void;
  stats(): RateLimitingStats;
  /** Gives leases back and lets go of the store. Filters go on with the counters of this process. */
  close(): Promise<void>;
}

/** For metrics: the rules that have a filter, decisions since the start. */
export interface RateLimitingStats {
  readonly rules: readonly RuleStats[];
  readonly table: { readonly bytes: number; readonly taken: number; readonly evicted: number };
}

export interface RuleStats {
  /** `<namespace>/<policy>/<rule>`. */
  readonly rule: string;
  readonly decisions: Readonly<Record<Decision, number>>;
}

export interface RateLimitingOptions {
  /** A monotonic clock, milliseconds. */
  readonly now: () => number;
  /** 0 to 1; keys the hash and spreads waits. */
  readonly random: () => number;
  /** Most counters kept in this process, 16 bytes each; 2,097,152 (32 MiB) unless told. */
  readonly countersMax?: number;
}

const countersMaxDefault = 2 ** 21;

/** Counters in this process until {@link RateLimiting.configure} says otherwise. */
export function createRateLimiting(options: RateLimitingOptions): RateLimiting {
  const { now, random } = options;
  const hash = new KeyedHash(random() * 2 ** 32, random() * 2 ** 32);
  const local = new LocalLimiter(options.countersMax ?? countersMaxDefault, hash);
  const filters = new WeakMap<RateLimit, RequestFilter>();
  // Weak: a tally lives as long as a filter counts with it, so rules that are gone leave the metrics.
  const tallies = new Map<string, WeakRef<Tally>>();

  function tallyFor(name: string): Tally {
    const tally = tallies.get(name)?.deref() ?? new Tally();
    tallies.set(name, new WeakRef(tally));
    return tally;
  }

  return {
    filterFor(limit) {
      let filter = filters.get(limit);
      if (filter === undefined) {
        const rule = ruleFor(limit, hash);
        filter = rateLimitFilter(rule, (of, key) => local.take(of, key, 1, now()), tallyFor(limit.name));
        filters.set(limit, filter);
      }
      return filter;
    },
    configure() {},
    stats() {
      const rules: RuleStats[] = [];
      for (const [rule, reference] of tallies) {
        const tally = reference.deref();
        if (tally === undefined) tallies.delete(rule);
        else rules.push({ rule, decisions: tally.counts });
      }
      return {
        rules,
        table: local.usage(),
      };
    },
    async close() {},
  };
}
