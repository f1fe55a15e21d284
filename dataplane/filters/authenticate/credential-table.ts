import { hashLength, type CredentialSet } from '#snapshot/credential-set.ts';

/** The keys of one credential set by their numbers: where in its text the line of each begins. */
export class CredentialTable {
  readonly namespace: string;
  /** Each line begins with the hash of its key. */
  readonly #lines: string;
  readonly #starts: Uint32Array;

  constructor({ namespace, keys }: CredentialSet) {
    this.namespace = namespace;
    this.#lines = keys.reveal();
    this.#starts = startsOf(this.#lines);
  }

  get size(): number {
    return this.#starts.length;
  }

  /** The hash of a key, base64url. */
  hashAt(at: number): string {
    const start = this.#starts[at] ?? 0;
    return this.#lines.slice(start, start + hashLength);
  }

  /** Whether `digest` is the hash of a key; takes as long wherever they differ. */
  isHashAt(at: number, digest: string): boolean {
    const start = this.#starts[at] ?? 0;
    let difference = digest.length ^ hashLength;
    for (let place = 0; place < hashLength; place += 1) {
      difference |= this.#lines.charCodeAt(start + place) ^ digest.charCodeAt(place);
    }
    return difference === 0;
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
