// The keys of all credential sets of the process, found by their hash.
import { timingSafeEqual } from 'node:crypto';
import { type CredentialTable, digestLength } from './credential-table.ts';
import type { Credentials } from './credentials.ts';

/** A key that was found: in which of the sets that were asked for, and what its line tells behind the hash. */
export interface FoundCredential {
  readonly table: CredentialTable;
  readonly told: string;
}

/**
 * Open addressing over typed arrays: a hundred thousand keys in a Map of strings would take ten times the memory. One
 * index for all sets, for to ask each of them in turn would be as many misses of the processor's cache. It is made anew
 * when a set changes, which takes some milliseconds for a hundred thousand keys.
 *
 * Hot path: one probe, and one comparison where something is found.
 */
export class CredentialIndex {
  readonly #tables: readonly CredentialTable[];
  /** The number of each table's first key. */
  readonly #firsts: readonly number[];
  /** By turns: the number of a key plus one (0: free), and four octets of its hash. */
  readonly #slots: Uint32Array;
  readonly #mask: number;
  /** What is looked for, as octets; its content is nobody's between two look-ups. */
  readonly #wanted = Buffer.alloc(digestLength);

  constructor(tables: readonly CredentialTable[]) {
    this.#tables = tables;
    const firsts: number[] = [];
    let size = 0;
    for (const table of tables) {
      firsts.push(size);
      size += table.size;
    }
    this.#firsts = firsts;
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(4, size * 2)));
    this.#slots = new Uint32Array(capacity * 2);
    this.#mask = capacity - 1;
    for (const [number, { digests, size: count }] of tables.entries()) {
      for (let at = 0; at < count; at += 1) this.#put((firsts[number] ?? 0) + at, digests, at * digestLength);
    }
  }

  /**
   * The key with this SHA-256 (a character an octet, which takes a third of the time that a Buffer does) in `sets`;
   * where it is in several, in the first of them; null: in none.
   */
  find(digest: string, sets: readonly Credentials[]): FoundCredential | null {
    const tag = wordAt(digest, 4);
    let best = sets.length;
    let found: FoundCredential | null = null;
    for (let slot = wordAt(digest, 0) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const taken = this.#slots[slot * 2] ?? 0;
      if (taken === 0) return found;
      // What differs here tells nothing: to find a key for a given hash is as hard as to guess it.
      if (this.#slots[slot * 2 + 1] !== tag) continue;
      const number = this.#tableOf(taken - 1);
      const table = this.#tables[number];
      if (table === undefined) continue;
      const at = taken - 1 - (this.#firsts[number] ?? 0);
      const start = at * digestLength;
      this.#wanted.write(digest, 'latin1');
      if (!timingSafeEqual(table.digests.subarray(start, start + digestLength), this.#wanted)) continue;
      const rank = sets.findIndex((one) => one.table === table);
      if (rank === -1 || rank >= best) continue;
      best = rank;
      found = { table, told: table.toldAt(at) };
    }
  }

  /** The number of the table that has the key of this number. */
  #tableOf(key: number): number {
    let low = 0;
    let high = this.#firsts.length;
    while (low + 1 < high) {
      const middle = (low + high) >>> 1;
      if ((this.#firsts[middle] ?? 0) <= key) low = middle;
      else high = middle;
    }
    return low;
  }

  #put(key: number, digests: Buffer, start: number): void {
    let slot = digests.readUInt32LE(start) & this.#mask;
    while (this.#slots[slot * 2] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot * 2] = key + 1;
    this.#slots[slot * 2 + 1] = digests.readUInt32LE(start + 4);
  }
}

/** Four octets as a number, the first one the lowest. */
function wordAt(octets: string, at: number): number {
  return (
    (octets.charCodeAt(at) |
      (octets.charCodeAt(at + 1) << 8) |
      (octets.charCodeAt(at + 2) << 16) |
      (octets.charCodeAt(at + 3) << 24)) >>>
    0
  );
}
