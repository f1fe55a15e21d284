/** Waits that double with every failure, with full jitter so that many clients do not come back together. */
export class Backoff {
  readonly #minMs: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(minMs: number, random: () => number) {
    this.#minMs = minMs;
    this.#random = random;
  }

  /** Forgets the failures so far. */
  reset(): void {
    this.#failures = 0;
  }

  /** The wait after one more failure: up to the minimum doubled for each before it, at most `maxMs`. */
  next(maxMs: number): number {
    const bound = Math.min(maxMs, this.#minMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    return bound * this.#random();
  }
}
