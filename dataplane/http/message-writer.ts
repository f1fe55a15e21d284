import { chunkedLength } from './framing.ts';
import { blockBytes } from './memory-blocks.ts';
import type { ContentLength } from './framing.ts';
import type { MemoryBlocks } from './memory-blocks.ts';
import type { Socket } from 'node:net';

/** Content up to this joins the head, or the content before it, in one write, and is copied by that. */
export const joinedBytesMax = 8 * 1024;

/** Whether octets wait for the peer, so that more should wait for `drain`: Node calls what went at once waiting too. */
export function isFull(socket: Socket): boolean {
  return socket.writableLength > 0 && socket.writableNeedDrain;
}

/**
 * Writes messages to a socket, one after the other, and frames their content as announced. Nothing goes out before
 * {@link flush} or a large piece of content, so that a head and a small content are one write.
 *
 * Hot path: small content becomes latin1 text, since one write of one string is the cheapest call Node has.
 */
export class MessageWriter {
  readonly #socket: Socket;
  readonly #blocks: MemoryBlocks | null;
  /** Framed and ready, as latin1. */
  #text = '';
  /** Content that is to become one chunk, as latin1; used for chunked content only. */
  #chunk = '';
  #length: ContentLength = 0;

  /** `blocks`: for copies of larger pieces, as content is overwritten after the call; null: not before it has gone. */
  constructor(socket: Socket, blocks: MemoryBlocks | null) {
    this.#socket = socket;
    this.#blocks = blocks;
  }

  /** Begins a message: `head` with its empty line, as latin1 text. */
  begin(head: string, length: ContentLength): void {
    this.#text += head;
    this.#length = length;
  }

  /** Content. False when the socket is full: more should wait for its `drain`. */
  data(data: Buffer): boolean {
    if (data.length <= joinedBytesMax) {
      if (this.#length === chunkedLength) this.#chunk += data.toString('latin1');
      else this.#text += data.toString('latin1');
      return true;
    }
    return this.#writeLarge(data);
  }

  /** The end of the message, with the trailer section as text where there is one: lines, without the empty one. */
  end(trailers: string): void {
    if (this.#length !== chunkedLength) return;
    this.#closeChunk();
    this.#text += trailers === '' ? '0\r\n\r\n' : `0\r\n${trailers}\r\n`;
  }

  /** Hands over what is ready. False when the socket is full. */
  flush(): boolean {
    if (this.#chunk !== '') this.#closeChunk();
    const text = this.#text;
    if (text !== '') {
      this.#text = '';
      this.#socket.write(text, 'latin1');
    }
    return !isFull(this.#socket);
  }

  /** Whether content given before may still be on its way, and must not be overwritten. */
  get keepsData(): boolean {
    return this.#socket.writableLength > 0;
  }

  #closeChunk(): void {
    const chunk = this.#chunk;
    if (chunk === '') return;
    this.#chunk = '';
    this.#text += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }

  #writeLarge(data: Buffer): boolean {
    if (this.#length === chunkedLength) {
      this.#closeChunk();
      this.#text += `${data.length.toString(16)}\r\n`;
    }
    const text = this.#text;
    this.#text = this.#length === chunkedLength ? '\r\n' : '';
    return this.#blocks === null ? this.#writeBoth(text, data) : this.#writeCopy(text, data, this.#blocks);
  }

  #writeBoth(text: string, data: Buffer): boolean {
    const socket = this.#socket;
    if (text === '') {
      socket.write(data);
    } else {
      socket.cork();
      socket.write(text, 'latin1');
      socket.write(data);
      socket.uncork();
    }
    return !isFull(socket);
  }

  #writeCopy(text: string, data: Buffer, blocks: MemoryBlocks): boolean {
    // what no read can have brought lies in memory of its own
    if (data.length > blockBytes) return this.#writeBoth(text, data);
    const isJoined = text.length + data.length <= blockBytes;
    if (!isJoined) this.#socket.write(text, 'latin1');
    // a small piece that waits must not hold all of a block
    const block =
      data.length * 4 < blockBytes ? Buffer.allocUnsafeSlow(text.length + data.length) : blocks.take();
    const from = isJoined ? block.write(text, 'latin1') : 0;
    const end = from + data.copy(block, from);
    this.#socket.write(block.subarray(0, end), (error) => {
      if (block.length === blockBytes && (error === null || error === undefined)) blocks.giveBack(block);
    });
    return !isFull(this.#socket);
  }
}
