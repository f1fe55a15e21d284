/** The one time that runs on a connection, by the coarse clock; 0 ms is never. */
export class Clock {
  readonly #around: { readonly nowMs: number };
  /** When what runs now began. */
  sinceMs = 0;
  #timeoutMs = Number.POSITIVE_INFINITY;

  constructor(around: { readonly nowMs: number }) {
    this.#around = around;
  }

  /** From now on; in place of what ran before. */
  start(timeoutMs: number): void {
    this.sinceMs = this.#around.nowMs;
    this.#timeoutMs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : timeoutMs;
  }

  stop(): void {
    this.#timeoutMs = Number.POSITIVE_INFINITY;
  }

  /** `share`: how much of its time it gets. */
  isOver(nowMs: number, share: number): boolean {
    return nowMs >= this.sinceMs + this.#timeoutMs * share;
  }
}
