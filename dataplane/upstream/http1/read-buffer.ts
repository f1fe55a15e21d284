const smallBytes = 16 * 1024;
const largeBytes = 64 * 1024;

/**
 * The memory one connection is read into. The same octets are overwritten by the next read unless they are still
 * needed, and grow for large answers only. Never shared between connections.
 *
 * Hot path: reading into our own memory spares Node an allocation of 64 KiB and its stream machinery each read.
 */
export class ReadBuffer {
  #bytes = Buffer.allocUnsafeSlow(smallBytes);

  /** What the next read fills. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** After a read of `count`: `kept` when someone still refers to the octets, `idle` when no answer is under way. */
  next(count: number, state: { readonly kept: boolean; readonly idle: boolean }): void {
    const isLarge = this.#bytes.length === largeBytes;
    const wantsLarge = !state.idle && (isLarge || count === smallBytes);
    if (state.kept || wantsLarge !== isLarge) {
      this.#bytes = Buffer.allocUnsafeSlow(wantsLarge ? largeBytes : smallBytes);
    }
  }
}
