import { Socket } from 'node:net';
import { MemoryBlocks, readBytes } from './memory-blocks.ts';
import type { BoundSocket, SocketConstructorOpts, TcpNetConnectOpts } from 'node:net';

/** Takes octets that are overwritten after the call. */
export type Reader = (octets: Buffer) => void;

/**
 * The memory that sockets in the clear are read into: one for all clients' of a data plane, and one for all of its
 * tunnels to backends, so that silent connections hold none, and none is taken for a read
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
}

/** A socket that is read into memory of others. While nobody reads from there it makes copies, like any other. */
class LentSocket extends Socket {
  reader: Reader | null = null;

  constructor(memory: Buffer, options: SocketConstructorOpts) {
    const onread = {
      buffer: memory,
      callback: (count: number): boolean => this.#took(memory.subarray(0, count)),
    };
    super({ ...options, onread });
  }

  /** False when no more is to be read until somebody wants more. */
  #took(octets: Buffer): boolean {
    const { reader } = this;
    if (reader === null) return this.push(Buffer.from(octets));
    reader(octets);
    return true;
  }
}

/** What BoundSocket holds inside is taken bare as well. */
function handleOptions(handle: object): SocketConstructorOpts {
  return { handle: handle as BoundSocket, allowHalfOpen: true };
}

/** What Node holds the connection by, taken from the socket; null where it is not to be found. */
function takeHandle(socket: Socket & { _handle?: unknown }): object | null {
  const { _handle: handle } = socket;
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle)) return null;
  socket._handle = null;
  return handle;
}
