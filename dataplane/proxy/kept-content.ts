/** The most of one request's content that is kept for another attempt. */
const bytesMax = 64 * 1024;

/** Content of a request that has gone to a backend, kept in case that it must be sent again. */
export class KeptContent {
  #pieces: Buffer[] = [];
  #size = 0;
  #isWhole = true;

  /** Whether all there was is here. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  get pieces(): readonly Buffer[] {
    return this.#pieces;
  }

  /** Copies `data`; lets go of all when it is too much. */
  add(data: Buffer): void {
    if (!this.#isWhole) return;
    this.#size += data.length;
    if (this.#size > bytesMax) this.drop();
    else this.#pieces.push(Buffer.from(data));
  }

  /** Nothing will be sent again. */
  drop(): void {
    this.#isWhole = false;
    this.#pieces = [];
  }
}
