import type { LentMemory } from '#dataplane/http/lent-memory.ts';
import type { MemoryBlocks } from '#dataplane/http/memory-blocks.ts';
import type { OnReadOpts } from 'node:net';

/** Memory that connections have while they need it. */
type Memory = Pick<LentMemory, 'blocks' | 'pieces'>;

/** How things stand after a read. */
export interface ReadState {
  /** Someone still refers to the octets. */
  readonly kept: boolean;
  /** No answer is under way. */
  readonly idle: boolean;
  /** Nothing is read for a while: whoever takes the answer is slow. */
  readonly rests: boolean;
}

/**
 * The memory one connection is read into: a piece of its own, and a block in place of it while a large answer comes
 * and is taken. The same octets are overwritten by the next read unless they are still needed. No two connections
 * share a piece at a time: one that is idle is read into what is its own.
 *
 * Hot path: reading into our own memory spares Node an allocation of 64 KiB and its stream machinery each read.
 */
export class ReadBuffer {
  /** Is told of each read how many octets it has put in {@link bytes}. */
  reader: (count: number) => void = ignore;
  /** For a socket that connects. */
  readonly options: OnReadOpts = {
    buffer: () => this.bytes,
    callback: (count) => {
      this.reader(count);
      return true;
    },
  };

  readonly #blocks: MemoryBlocks;
  readonly #pieces: MemoryBlocks;
  #own: Buffer;
  #block: Buffer | null = null;
  /** What was read last before reading came to rest, and is still referred to. */
  #held: Buffer | null = null;

  constructor({ blocks, pieces }: Memory) {
    this.#blocks = blocks;
    this.#pieces = pieces;
    this.#own = pieces.take();
  }

  /** What the next read fills. */
  get bytes(): Buffer {
    return this.#block ?? this.#own;
  }

  /** After a read of `count`. */
  next(count: number, { kept, idle, rests }: ReadState): void {
    const block = this.#block;
    this.#held = null;
    if (block === null) {
      const isFull = count === this.#own.length;
      if (kept) this.#own = this.#pieces.take();
      if (!idle && !rests && isFull) this.#block = this.#blocks.take();
      return;
    }
    if (idle || rests) {
      this.#block = null;
      if (!kept) this.#blocks.giveBack(block);
      else if (rests) this.#held = block;
    } else if (kept) {
      this.#block = this.#blocks.take();
    }
  }

  /** Nobody refers any more to what was read before reading came to rest. */
  release(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    this.#blocks.giveBack(held);
  }

  /** The connection is gone: nothing is read into this any more. To be called once. */
  end(): void {
    if (this.#block !== null) this.#blocks.giveBack(this.#block);
    this.#pieces.giveBack(this.#own);
  }
}

/** Nothing comes before anybody reads. */
function ignore(): void {}
