import { EndpointPool } from './endpoint-pool.ts';
import type { PoolSurroundings } from './endpoint-pool.ts';
import type { Endpoint } from '#snapshot/cluster.ts';

/**
 * A backend to which requests are balanced, round-robin over its ready endpoints. It outlives runtimes: endpoints
 * and connections stay while rules come and go.
 */
export class UpstreamCluster {
  readonly #surroundings: PoolSurroundings;
  #name: string;
  #pools = new Map<string, EndpointPool>();
  #ready: readonly EndpointPool[] = [];
  #terminating: readonly EndpointPool[] = [];
  #next: number;

  /** `random` (0 to 1) chooses where the first round begins, so that many data planes do not march in step. */
  constructor(name: string, surroundings: PoolSurroundings, random: () => number) {
    this.#name = name;
    this.#surroundings = surroundings;
    this.#next = Math.floor(random() * 0x1_0000);
  }

  /** `<namespace>/<service>:<port>`: a label. */
  get name(): string {
    return this.#name;
  }

  /** Pools of the endpoints there are now. */
  get pools(): Iterable<EndpointPool> {
    return this.#pools.values();
  }

  /**
   * The endpoint whose turn it is; terminating ones only while none is ready; null when there is none at all.
   * One that is in doubt is taken when there is no better one, and one of `tried` when there is no other at all.
   */
  pick(tried: readonly EndpointPool[]): EndpointPool | null {
    const pools = this.#ready.length > 0 ? this.#ready : this.#terminating;
    const count = pools.length;
    let doubtful: EndpointPool | null = null;
    for (let turn = 0; turn < count; turn += 1) {
      this.#next = this.#next + 1 >= count ? 0 : this.#next + 1;
      const pool = pools[this.#next] ?? null;
      if (pool === null || tried.includes(pool)) continue;
      if (pool.passedOverUntilMs === 0) return pool;
      doubtful ??= pool;
    }
    return doubtful ?? pools[this.#next] ?? pools[0] ?? null;
  }

  /** Takes the present name and endpoints; an endpoint that stays keeps its connections. */
  update(name: string, endpoints: readonly Endpoint[]): void {
    this.#name = name;
    const before = this.#pools;
    const pools = new Map<string, EndpointPool>();
    const ready: EndpointPool[] = [];
    const terminating: EndpointPool[] = [];
    for (const endpoint of endpoints) {
      const key = `${endpoint.address} ${endpoint.port}`;
      if (pools.has(key)) continue;
      const pool = before.get(key) ?? new EndpointPool(endpoint, this.#surroundings);
      before.delete(key);
      pools.set(key, pool);
      (endpoint.state === 'Ready' ? ready : terminating).push(pool);
    }
    for (const pool of before.values()) pool.retire();
    this.#pools = pools;
    this.#ready = ready;
    this.#terminating = terminating;
  }

  /** Nothing refers to it any more: requests that still hold it are served, and no connection is kept. */
  retire(): void {
    for (const pool of this.#pools.values()) pool.retire();
  }

  sweep(): void {
    for (const pool of this.#pools.values()) pool.sweep();
  }
}
