import { hashLength, type CredentialSet } from '#snapshot/credential-set.ts';

/** Octets of a SHA-256. */
export const digestLength = 32;

/** The keys of one credential set by their numbers: where the line of each begins, and its hash as octets. */
export class CredentialTable {
  readonly namespace: string;
  /** The hashes one after the other. */
  readonly digests: Buffer;
  readonly #lines: string;
  readonly #starts: Uint32Array;

  constructor({ namespace, keys }: CredentialSet) {
    this.namespace = namespace;
    this.#lines = keys.reveal();
    this.#starts = startsOf(this.#lines);
    this.digests = Buffer.alloc(this.size * digestLength);
    for (const [at, start] of this.#starts.entries()) {
      const hash = this.#lines.slice(start, start + hashLength);
      this.digests.write(hash, at * digestLength, 'base64url');
    }
  }

  get size(): number {
    return this.#starts.length;
  }

  /** What is told of a key behind its hash. */
  toldAt(at: number): string {
    const start = (this.#starts[at] ?? 0) + hashLength + 1;
    const end = this.#lines.indexOf('\n', start);
    return this.#lines.slice(start, end === -1 ? undefined : end);
  }
}

function startsOf(lines: string): Uint32Array {
  const starts: number[] = [];
  if (lines !== '') starts.push(0);
  for (let end = lines.indexOf('\n'); end !== -1; end = lines.indexOf('\n', end + 1)) starts.push(end + 1);
  return Uint32Array.from(starts);
}
