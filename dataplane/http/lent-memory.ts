import { Socket } from 'node:net';
import { joinedBytesMax } from './message-writer.ts';
import { MemoryBlocks, pieceBytes, readBytes } from './memory-blocks.ts';
import type { BoundSocket, SocketConstructorOpts, TcpNetConnectOpts } from 'node:net';

/** Takes octets that are overwritten after the call. */
export type Reader = (octets: Buffer) => void;

/**
 * The memory that sockets are read into: one for all clients' of a data plane, and one for all of its tunnels to
 * backends, so that silent connections hold none, and none is taken for a read
 * (docs/decisions/0021-reading-clients.md).
 */
export class LentMemory {
  /** For copies of what is lent, and large answers. */
  readonly blocks = new MemoryBlocks();
  /** For what connections to backends are read into at first. */
  readonly pieces = new MemoryBlocks(pieceBytes);
  readonly #bytes = Buffer.allocUnsafeSlow(readBytes);

  /** A socket in place of `socket`, just accepted and paused; itself where Node holds it in a way unknown here. */
  adopt(socket: Socket): Socket {
    const handle = takeHandle(socket);
    return handle === null ? socket.resume() : this.#socket(handleOptions(handle));
  }

  /**
   * Reads `socket`, whose handshake of TLS is over, into this memory; leaves it as it is where Node holds it in a way
   * unknown here. To be called before anybody reads it.
   */
  adoptSecure(socket: Socket): void {
    const { _handle: handle }: HeldSocket = socket;
    if (bufferKey === undefined || callbackKey === undefined || !isReadable(handle)) return;
    const lending: Lending = { reader: null };
    Reflect.set(socket, lendingKey, lending);
    Reflect.set(socket, bufferKey, this.#bytes);
    Reflect.set(socket, callbackKey, (count: number) => this.#took(count, socket, lending));
    handle.useUserBuffer(this.#bytes);
  }

  /** A socket that connects. */
  connect(options: TcpNetConnectOpts): Socket {
    return this.#socket(options).connect(options);
  }

  /** Octets for keeps: a copy of those that are lent. */
  kept(octets: Buffer): Buffer {
    return octets.buffer === this.#bytes.buffer ? Buffer.from(octets) : octets;
  }

  #socket(options: SocketConstructorOpts): Socket {
    const lending: Lending = { reader: null };
    const callback = (count: number): boolean => this.#took(count, socket, lending);
    const onread = { buffer: this.#bytes, callback };
    const socket: Socket = new Socket({ ...options, ...waitingForAll, onread });
    Reflect.set(socket, lendingKey, lending);
    return socket;
  }

  /** While nobody reads from there it makes copies, like any other. False when no more is to be read until somebody wants more. */
  #took(count: number, socket: Socket, { reader }: Lending): boolean {
    const octets = this.#bytes.subarray(0, count);
    if (reader === null) return socket.push(Buffer.from(octets));
    reader(octets);
    return true;
  }
}

/**
 * Has what is read of `socket` told to `read`, where it is read into lent memory; else, and with null, `data` goes on
 * telling it.
 */
export function lend(socket: Socket, read: Reader | null): void {
  const { [lendingKey]: lending }: HeldSocket = socket;
  if (lending !== undefined) lending.reader = read;
}

/** Who reads a socket that is read into lent memory; null: whoever listens for `data`. */
interface Lending {
  reader: Reader | null;
}

/** Whoever has not taken what was not copied gets no more, so that one block is held for them and not several. */
const waitingForAll: SocketConstructorOpts & { writableHighWaterMark: number } = {
  writableHighWaterMark: joinedBytesMax,
};

/** Where such a socket has its own. */
const lendingKey = Symbol('lending');

/** Where a socket keeps what the option `onread` of one that connects says; undefined in a Node that has no such place. */
const [bufferKey, callbackKey] = ['kBuffer', 'kBufferCb'].map((name) =>
  Object.getOwnPropertySymbols(new Socket()).find(({ description }) => description === name),
);

type HeldSocket = Socket & { _handle?: unknown; [lendingKey]?: Lending };

/** Whether a handle can be told where to read into. */
function isReadable(handle: unknown): handle is { useUserBuffer(memory: Buffer): void } {
  return typeof handle === 'object' && handle !== null && 'useUserBuffer' in handle;
}

/** What BoundSocket holds inside is taken bare as well. */
function handleOptions(handle: object): SocketConstructorOpts {
  return { handle: handle as BoundSocket, allowHalfOpen: true };
}

/** What Node holds the connection by, taken from the socket; null where it is not to be found. */
function takeHandle(socket: HeldSocket): object | null {
  const { _handle: handle } = socket;
  if (!isReadable(handle)) return null;
  socket._handle = null;
  return handle;
}
