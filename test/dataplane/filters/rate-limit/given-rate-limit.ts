import { nobody, type Exchange } from '#dataplane/http/exchange.ts';
import { resourceId } from '#snapshot/ids.ts';
import { type Fleet, fleetDefaults } from '#snapshot/fleet.ts';
import type { TokenBucketLimit } from '#snapshot/limit.ts';
import {
  addressKeyDefaults,
  rateLimitDefaults,
  type RateLimit,
  type RateLimitStore,
} from '#snapshot/rate-limit.ts';
import { sharedRedisDefaults } from '#snapshot/redis-address.ts';
import { Secret } from '#snapshot/secret.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';

/** A limit of `requests` per `windowMs`, by default as many at once. */
export function limitOf(
  requests: number,
  windowMs: number,
  burst = requests,
  name = 'only',
): TokenBucketLimit {
  return { name, algorithm: 'TokenBucket', requests, windowMs, burst };
}

/** An enforced rule by client address, 100 a minute. */
export function rateLimit(parts: Partial<RateLimit> = {}): RateLimit {
  return {
    kind: 'RateLimit',
    id: resourceId('RateLimit', 'shop', 'limits', 'per-client'),
    name: 'shop/limits/per-client',
    key: { kind: 'ClientAddress', ...addressKeyDefaults },
    ...rateLimitDefaults,
    limits: [limitOf(100, 60_000, 100, 'minute')],
    onStoreError: 'Local',
    mode: 'Enforce',
    ...parts,
  };
}

export const memoryStore: RateLimitStore = {
  kind: 'RateLimitStore',
  id: resourceId('RateLimitStore', 'store'),
  type: 'Memory',
};

export function redisStore(url: string): RateLimitStore {
  return {
    kind: 'RateLimitStore',
    id: resourceId('RateLimitStore', 'store'),
    type: 'Redis',
    url: new Secret(url),
    ...sharedRedisDefaults,
  };
}

export function fleetOf(replicas: number): Fleet {
  return { kind: 'Fleet', id: resourceId('Fleet', 'fleet'), replicas, ...fleetDefaults };
}

interface Asked {
  readonly address?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A GET of `/` by a client. */
export function exchangeOf({ address = '192.0.2.1', fields = {}, claims }: Asked = {}): Exchange {
  const request = givenRequest({ fields: Object.entries(fields) });
  const exchange = givenExchange(request, { client: { address } });
  if (claims !== undefined) exchange.identity = { ...nobody, method: 'JWT', subject: 'someone', claims };
  return exchange;
}
