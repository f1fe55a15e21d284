/** So many failures in a row, and nobody asks for a while. */
const failuresMax = 5;
/** How long. Then one asks, and if it gets an answer all do. */
const openMs = 1_000;

/** Keeps a service that does not answer from being asked by everybody, and everybody from waiting for it. */
export class Circuit {
  readonly #now: () => number;
  #failures = 0;
  #closedUntilMs = 0;

  /** `now`: milliseconds, of any clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether to ask. One that may, after a pause, is alone until it tells how it fared or as much time has passed. */
  mayAsk(): boolean {
    if (this.#failures < failuresMax) return true;
    const nowMs = this.#now();
    if (nowMs < this.#closedUntilMs) return false;
    this.#closedUntilMs = nowMs + openMs;
    return true;
  }

  answered(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures += 1;
    if (this.#failures === failuresMax) this.#closedUntilMs = this.#now() + openMs;
  }
}
