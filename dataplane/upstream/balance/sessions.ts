import { createHmac } from 'node:crypto';
import { cookieIn } from './cookies.ts';
import type { Fields } from '#dataplane/http/fields.ts';
import type { Persistence } from '#snapshot/cluster.ts';
import type { Secret } from '#snapshot/secret.ts';

/** Octets of a token: enough that no two endpoints of a cluster share one. */
const tokenBytes = 8;

/** What sessions are made of. */
export interface SessionTerms<E> {
  readonly persistence: Persistence;
  /** The same in all data planes of a Gateway, else a client would lose its endpoint from one to the other. */
  readonly secret: Secret<string>;
  /** What tells an endpoint from all others of its cluster, in every data plane. */
  readonly identity: (endpoint: E) => string;
}

/**
 * Which endpoint a client's earlier requests went to, told by a cookie. Its value is a keyed hash: it names an
 * endpoint to whoever has the key, and tells others nothing of addresses.
 */
export class Sessions<E> {
  readonly #terms: SessionTerms<E>;
  #endpoints: readonly E[] = [];
  /** Made when a cookie first asks for it. */
  #byToken: Map<string, E> | null = null;
  readonly #tokens = new Map<E, string>();

  constructor(terms: SessionTerms<E>) {
    this.#terms = terms;
  }

  /** Takes the endpoints there are now. */
  update(endpoints: readonly E[]): void {
    const present = new Set(endpoints);
    for (const endpoint of this.#tokens.keys()) if (!present.has(endpoint)) this.#tokens.delete(endpoint);
    this.#endpoints = endpoints;
    this.#byToken = null;
  }

  /** The endpoint that a request's cookie names; null without one, or when that endpoint has left. */
  endpointOf(fields: Fields): E | null {
    const token = cookieIn(fields, this.#terms.persistence.cookie);
    if (token === undefined) return null;
    this.#byToken ??= new Map(this.#endpoints.map((endpoint) => [this.#tokenOf(endpoint), endpoint]));
    return this.#byToken.get(token) ?? null;
  }

  /** The value of Set-Cookie that leads the client back to `endpoint`; `over`: what its connection is. */
  cookieFor(endpoint: E, over: 'TLS' | 'Clear'): string {
    const { cookie, path, ttlMs } = this.#terms.persistence;
    const age = ttlMs === null ? '' : `; Max-Age=${Math.ceil(ttlMs / 1_000)}`;
    const secure = over === 'TLS' ? '; Secure' : '';
    return `${cookie}=${this.#tokenOf(endpoint)}; Path=${path}${age}; HttpOnly; SameSite=Lax${secure}`;
  }

  #tokenOf(endpoint: E): string {
    const known = this.#tokens.get(endpoint);
    if (known !== undefined) return known;
    const { secret, identity } = this.#terms;
    const mac = createHmac('sha256', secret.reveal())
      .update(`session\0${identity(endpoint)}`)
      .digest();
    const token = mac.subarray(0, tokenBytes).toString('base64url');
    this.#tokens.set(endpoint, token);
    return token;
  }
}
