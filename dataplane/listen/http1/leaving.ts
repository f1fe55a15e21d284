import type { Socket } from 'node:net';

/**
 * What is still on its way when an exchange is over: the end of an answer, which a client may take slowly, and
 * content that nobody wants. Begins anew with each.
 */
export class Leaving {
  readonly #socket: Socket;
  #unsent = Number.POSITIVE_INFINITY;
  #discarded = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  begin(): void {
    this.#unsent = Number.POSITIVE_INFINITY;
    this.#discarded = 0;
  }

  /** Counts octets that are thrown away; how many these are by now. */
  discard(count: number): number {
    this.#discarded += count;
    return this.#discarded;
  }

  /** Whether octets of the answer are still unsent, and fewer than when this was asked last. */
  getsOn(): boolean {
    const unsent = this.#socket.writableLength;
    const isLess = unsent < this.#unsent;
    this.#unsent = unsent;
    return unsent > 0 && isLess;
  }
}
