// Connections to Redis: how all of them behave, whichever way it is made up. Knows nothing of what is asked there.
import { isIP } from 'node:net';
import { Cluster, Redis } from 'ioredis';
import type { ClusterOptions, RedisOptions } from 'ioredis';
import { redisAddress, type RedisAddress, type SharedRedis } from '#snapshot/redis-address.ts';

/** Of every connection. */
const usual = {
  // Nothing may wait for a connection: what cannot be asked now is dealt with by who asks.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: false,
  connectTimeout: 2000,
  noDelay: true,
  connectionName: 'turnpike',
} satisfies RedisOptions;

/** Of those that are there for ever again. */
const lasting = {
  enableReadyCheck: false,
  retryStrategy: (times: number) => Math.min(50 * times, 500),
  // A primary that became a replica: the name leads to the new primary.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} satisfies RedisOptions;

/** What differs among connections, as ioredis has it. */
export interface RedisTerms {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: { readonly servername?: string; readonly ca?: string };
  readonly retryStrategy: (times: number) => number | null;
  readonly commandTimeout?: number;
  readonly enableReadyCheck?: boolean;
}

/** A client that connects at once. */
export function redisClient(terms: RedisTerms): Redis {
  return new Redis({ ...usual, ...terms });
}

/** One connection, or one to each node of a Cluster. */
export type RedisClient = Redis | Cluster;

/**
 * A client that connects at once, and for ever again; null when the URL is none. Its owner sees whether Redis answers, and
 * has a deadline for it.
 */
export function lastingClient(redis: SharedRedis): RedisClient | null {
  const { topology } = redis;
  const address = redisAddress(redis.url.reveal(), topology.kind);
  if (address === null) return null;
  const { username, password, db, nodes } = address;
  const [node = { host: '', port: 0 }] = nodes;
  const tls = tlsOf(redis, address);
  const terms = {
    ...usual,
    ...lasting,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === null ? {} : { tls }),
  };
  switch (topology.kind) {
    case 'Standalone':
      return new Redis({ ...terms, ...node, db });
    case 'Sentinel':
      return new Redis({
        ...terms,
        db,
        sentinels: [...nodes],
        name: topology.masterName,
        ...(topology.username === '' ? {} : { sentinelUsername: topology.username }),
        ...(topology.password === null ? {} : { sentinelPassword: topology.password.reveal() }),
        ...(tls === null ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
        sentinelCommandTimeout: 1000,
        sentinelRetryStrategy: lasting.retryStrategy,
      });
    case 'Cluster':
      return new Cluster([...nodes], clusterOptions(terms));
    default:
      return topology satisfies never;
  }
}

function clusterOptions(redisOptions: Omit<RedisOptions, 'replyMapping'>) {
  return {
    redisOptions,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    clusterRetryStrategy: lasting.retryStrategy,
    // Nothing is tried again but what has moved: whoever asks has decided by then.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    maxRedirections: 3,
    slotsRefreshTimeout: 1000,
    // Certificates are for names.
    ...(redisOptions.tls === undefined ? {} : { dnsLookup: unresolved }),
  } satisfies ClusterOptions;
}

const unresolved: NonNullable<ClusterOptions['dnsLookup']> = (host, found) => found(null, host);

/** The nodes that must answer so that everything can be asked: of a Cluster every master. Null while one is not known. */
export function mastersOf(client: RedisClient): readonly Redis[] | null {
  if (!(client instanceof Cluster)) return [client];
  const wanted = new Set(Array.from(client.slots, (nodes) => nodes?.[0]));
  const found = new Map(
    client.nodes('master').map((node) => [`${node.options.host}:${node.options.port}`, node]),
  );
  const masters = [...wanted].map((name) => (name === undefined ? undefined : found.get(name)));
  const isWhole = wanted.size > 0 && masters.every((master) => master !== undefined);
  return isWhole ? masters : null;
}

function tlsOf({ tls, topology }: SharedRedis, { secure, nodes }: RedisAddress): RedisOptions['tls'] | null {
  if (!secure && tls === null) return null;
  const { authorities = null, clientCertificate = null } = tls ?? {};
  // Others than the nodes of the URL are met too: of those the client library checks the name by itself.
  const hostname = tls?.hostname ?? (topology.kind === 'Standalone' ? nodes[0]?.host : null) ?? null;
  return {
    // An address is no server name (RFC 6066 section 3).
    ...(hostname === null || isIP(hostname) !== 0 ? {} : { servername: hostname }),
    ...(authorities === null ? {} : { ca: authorities }),
    ...(clientCertificate === null
      ? {}
      : { cert: clientCertificate.chain, key: clientCertificate.key.reveal() }),
  };
}
