/** 64 bits, in two halves without sign. */
export interface Digest {
  readonly hi: number;
  readonly lo: number;
}

/** Digests remembered; then all are forgotten, which costs less than to know which was used last. */
const rememberedMax = 4096;
/** Longer texts are not remembered: they are rare, and would hold memory. */
const rememberedLengthMax = 64;

/**
 * HalfSipHash-1-3 with 64 bits of output over the UTF-16 units of a text, under a key of this process.
 *
 * Hot path: clients choose the texts, so the hash is keyed; one loop holds the only copy of the round so that
 * the engine inlines it, and the result stands in two fields so that nothing is allocated. A client that comes for the
 * third time costs a look into a map by a string whose own hash the engine keeps: a tenth of the digest. Most of a crowd
 * come once, and a copy of each would cost several digests.
 */
export class KeyedHash {
  readonly #k0: number;
  readonly #k1: number;
  readonly #remembered = new Map<string, Digest>();
  /** Upper bits of digests by some of the lower: of texts that came once, mostly. */
  readonly #seen = new Uint32Array(rememberedMax);
  /** The upper 32 bits of the last digest, unsigned. */
  hi = 0;
  /** The lower 32 bits of the last digest, unsigned. */
  lo = 0;

  constructor(k0: number, k1: number) {
    this.#k0 = k0 | 0;
    this.#k1 = k1 | 0;
  }

  /** Sets `hi` and `lo` to the digest of `text`. */
  digest(text: string): void {
    const known = this.#remembered.get(text);
    if (known !== undefined) {
      this.hi = known.hi;
      this.lo = known.lo;
      return;
    }
    this.#compute(text);
    const place = this.lo % rememberedMax;
    if (this.#seen[place] !== this.hi) {
      this.#seen[place] = this.hi;
      return;
    }
    if (text.length > rememberedLengthMax) return;
    if (this.#remembered.size >= rememberedMax) this.#remembered.clear();
    // A copy: the text may be a slice that keeps the whole head of its request in memory.
    this.#remembered.set(Buffer.from(text).toString(), { hi: this.hi, lo: this.lo });
  }

  /** The digest of `text`, to be kept: it costs an object. */
  digestOf(text: string): Digest {
    this.digest(text);
    return { hi: this.hi, lo: this.lo };
  }

  /** The number below 256 by which entries of a namespace are told apart in tables; another has the same one in 256. */
  ownerOf(namespace: string): number {
    this.digest(`namespace ${namespace}`);
    return this.lo & 255;
  }

  #compute(text: string): void {
    let v0 = this.#k0;
    let v1 = this.#k1 ^ 0xee;
    let v2 = this.#k0 ^ 0x6c796765;
    let v3 = this.#k1 ^ 0x74656462;
    const { length } = text;
    const words = (length + 1) >> 1;
    // One round a word, one for the length, three to finish each half.
    const half = words + 4;
    const end = words + 7;
    let hi = 0;
    for (let step = 0; step < end; step += 1) {
      let word = 0;
      if (step < words) {
        const at = step << 1;
        word = text.charCodeAt(at) | ((at + 1 < length ? text.charCodeAt(at + 1) : 0) << 16);
      } else if (step === words) {
        word = length;
      } else if (step === words + 1) {
        v2 ^= 0xee;
      } else if (step === half) {
        hi = v1 ^ v3;
        v1 ^= 0xdd;
      }
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    this.hi = hi >>> 0;
    this.lo = (v1 ^ v3) >>> 0;
  }
}
