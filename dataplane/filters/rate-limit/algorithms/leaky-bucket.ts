// A queue from which one request goes on at a time, evenly: GCRA whose requests wait until the time it has for them.
import type { LeakyBucketLimit } from '#snapshot/limit.ts';
import type { Salt } from './counters.ts';
import type { Meter } from './meter.ts';
import { TokenBucket } from './token-bucket.ts';

/**
 * Requests of one key go on at least `window / requests` apart, in the order in which they came. Those for which there is
 * no room in the queue are refused. One of several units waits for its first, and keeps later ones waiting for all of them. Who leaves while it waits keeps its time.
 */
export class LeakyBucket extends TokenBucket implements Meter {
  override readonly place: string;
  readonly #intervalMs: number;

  constructor(limit: LeakyBucketLimit, salt: Salt) {
    const { name, requests, windowMs, queue } = limit;
    super({ name, algorithm: 'TokenBucket', requests, windowMs, burst: queue + 1 }, salt, 0);
    this.place = `${name}:leaky`;
    this.#intervalMs = windowMs / requests;
  }

  override delayMs(level: number, units: number, share: number): number {
    return Math.max(0, level - units * this.#intervalMs * share);
  }

  override leaseMax(): number {
    return 0;
  }
}
