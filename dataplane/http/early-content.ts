/**
 * Content that is not wanted yet, or may be wanted once more: copied, in order. Small pieces are put together, so that
 * many of them cost no more than their octets.
 */
export class EarlyContent {
  #room: Buffer;
  #size: number;

  /** `first`: what has come already, which is not copied and not overwritten. */
  constructor(first: Buffer = nothing) {
    this.#room = first;
    this.#size = first.length;
  }

  get size(): number {
    return this.#size;
  }

  /** All of it; it stays here, and is not overwritten. */
  get octets(): Buffer {
    return this.#room.subarray(0, this.#size);
  }

  push(data: Buffer): void {
    const size = this.#size + data.length;
    if (size > this.#room.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, this.#room.length * 2));
      this.#room.copy(larger, 0, 0, this.#size);
      this.#room = larger;
    }
    data.copy(this.#room, this.#size);
    this.#size = size;
  }

  /** All of it; nothing is left here. */
  take(): Buffer {
    const taken = this.#room.subarray(0, this.#size);
    this.clear();
    return taken;
  }

  clear(): void {
    this.#room = nothing;
    this.#size = 0;
  }
}

const nothing = Buffer.alloc(0);
