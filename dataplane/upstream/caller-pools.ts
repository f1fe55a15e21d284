import { proxyHeader } from './proxy-header.ts';
import type { Caller, ConnectEvents, Connecting, Seeker, Transport } from './transport.ts';
import type { Purpose, UpstreamExchange } from './upstream-exchange.ts';

/** The ways for one client: by connections that begin with this header. */
export type PoolFor = (header: Buffer) => Transport;

/**
 * The ways to an endpoint that is told by connection who the client is (the PROXY protocol): each client has
 * connections of its own, over which nobody else's requests go. Of more than `callersMax` those who came longest ago
 * lose theirs as soon as these are idle.
 */
export class CallerPools implements Transport {
  readonly #version: 'V1' | 'V2';
  readonly #callersMax: number;
  readonly #create: PoolFor;
  /** Who came last stands last. */
  readonly #pools = new Map<string, Transport>();
  #retired = false;

  constructor(version: 'V1' | 'V2', callersMax: number, create: PoolFor) {
    this.#version = version;
    this.#callersMax = callersMax;
    this.#create = create;
  }

  get open(): number {
    let open = 0;
    for (const pool of this.#pools.values()) open += pool.open;
    return open;
  }

  get idle(): number {
    let idle = 0;
    for (const pool of this.#pools.values()) idle += pool.idle;
    return idle;
  }

  take(purpose: Purpose, seeker: Seeker): UpstreamExchange | null {
    return this.#poolOf(seeker.caller).take(purpose, seeker);
  }

  connect(events: ConnectEvents, purpose: Purpose, seeker: Seeker): Connecting {
    return this.#poolOf(seeker.caller).connect(events, purpose, seeker);
  }

  /** How many there are between two sweeps is bounded by the connections that the cluster may have, and be waited for. */
  sweep(): void {
    for (const [key, pool] of this.#pools) {
      pool.sweep();
      const mayGo = pool.open === 0 || (pool.open === pool.idle && this.#pools.size > this.#callersMax);
      if (!mayGo) continue;
      this.#pools.delete(key);
      pool.retire();
    }
  }

  retire(): void {
    this.#retired = true;
    for (const pool of this.#pools.values()) pool.retire();
  }

  #poolOf({ source, destination }: Caller): Transport {
    const key = `${source.address} ${source.port} ${destination.address} ${destination.port}`;
    const known = this.#pools.get(key);
    if (known !== undefined) this.#pools.delete(key);
    const pool = known ?? this.#create(proxyHeader(this.#version, source, destination));
    if (this.#retired) pool.retire();
    this.#pools.set(key, pool);
    return pool;
  }
}
