import { Socket } from 'node:net';
import { MemoryBlocks, readBytes } from './memory-blocks.ts';
import type { BoundSocket, SocketConstructorOpts, TcpNetConnectOpts } from 'node:net';

/** Takes octets that are overwritten after the call. */
export type Reader = (octets: Buffer) => void;

/**
 * The memory that sockets are read into: one for all clients' of a data plane, and one for all of its tunnels to
 * backends, so that silent connections hold none, and none is taken for a read
 * (docs/decisions/0021-reading-clients.md).
 */
export class LentMemory {
  /** For copies of what is lent. */
  readonly blocks = new MemoryBlocks();
  readonly #bytes = Buffer.allocUnsafeSlow(readBytes);

  /** A socket in place of `socket`, just accepted and paused; itself where Node holds it in a way unknown here. */
  adopt(socket: Socket): Socket {
    const handle = takeHandle(socket);
    return handle === null ? socket.resume() : new LentSocket(this.#bytes, handleOptions(handle));
  }

  /**
   * Reads `socket`, whose handshake of TLS is over, into this memory; leaves it as it is where Node holds it in a way unknown
   * here. To be called before anybody reads it.
   */
  adoptSecure(socket: Socket): void {
    const { _handle: handle }: HeldSocket = socket;
    if (bufferKey === undefined || callbackKey === undefined || !isReadable(handle)) return;
    const readers: { reader: Reader | null } = { reader: null };
    secureReaders.set(socket, readers);
    Reflect.set(socket, bufferKey, this.#bytes);
    Reflect.set(socket, callbackKey, (count: number) =>
      take(socket, this.#bytes.subarray(0, count), readers.reader),
    );
    handle.useUserBuffer(this.#bytes);
  }

  /** A socket that connects. */
  connect(options: TcpNetConnectOpts): Socket {
    return new LentSocket(this.#bytes, options).connect(options);
  }

  /** Octets for keeps: a copy of those that are lent. */
  kept(octets: Buffer): Buffer {
    return octets.buffer === this.#bytes.buffer ? Buffer.from(octets) : octets;
  }
}

/**
 * Has what is read of `socket` told to `read`, where it is read into lent memory; else, and with null, `data` goes on
 * telling it.
 */
export function lend(socket: Socket, read: Reader | null): void {
  if (socket instanceof LentSocket) socket.reader = read;
  else {
    const secure = secureReaders.get(socket);
    if (secure !== undefined) secure.reader = read;
  }
}

/** Who reads the sockets of TLS that are read into lent memory. */
const secureReaders = new WeakMap<Socket, { reader: Reader | null }>();

/** A socket that is read into memory of others. While nobody reads from there it makes copies, like any other. */
class LentSocket extends Socket {
  reader: Reader | null = null;

  constructor(memory: Buffer, options: SocketConstructorOpts) {
    const onread = {
      buffer: memory,
      callback: (count: number): boolean => take(this, memory.subarray(0, count), this.reader),
    };
    super({ ...options, onread });
  }
}

/** False when no more is to be read until somebody wants more. */
function take(socket: Socket, octets: Buffer, reader: Reader | null): boolean {
  if (reader === null) return socket.push(Buffer.from(octets));
  reader(octets);
  return true;
}

/** Where a socket keeps what the option `onread` of one that connects says; undefined in a Node that has no such place. */
const [bufferKey, callbackKey] = ['kBuffer', 'kBufferCb'].map((name) =>
  Object.getOwnPropertySymbols(new Socket()).find(({ description }) => description === name),
);

type HeldSocket = Socket & { _handle?: unknown };

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
