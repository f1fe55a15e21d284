import { plainAddress } from './address.ts';
import type { ConnectionEnd } from './address.ts';
import { lend } from './lent-memory.ts';
import { MessageWriter } from './message-writer.ts';
import type { MemoryBlocks } from './memory-blocks.ts';
import type { Socket } from 'node:net';

/** Octets both ways after HTTP has been left, or where it never was: a socket, a TLS socket, one stream of HTTP/2. */
export interface Channel {
  /** Begins reading; octets that came early are the first told. Once. */
  open(events: ChannelEvents): void;
  /** False: more should wait for `channelReady`. What cannot be sent at once is copied. */
  write(data: Buffer): boolean;
  /** Ends this side; the other goes on (half-close). */
  end(): void;
  pause(): void;
  resume(): void;
  /** Lets out what is on its way, then closes both sides. */
  close(): void;
  /** Cuts both sides at once. */
  reset(): void;
  /** Lets out what is on its way, then cuts: the other end must not take what it got for all there was. */
  abort(): void;
  /** Octets given that are still here. */
  readonly unsent: number;
}

/** Is told what comes through a channel; `channelClosed` is the last, whoever closed it. */
export interface ChannelEvents {
  /** Valid during the call. */
  channelData(data: Buffer): void;
  /** The other side sends no more. */
  channelEnd(): void;
  /** It takes data again after it was full. */
  channelReady(): void;
  channelClosed(): void;
}

/** A socket as a channel. Takes it over: of others' listeners only those that hear of errors and of its end stay. */
export class SocketChannel implements Channel {
  readonly #socket: Socket;
  readonly #writer: MessageWriter;
  #early: Buffer | null;

  /** `early`: what has been read of it already; copies of what is sent go to `blocks`. */
  constructor(socket: Socket, early: Buffer | null, blocks: MemoryBlocks) {
    this.#socket = socket;
    this.#early = early;
    this.#writer = new MessageWriter(socket, blocks);
    lend(socket, null);
    for (const event of ['data', 'drain', 'end']) socket.removeAllListeners(event);
  }

  open(events: ChannelEvents): void {
    const socket = this.#socket;
    const read = (data: Buffer): void => events.channelData(data);
    socket.on('data', read);
    lend(socket, read);
    socket.on('drain', () => events.channelReady());
    socket.on('end', () => events.channelEnd());
    socket.on('close', () => events.channelClosed());
    const early = this.#early;
    this.#early = null;
    if (early !== null && early.length > 0) events.channelData(early);
    socket.resume();
  }

  write(data: Buffer): boolean {
    this.#writer.data(data);
    return this.#writer.flush();
  }

  end(): void {
    this.#socket.end();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroySoon();
  }

  reset(): void {
    cut(this.#socket);
  }

  abort(): void {
    const socket = this.#socket;
    if (socket.writableLength === 0) cut(socket);
    // the callback comes when all that was written before has gone, or never will
    else socket.write(nothing, () => cut(socket));
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }
}

const nothing = Buffer.alloc(0);

/** Closes so that the other end sees a break (RST) and no end. TLS has that by itself: it ends by a word of its own. */
function cut(socket: Socket): void {
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

/** Our end of a connection that is open. */
export function ownEnd({ localAddress = '', localPort = 0 }: Socket): ConnectionEnd {
  return { address: plainAddress(localAddress), port: localPort };
}
