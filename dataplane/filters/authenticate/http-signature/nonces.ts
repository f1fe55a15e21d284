import { hash } from 'node:crypto';

/** A nonce as a signature tells it. */
export interface UsedNonce {
  /** Of the way in: as long as policy and way have their names. */
  readonly namespace: string;
  readonly way: string;
  /** Whose it is. */
  readonly keyid: string;
  /** No two signatures of a second by one key have the same. */
  readonly nonce: string;
  readonly createdMs: number;
  /** How long signatures count from there on. */
  readonly lastsMs: number;
}

/** Nonces of signatures that were made in the same so many milliseconds are forgotten together. */
const sliceMs = 10_000;

interface Count {
  count: number;
}

interface Way {
  readonly namespace: Count;
  /** With whose they are. */
  readonly slices: Map<number, Map<string, Count>>;
  readonly keys: Map<string, Count>;
  lastsMs: number;
}

/**
 * Nonces that have been used, until their signatures are over. They outlive filters, and none is forgotten before its
 * time. There is always room for others: a key, with all of its namespace, has no more than is free.
 */
export class Nonces {
  readonly #max: number;
  readonly #ways = new Map<string, Way>();
  readonly #namespaces = new Map<string, Count>();
  #count = 0;

  /** `max`: over all ways in, about 100 octets each. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Takes a nonce; 'Full': it could not be remembered, so it must not count. */
  use(used: UsedNonce, nowMs: number): 'New' | 'Used' | 'Full' {
    const way = this.#way(used);
    const number = Math.floor(used.createdMs / sliceMs);
    const known = way.slices.get(number);
    const name = nonceName(used).toString('latin1', 0, 16);
    if (known?.has(name) === true) return 'Used';
    if (known === undefined) this.#forget(way, nowMs);
    const key = way.keys.get(used.keyid) ?? { count: 0 };
    if (!this.#hasRoom(way, key)) this.#forgetAll(nowMs);
    if (!this.#hasRoom(way, key)) return 'Full';
    const slice = known ?? new Map<string, Count>();
    slice.set(name, key);
    way.slices.set(number, slice);
    way.keys.set(used.keyid, key);
    this.#ways.set(used.way, way);
    this.#namespaces.set(used.namespace, way.namespace);
    this.#add(way, key, 1);
    return 'New';
  }

  #way({ namespace, way, lastsMs }: UsedNonce): Way {
    const found = this.#ways.get(way) ?? {
      namespace: this.#namespaces.get(namespace) ?? { count: 0 },
      slices: new Map<number, Map<string, Count>>(),
      keys: new Map<string, Count>(),
      lastsMs,
    };
    found.lastsMs = lastsMs;
    return found;
  }

  #hasRoom({ namespace }: Way, key: Count): boolean {
    return key.count + namespace.count < this.#max - this.#count;
  }

  #add({ namespace }: Way, key: Count, change: 1 | -1): void {
    key.count += change;
    namespace.count += change;
    this.#count += change;
  }

  #forget(way: Way, nowMs: number): void {
    for (const [number, slice] of way.slices) {
      if ((number + 1) * sliceMs + way.lastsMs > nowMs) continue;
      way.slices.delete(number);
      for (const key of slice.values()) this.#add(way, key, -1);
    }
    for (const [keyid, { count }] of way.keys) if (count === 0) way.keys.delete(keyid);
  }

  #forgetAll(nowMs: number): void {
    for (const [name, way] of this.#ways) {
      this.#forget(way, nowMs);
      if (way.slices.size === 0) this.#ways.delete(name);
    }
    for (const [name, { count }] of this.#namespaces) if (count === 0) this.#namespaces.delete(name);
  }
}

/** What tells a nonce from all others, of one length. */
export function nonceName({ way, keyid, nonce, createdMs }: UsedNonce): Buffer {
  return hash('sha256', JSON.stringify([way, keyid, nonce, createdMs]), 'buffer');
}
