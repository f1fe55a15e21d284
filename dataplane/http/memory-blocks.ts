/** Octets of a block: what one read takes at most, and a head before it. */
export const blockBytes = 72 * 1024;
/** Blocks that wait for the next who needs one. */
const sparesMax = 64;

/**
 * Memory for large reads and their copies, used over and over.
 *
 * Hot path: memory beside V8's heap is dear there in quantities. Each 64 KiB count towards the next full collection,
 * so that taken anew for every read they cost more than half of all CPU of an answer of 100 KB.
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
