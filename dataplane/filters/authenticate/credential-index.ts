// The keys of all credential sets of the process, found by their hash.
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import type { CredentialTable } from './credential-table.ts';
import type { Credentials } from './credentials.ts';

/** A key that was found: in which of the sets that were asked for, what its line tells behind the hash, and what its plan lets do. */
export interface FoundCredential {
  readonly table: CredentialTable;
  readonly told: string;
  readonly limits: RequestFilter | null;
}

/**
 * Open addressing over typed arrays: a hundred thousand keys in a Map of strings would take ten times the memory. One
 * index for all sets, for to ask each of them in turn would be as many misses of the processor's cache. It is made anew
 * when a set changes, which takes some milliseconds for a hundred thousand keys.
 *
 * Hot path: one probe, and one comparison where something is found, with the hash that stands before what is told of the
 * key anyway: each other place in memory would be one more miss.
 */
export class CredentialIndex {
  readonly #tables: readonly CredentialTable[];
  /** The number of each table's first key. */
  readonly #firsts: readonly number[];
  /** By turns: the number of a key plus one (0: free), and a word of its hash. */
  readonly #slots: Uint32Array;
  readonly #mask: number;

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
    for (const [number, table] of tables.entries()) {
      for (let at = 0; at < table.size; at += 1) this.#put((firsts[number] ?? 0) + at, table.hashAt(at));
    }
  }

  /**
   * The key with this SHA-256 (base64url) in `sets`; where it is in several, in the first of them; null: in none.
   */
  find(digest: string, sets: readonly Credentials[]): FoundCredential | null {
    const tag = wordAt(digest, wordLength);
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
      if (!table.isHashAt(at, digest)) continue;
      const rank = rankOf(table, sets, best);
      if (rank === best) continue;
      best = rank;
      found = { table, told: table.toldAt(at), limits: table.limitsAt(at) };
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

  #put(key: number, hash: string): void {
    let slot = wordAt(hash, 0) & this.#mask;
    while (this.#slots[slot * 2] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot * 2] = key + 1;
    this.#slots[slot * 2 + 1] = wordAt(hash, wordLength);
  }
}

/** The place of `table` in `sets` where that is before `end`, or else `end`. */
function rankOf(table: CredentialTable, sets: readonly Credentials[], end: number): number {
  let rank = 0;
  while (rank < end && sets[rank]?.table !== table) rank += 1;
  return rank;
}

/** Characters of base64url that make four octets, and more. */
const wordLength = 6;

/** A number of 32 bits from some characters of a hash (FNV-1a). */
function wordAt(text: string, from: number): number {
  let word = 0x811c9dc5;
  for (let at = from; at < from + wordLength; at += 1) {
    word = Math.imul(word ^ text.charCodeAt(at), 0x01000193);
  }
  return word >>> 0;
}
