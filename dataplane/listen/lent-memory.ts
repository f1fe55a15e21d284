import { Socket } from 'node:net';
import type { BoundSocket } from 'node:net';

/** What one read takes at most; as much as Node's own. */
const readBytes = 64 * 1024;

/** Takes octets that are overwritten after the call. */
export type Reader = (octets: Buffer) => void;

/**
 * The memory that clients' sockets in the clear are read into: one for all of a data plane's, so that silent
 * connections hold none, and none is taken for a read (docs/decisions/0021-reading-clients.md).
 */
export class LentMemory {
  readonly #bytes = Buffer.allocUnsafeSlow(readBytes);

  /** The connection of `socket`, just accepted and paused; where Node holds it in a way unknown here, the socket itself. */
  adopt(socket: Socket): Socket {
    const handle = takeHandle(socket);
    return handle === null ? socket.resume() : new AdoptedSocket(handle, this.#bytes);
  }

  /** Octets for keeps: a copy of those that are lent. */
  kept(octets: Buffer): Buffer {
    return octets.buffer === this.#bytes.buffer ? Buffer.from(octets) : octets;
  }
}

/** Has what is read of `socket` told to `read`, where it is read into lent memory; else `data` goes on telling it. */
export function lend(socket: Socket, read: Reader): void {
  if (socket instanceof AdoptedSocket) socket.reader = read;
}

/** Has `data` tell what is read of `socket` again. */
export function takeBack(socket: Socket): void {
  if (socket instanceof AdoptedSocket) socket.reader = null;
}

/** A socket that is read into memory of others: one like any other, which makes copies, while nobody reads from there. */
class AdoptedSocket extends Socket {
  reader: Reader | null = null;

  constructor(handle: object, memory: Buffer) {
    const onread = {
      buffer: memory,
      callback: (count: number): boolean => this.#took(memory.subarray(0, count)),
    };
    // what BoundSocket holds inside is taken bare as well
    super({ handle: handle as BoundSocket, onread, allowHalfOpen: true });
  }

  /** False when no more is to be read until somebody wants more. */
  #took(octets: Buffer): boolean {
    const { reader } = this;
    if (reader === null) return this.push(Buffer.from(octets));
    reader(octets);
    return true;
  }
}

/** What Node holds the connection by, taken from the socket; null where it is not to be found. */
function takeHandle(socket: Socket & { _handle?: unknown }): object | null {
  const { _handle: handle } = socket;
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle)) return null;
  socket._handle = null;
  return handle;
}
