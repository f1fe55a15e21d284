import type { Clock } from '#controller/clock.ts';

/** So many writes of one object may follow one another, and then one each so often. */
const burst = 5;
const everyMs = 250;

/**
 * How often one object is written: at once as long as that is seldom, and while it changes all the time (a Gateway to
 * which a thousand routes are attached) not for each change.
 */
export class Pace {
  readonly #clock: Clock;
  #left = burst;
  #countedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedAt = clock.elapsed();
  }

  /** How long the next write has to wait; 0: it need not. */
  waitMs(): number {
    this.#count();
    return this.#left >= 1 ? 0 : Math.ceil((1 - this.#left) * everyMs);
  }

  /** A write has begun. */
  begun(): void {
    this.#count();
    this.#left = Math.max(0, this.#left - 1);
  }

  #count(): void {
    const now = this.#clock.elapsed();
    this.#left = Math.min(burst, this.#left + (now - this.#countedAt) / everyMs);
    this.#countedAt = now;
  }
}
