// Ways in which data planes count together: ours, and what others do.
import { createRequire } from 'node:module';
import path from 'node:path';
import { Redis } from 'ioredis';
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { decodeResource } from '#snapshot/decode.ts';
import type { TimedLimit } from '#snapshot/limit.ts';
import { variables } from '#test/cel/subject.ts';
import {
  exchangeOf,
  fleetOf,
  rateLimit,
  redisStore,
} from '#test/dataplane/filters/rate-limit/given-rate-limit.ts';
import { eventually } from '#test/given/eventually.ts';

/** What was decided of a request; `Failed`: it would have been answered 5xx. */
export type Decided = 'Admitted' | 'Refused' | 'Failed';

/** A way to decide, in one data plane. */
export interface Decider {
  decide(): Decided | Promise<Decided>;
  close(): Promise<void>;
}

/** What a data plane is told. */
export interface Task {
  readonly design: 'Turnpike' | 'Envoy' | 'Flexible';
  readonly url: string;
  /** In place of the URL, for Turnpike alone: the encoded RateLimitStore. */
  readonly store?: string;
  readonly dataPlanes: number;
  /** Counters of this name are the run's own. */
  readonly name: string;
  readonly limit: TimedLimit;
  readonly perSecond: number;
  readonly seconds: number;
  /** By the wall clock: when the first request comes. */
  readonly beginMs: number;
  /** Where rate-limiter-flexible is. */
  readonly modules: string;
}

/** The decider of a task, once it is ready. */
export async function deciderOf(task: Task): Promise<Decider> {
  switch (task.design) {
    case 'Turnpike':
      return turnpike(task);
    case 'Envoy':
      return envoy(task);
    case 'Flexible':
      return flexible(task);
    default:
      return task.design satisfies never;
  }
}

async function turnpike({ url, store, dataPlanes, name, limit }: Task): Promise<Decider> {
  const limiting = createRateLimiting({ now: () => performance.now(), random: Math.random, variables });
  const told = store === undefined ? redisStore(url) : decodeResource(store);
  if (told.kind !== 'RateLimitStore') throw new Error('no store');
  limiting.configure(told, fleetOf(dataPlanes));
  await eventually(() => limiting.stats().store.available);
  const filter = limiting.filterFor(rateLimit({ name, limits: [limit], answerFields: 'None' }));
  const exchange = exchangeOf();
  const decidedOf = (verdict: Awaited<ReturnType<typeof filter.apply>>): Decided => {
    if (verdict === null) return 'Admitted';
    return verdict.kind === 'RateLimited' ? 'Refused' : 'Failed';
  };
  return {
    decide() {
      const verdict = filter.apply(exchange);
      return verdict instanceof Promise ? verdict.then(decidedOf) : decidedOf(verdict);
    },
    close: () => limiting.close(),
  };
}

/** As Envoy's rate limit service: INCRBY and EXPIRE in one round trip, a key a window (src/redis/fixed_cache_impl.go). */
async function envoy({ url, name, limit }: Task): Promise<Decider> {
  const client = await connected(url);
  return {
    async decide() {
      const key = `${name}_${Math.floor(Date.now() / 1000)}`;
      const answers = await client
        .pipeline()
        .incrby(key, 1)
        .expire(key, 1)
        .exec()
        .catch(() => null);
      const count = answers?.[0]?.[1];
      if (typeof count !== 'number') return 'Failed';
      return count <= limit.requests ? 'Admitted' : 'Refused';
    },
    close: async () => client.disconnect(),
  };
}

/** The little of rate-limiter-flexible that is used. */
interface Flexible {
  readonly RateLimiterRedis: new (options: object) => { consume(key: string): Promise<unknown> };
}

/** rate-limiter-flexible 11.4.0 over Redis: rejects with an Error when it could not ask, else with what is left. */
async function flexible({ url, name, limit, modules }: Task): Promise<Decider> {
  const client = await connected(url);
  const found = createRequire(path.join(modules, 'x.js'))('rate-limiter-flexible') as Flexible;
  const limiter = new found.RateLimiterRedis({
    storeClient: client,
    keyPrefix: name,
    points: limit.requests,
    duration: 1,
  });
  return {
    decide: () =>
      limiter.consume('key').then(
        () => 'Admitted' as const,
        (error: unknown) => (error instanceof Error ? ('Failed' as const) : ('Refused' as const)),
      ),
    close: async () => client.disconnect(),
  };
}

async function connected(url: string): Promise<Redis> {
  const client = new Redis(url, { lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
