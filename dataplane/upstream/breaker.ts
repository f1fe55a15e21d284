import assert from 'node:assert';
import type { Breaker as BreakerLimits } from '#snapshot/cluster.ts';

/** What a cluster can have too much of. `Pending`: a request that waits for a connection. */
export type Held = 'Connection' | 'Pending' | 'Request' | 'Retry';

/** What one cluster has under way in this data plane, and whether one more is let in (a circuit breaker). */
export class Breaker {
  #limits: BreakerLimits;
  #connections = 0;
  #pending = 0;
  #requests = 0;
  #retries = 0;
  readonly #refused: Record<Held, number> = { Connection: 0, Pending: 0, Request: 0, Retry: 0 };

  constructor(limits: BreakerLimits) {
    this.#limits = limits;
  }

  /** Other limits from now on; what is under way counts on. */
  update(limits: BreakerLimits): void {
    this.#limits = limits;
  }

  /** Lets one in and counts it until {@link leave}; false when there are as many as may be. */
  enter(what: Held): boolean {
    const isIn = this.#enter(what);
    if (!isIn) this.#refused[what] += 1;
    return isIn;
  }

  /** How often one was not let in so far. */
  refused(what: Held): number {
    return this.#refused[what];
  }

  #enter(what: Held): boolean {
    const limits = this.#limits;
    switch (what) {
      case 'Request':
        if (limits.requestsMax !== 0 && this.#requests >= limits.requestsMax) return false;
        this.#requests += 1;
        return true;
      case 'Connection':
        if (limits.connectionsMax !== 0 && this.#connections >= limits.connectionsMax) return false;
        this.#connections += 1;
        return true;
      case 'Pending':
        if (limits.pendingMax !== 0 && this.#pending >= limits.pendingMax) return false;
        this.#pending += 1;
        return true;
      case 'Retry':
        if (limits.retriesMax !== 0 && this.#retries >= limits.retriesMax) return false;
        this.#retries += 1;
        return true;
    }
  }

  /** One that was let in is over. */
  leave(what: Held): void {
    if (this.held(what) === 0) assert.fail(`nothing held: ${what}`);
    switch (what) {
      case 'Request':
        this.#requests -= 1;
        break;
      case 'Connection':
        this.#connections -= 1;
        break;
      case 'Pending':
        this.#pending -= 1;
        break;
      case 'Retry':
        this.#retries -= 1;
        break;
    }
  }

  /** How many there are now. */
  held(what: Held): number {
    switch (what) {
      case 'Request':
        return this.#requests;
      case 'Connection':
        return this.#connections;
      case 'Pending':
        return this.#pending;
      case 'Retry':
        return this.#retries;
    }
  }
}
