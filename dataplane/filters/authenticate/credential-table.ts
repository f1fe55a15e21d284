// The keys of one credential set, found by their hash.
import { timingSafeEqual } from 'node:crypto';
import { hashLength, type CredentialSet } from '#snapshot/credential-set.ts';

const digestBytes = 32;

/**
 * The lines of a credential set by the hashes of their keys. Open addressing over typed arrays: a hundred thousand keys
 * in a Map of strings would take ten times the memory.
 *
 * Hot path: one look-up, and one comparison where something is found.
 */
export class CredentialTable {
  readonly namespace: string;
  readonly #lines: string;
  /** Where the line of each key begins. */
  readonly #starts: Uint32Array;
  readonly #digests: Buffer;
  /** Numbers of keys plus one; 0: free. */
  readonly #slots: Uint32Array;
  readonly #mask: number;

  constructor({ namespace, keys }: CredentialSet) {
    this.namespace = namespace;
    this.#lines = keys.reveal();
    const starts = startsOf(this.#lines);
    this.#starts = starts;
    this.#digests = Buffer.alloc(starts.length * digestBytes);
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(4, starts.length * 2)));
    this.#slots = new Uint32Array(capacity);
    this.#mask = capacity - 1;
    for (const [at, start] of starts.entries()) {
      const hash = this.#lines.slice(start, start + hashLength);
      this.#digests.write(hash, at * digestBytes, 'base64url');
      this.#take(at);
    }
  }

  /** The line of the key whose SHA-256 is `digest`, or null. */
  find(digest: Buffer): string | null {
    for (let slot = digest.readUInt32LE() & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const taken = this.#slots[slot] ?? 0;
      if (taken === 0) return null;
      if (this.#isAt(taken - 1, digest)) return this.#lineAt(taken - 1);
    }
  }

  #isAt(at: number, digest: Buffer): boolean {
    const start = at * digestBytes;
    // What differs here tells nothing: to find a key for a given hash is as hard as to guess it.
    if (this.#digests.readUInt32LE(start + 4) !== digest.readUInt32LE(4)) return false;
    return timingSafeEqual(this.#digests.subarray(start, start + digestBytes), digest);
  }

  #lineAt(at: number): string {
    const end = this.#lines.indexOf('\n', this.#starts[at]);
    return this.#lines.slice(this.#starts[at], end === -1 ? undefined : end);
  }

  /** A key that is there twice is the first one's. */
  #take(at: number): void {
    let slot = this.#digests.readUInt32LE(at * digestBytes) & this.#mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = at + 1;
  }
}

function startsOf(lines: string): Uint32Array {
  const starts: number[] = [];
  if (lines !== '') starts.push(0);
  for (let end = lines.indexOf('\n'); end !== -1; end = lines.indexOf('\n', end + 1)) starts.push(end + 1);
  return Uint32Array.from(starts);
}
