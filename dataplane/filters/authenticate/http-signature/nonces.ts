import { hash } from 'node:crypto';

/** Nonces that are remembered: over all ways in, and of one of them. About 100 octets each. */
export interface NonceLimits {
  readonly noncesMax: number;
  readonly noncesPerWayMax: number;
}

/** A nonce as a signature tells it. */
export interface UsedNonce {
  /** Whose it is, and what it is: no two signatures of a second have the same. */
  readonly text: string;
  readonly createdMs: number;
  /** How long signatures count from there on. */
  readonly lastsMs: number;
}

/** Nonces of signatures that were made in the same so many milliseconds are forgotten together. */
const sliceMs = 10_000;

interface Way {
  readonly slices: Map<number, Set<string>>;
  count: number;
  lastsMs: number;
}

/**
 * Nonces that have been used, until their signatures are over. They outlive filters; those of a way in do not push out
 * those of others, and none is forgotten before its time.
 */
export class Nonces {
  readonly #limits: NonceLimits;
  readonly #ways = new Map<string, Way>();
  #count = 0;

  constructor(limits: NonceLimits) {
    this.#limits = limits;
  }

  /** Takes a nonce of the way in of this name; 'Full': it could not be remembered, so it must not count. */
  use(name: string, { text, createdMs, lastsMs }: UsedNonce, nowMs: number): 'New' | 'Used' | 'Full' {
    const way = this.#ways.get(name) ?? { slices: new Map<number, Set<string>>(), count: 0, lastsMs };
    way.lastsMs = lastsMs;
    const number = Math.floor(createdMs / sliceMs);
    const slice = way.slices.get(number);
    const key = hash('sha256', `${createdMs} ${text}`, 'buffer').toString('latin1', 0, 16);
    if (slice?.has(key) === true) return 'Used';
    if (slice === undefined || way.count >= this.#limits.noncesPerWayMax) this.#forget(way, nowMs);
    if (this.#count >= this.#limits.noncesMax) this.#forgetAll(nowMs);
    if (way.count >= this.#limits.noncesPerWayMax || this.#count >= this.#limits.noncesMax) return 'Full';
    if (slice === undefined) way.slices.set(number, new Set([key]));
    else slice.add(key);
    way.count += 1;
    this.#count += 1;
    this.#ways.set(name, way);
    return 'New';
  }

  #forget(way: Way, nowMs: number): void {
    for (const [number, slice] of way.slices) {
      if ((number + 1) * sliceMs + way.lastsMs > nowMs) continue;
      way.slices.delete(number);
      way.count -= slice.size;
      this.#count -= slice.size;
    }
  }

  #forgetAll(nowMs: number): void {
    for (const [name, way] of this.#ways) {
      this.#forget(way, nowMs);
      if (way.count === 0) this.#ways.delete(name);
    }
  }
}
