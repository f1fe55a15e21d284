/** Where and as whom to connect. */
export interface RedisAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  /** By TLS. */
  readonly secure: boolean;
}

/** What {@link redisAddress} takes, for those who got it wrong. */
export const redisAddressForm = 'redis[s]://[user:password@]host[:port][/database]';

/**
 * What a text of {@link redisAddressForm} says, or null when it is not one. Both planes ask it, so that what one takes
 * the other does too. Parameters behind `?` are not taken: the client library would let them change how it waits.
 */
export function redisAddress(text: string): RedisAddress | null {
  const url = URL.parse(text);
  if (url === null || url.hostname === '' || url.search !== '' || url.hash !== '') return null;
  const database = /^\/?(\d*)$/.exec(url.pathname);
  const secure = url.protocol === 'rediss:';
  if ((!secure && url.protocol !== 'redis:') || database === null) return null;
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (username === null || password === null) return null;
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 6379 : Number(url.port),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    db: Number(database[1] ?? 0),
    secure,
  };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
