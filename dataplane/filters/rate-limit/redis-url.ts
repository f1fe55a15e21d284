import { isIP } from 'node:net';

/** Where and as whom to connect. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  readonly tls?: { readonly servername?: string };
}

/**
 * What `redis[s]://[user:password@]host[:port][/database]` says, or null when the text is not that. Parameters
 * behind `?` are not taken: the client library would let them change how it waits.
 */
export function redisAddress(text: string): RedisAddress | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const secure = url.protocol === 'rediss:';
  const database = /^\/?(\d*)$/.exec(url.pathname);
  if ((!secure && url.protocol !== 'redis:') || url.hostname === '' || database === null) return null;
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (username === null || password === null) return null;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: url.port === '' ? 6379 : Number(url.port),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    db: Number(database[1] ?? 0),
    ...(secure ? { tls: isIP(host) === 0 ? { servername: host } : {} } : {}),
  };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
