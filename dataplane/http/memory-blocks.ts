/** What one read takes at most: content of 64 KiB and its head at once. */
export const readBytes = 128 * 1024;
/** Octets of the piece that a connection to a backend has of its own. */
export const pieceBytes = 16 * 1024;
/** Octets of a block: of one read, and a head before it. */
export const blockBytes = readBytes + 8 * 1024;
/** Octets that wait, at most, for the next who needs a block. */
const spareBytesMax = 16 * 1024 * 1024;

/**
 * Memory for large reads and their copies, used over and over.
 *
 * Hot path: memory beside V8's heap is dear there in quantities. Each piece counts towards the next full collection,
 * so that 64 KiB taken anew for every read cost more than half of all CPU of an answer of 100 KB, and thousands of
 * clients who read nothing caused two or three collections a second.
 */
export class MemoryBlocks {
  readonly #bytes: number;
  readonly #spares: Buffer[] = [];

  /** Blocks of so many octets each. */
  constructor(bytes: number = blockBytes) {
    this.#bytes = bytes;
  }

  /** A block whose content means nothing; the caller's until it is given back, or forgotten. */
  take(): Buffer {
    return this.#spares.pop() ?? Buffer.allocUnsafeSlow(this.#bytes);
  }

  /** Nobody refers to the octets of `block` any more. */
  giveBack(block: Buffer): void {
    if ((this.#spares.length + 1) * this.#bytes <= spareBytesMax) this.#spares.push(block);
  }
}
