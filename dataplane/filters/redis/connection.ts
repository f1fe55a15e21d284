// Connections to Redis: how all of them behave. Knows nothing of what is asked there.
import { isIP } from 'node:net';
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { RedisAddress } from '#snapshot/redis-address.ts';

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

/** What differs among connections, as ioredis has it. */
export interface RedisTerms {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: { readonly servername?: string; readonly ca?: string };
  readonly retryStrategy: (times: number) => number | null;
  readonly reconnectOnError?: (error: Error) => boolean;
  readonly commandTimeout?: number;
  readonly enableReadyCheck?: boolean;
}

/** A client that connects at once. */
export function redisClient(terms: RedisTerms): Redis {
  return new Redis({ ...usual, ...terms });
}

/** A client that connects at once, and for ever again. Its owner sees whether Redis answers, and has a deadline for it. */
export function lastingClient({ secure, ...address }: RedisAddress): Redis {
  return redisClient({
    ...address,
    ...(secure ? { tls: serverNameOf(address.host) } : {}),
    enableReadyCheck: false,
    retryStrategy: (times) => Math.min(50 * times, 500),
    // A primary that became a replica: the name leads to the new primary.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  });
}

/** The server name for `host`; an address has none to ask for (RFC 6066 section 3). */
export function serverNameOf(host: string): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}
