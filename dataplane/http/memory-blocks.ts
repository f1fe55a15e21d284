/** What one read takes at most: content of 64 KiB and its head at once. */
export const readBytes = 128 * 1024;
/** Octets of a block: of one read, and a head before it. */
export const blockBytes = readBytes + 8 * 1024;
/** Blocks that wait for the next who needs one. */
const sparesMax = 32;

/**
 * Memory for large reads and their copies, used over and over.
 *
 * Hot path: memory beside V8's heap is dear there in quantities. Each piece counts towards the next full collection,
 * so that 64 KiB taken anew for every read cost more than half of all CPU of an answer of 100 KB.
 */
export class MemoryBlocks {
  readonly #spares: Buffer[] = [];

  /** A block whose content means nothing; the caller's until it is given back, or forgotten. */
  take(): Buffer {
    return this.#spares.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
  }

  /** Nobody refers to the octets of `block` any more. */
  giveBack(block: Buffer): void {
    if (this.#spares.length < sparesMax) this.#spares.push(block);
  }
}
