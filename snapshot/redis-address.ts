import type { Secret } from './secret.ts';

/** A Redis that data planes share, and how it is reached. */
export interface SharedRedis {
  /** In one of {@link redisAddressForms}. */
  readonly url: Secret<string>;
  readonly topology: RedisTopology;
  /** Null: as the URL says, by the authorities of the system. */
  readonly tls: RedisTls | null;
}

/** What the nodes of the URL are: the one server, Sentinels that know which server is the master, or some nodes of a Cluster. */
export type RedisTopology =
  | { readonly kind: 'Standalone' }
  | { readonly kind: 'Cluster' }
  | {
      readonly kind: 'Sentinel';
      readonly masterName: string;
      /** As whom Sentinels are asked; `''`: as the default user. */
      readonly username: string;
      /** Null: they ask for none. */
      readonly password: Secret<string> | null;
    };

/** How all nodes are spoken to by TLS. */
export interface RedisTls {
  /** The name that every certificate must have; null: that of its node. */
  readonly hostname: string | null;
  /** PEM; null for those of the system. */
  readonly authorities: string | null;
  /** What nodes are shown; PEM. */
  readonly clientCertificate: { readonly chain: string; readonly key: Secret<string> } | null;
}

/** How a Redis is reached that its encoded form tells nothing of but the URL. */
export const sharedRedisDefaults: Pick<SharedRedis, 'topology' | 'tls'> = Object.freeze({
  topology: Object.freeze({ kind: 'Standalone' }),
  tls: null,
});

/** Where and as whom to connect. */
export interface RedisAddress {
  /** At least one; of `Standalone` that one. */
  readonly nodes: readonly RedisNode[];
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  /** By TLS. */
  readonly secure: boolean;
}

export interface RedisNode {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What {@link redisAddress} takes, for those who got it wrong. */
export const redisAddressForms: Readonly<Record<RedisTopology['kind'], string>> = Object.freeze({
  Standalone: 'redis[s]://[user:password@]host[:port][/database]',
  Sentinel: 'redis[s]://[user:password@]host[:port][,host[:port]...][/database]',
  Cluster: 'redis[s]://[user:password@]host[:port][,host[:port]...]',
});

const portsUnlessTold = { Standalone: 6379, Sentinel: 26_379, Cluster: 6379 };

/**
 * What a text of one of {@link redisAddressForms} says, or null when it is not one. Both planes ask it, so that what one
 * takes the other does too. Parameters behind `?` are not taken: the client library would let them change how it waits.
 */
export function redisAddress(text: string, kind: RedisTopology['kind'] = 'Standalone'): RedisAddress | null {
  const [, start = '', hosts = '', end = ''] = /^([^/]*:\/\/(?:[^/?#]*@)?)([^/?#@]*)(.*)$/.exec(text) ?? [];
  const urls = hosts.split(',').map((host) => URL.parse(`${start}${host}${end}`));
  const nodes = urls.map((url) => (url === null ? null : nodeOf(url, portsUnlessTold[kind])));
  const [url] = urls;
  if (url === undefined || url === null || !nodes.every((node) => node !== null)) return null;
  const database = /^\/?(\d*)$/.exec(url.pathname);
  const secure = url.protocol === 'rediss:';
  if ((!secure && url.protocol !== 'redis:') || database === null) return null;
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (username === null || password === null) return null;
  const db = Number(database[1] ?? 0);
  if (kind === 'Standalone' ? nodes.length > 1 : kind === 'Cluster' && db > 0) return null;
  return {
    nodes,
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    db,
    secure,
  };
}

function nodeOf(url: URL, portUnlessTold: number): RedisNode | null {
  if (url.hostname === '' || url.search !== '' || url.hash !== '') return null;
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? portUnlessTold : Number(url.port),
  };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
