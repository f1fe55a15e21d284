/** Small pieces are put together in blocks of so much at most. */
const blockBytesMax = 16 * 1024;

/**
 * Content that is not wanted yet, or may be wanted once more: copied, in order, and held once. Small pieces are put
 * together, so that many of them cost no more than their octets.
 */
export class EarlyContent {
  /** Full blocks before the last one. */
  #blocks: Buffer[] = [];
  #last: Buffer;
  /** Of the last block. */
  #used: number;
  #size: number;
  #held: number;

  /** `first`: what has come already, which is not copied and not overwritten. */
  constructor(first: Buffer = nothing) {
    this.#last = first;
    this.#used = first.length;
    this.#size = first.length;
    this.#held = first.length;
  }

  get size(): number {
    return this.#size;
  }

  /** Octets of memory that it takes. */
  get held(): number {
    return this.#held;
  }

  /** All of it; it stays here, and is not overwritten. */
  get octets(): Buffer {
    if (this.#blocks.length > 0) {
      const all = [...this.#blocks, this.#last.subarray(0, this.#used)];
      this.#become(Buffer.concat(all, this.#size));
    }
    return this.#last.subarray(0, this.#used);
  }

  push(data: Buffer): void {
    const fitting = data.copy(this.#last, this.#used);
    this.#used += fitting;
    this.#size += data.length;
    if (fitting < data.length) this.#add(data.subarray(fitting));
  }

  /** All of it; nothing is left here. */
  take(): Buffer {
    const taken = this.octets;
    this.clear();
    return taken;
  }

  clear(): void {
    this.#become(nothing);
  }

  /** The last block is full. */
  #add(rest: Buffer): void {
    if (this.#used > 0) this.#blocks.push(this.#last);
    const room = Math.max(rest.length, Math.min(this.#size, blockBytesMax));
    this.#last = Buffer.allocUnsafe(room);
    this.#used = rest.copy(this.#last);
    this.#held += room;
  }

  #become(whole: Buffer): void {
    this.#blocks = [];
    this.#last = whole;
    this.#used = whole.length;
    this.#size = whole.length;
    this.#held = whole.length;
  }
}

const nothing = Buffer.alloc(0);
