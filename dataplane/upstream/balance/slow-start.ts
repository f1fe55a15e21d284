/** Less would be too little to ever warm up. */
const weightMin = 10;

/** How much of a whole one an endpoint is that came a while ago: grows evenly over the window. */
export class SlowStart {
  readonly #windowMs: number;

  /** 0: at once a whole one. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** A whole number from 10 to 100 (a weight), never less at a later time. `sinceMs`: when it came, or came back. */
  weightAt(sinceMs: number, nowMs: number): number {
    const pastMs = nowMs - sinceMs;
    if (pastMs >= this.#windowMs) return 100;
    return Math.max(weightMin, Math.floor((100 * pastMs) / this.#windowMs));
  }
}
