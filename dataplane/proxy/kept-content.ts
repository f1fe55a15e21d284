import { EarlyContent } from '#dataplane/http/early-content.ts';

/** The most of one request's content that is kept for another attempt, where no more is held anyhow. */
const bytesMax = 64 * 1024;

/** Content of a request that has gone to a backend, kept in case that it must be sent again. */
export class KeptContent {
  readonly #content: EarlyContent;
  readonly #bytesMax: number;
  #isWhole = true;

  /** `collected`: what came before there was a backend, however much that is. It is not copied. */
  constructor(collected: Buffer = nothing) {
    this.#content = new EarlyContent(collected);
    this.#bytesMax = Math.max(bytesMax, collected.length);
  }

  /** Whether all there was is here. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Octets of memory that it takes. */
  get held(): number {
    return this.#content.held;
  }

  get octets(): Buffer {
    return this.#content.octets;
  }

  /** Copies `data`; lets go of all when it is too much. */
  add(data: Buffer): void {
    if (!this.#isWhole) return;
    if (this.#content.size + data.length > this.#bytesMax) this.drop();
    else this.#content.push(data);
  }

  /** Nothing will be sent again. */
  drop(): void {
    this.#isWhole = false;
    this.#content.clear();
  }
}

const nothing = Buffer.alloc(0);
