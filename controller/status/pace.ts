import type { Clock } from '#controller/clock.ts';

/** Why an object is written: for something new, or because others have undone what was written. */
export type Occasion = 'New' | 'Undone';

/** So many writes of one object may follow one another, and then one each so often. */
const burst = 5;
const everyMs = 250;

/** What was undone so often in a row is written more and more seldom: somebody else wants it otherwise, for ever. */
const undoneMax = 5;
const undoneEveryMsMax = 30_000;
/** After so long it begins anew. */
const undoneForgottenMs = 600_000;

/**
 * How often one object is written: at once as long as that is seldom, and while it changes all the time (a Gateway to
 * which a thousand routes are attached) not for each change.
 */
export class Pace {
  readonly #clock: Clock;
  #left = burst;
  #countedAt: number;
  /** How often in a row it was undone, when last, and from when on it is written again. */
  #undone = 0;
  #undoneAt = -Infinity;
  #undoneUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedAt = clock.elapsed();
  }

  /** How long the next write has to wait; 0: it need not. */
  waitMs(occasion: Occasion): number {
    this.#count();
    const turn = this.#left >= 1 ? 0 : Math.ceil((1 - this.#left) * everyMs);
    return occasion === 'New' ? turn : Math.max(turn, this.#undoneUntil - this.#countedAt);
  }

  /** A write has begun. */
  begun(occasion: Occasion): void {
    this.#count();
    this.#left = Math.max(0, this.#left - 1);
    const now = this.#countedAt;
    if (occasion === 'New' || now - this.#undoneAt > undoneForgottenMs) this.#undone = 0;
    if (occasion === 'New') return;
    this.#undone += 1;
    this.#undoneAt = now;
    const beyond = this.#undone - undoneMax;
    this.#undoneUntil = beyond < 0 ? 0 : now + Math.min(undoneEveryMsMax, everyMs * 2 ** beyond);
  }

  #count(): void {
    const now = this.#clock.elapsed();
    this.#left = Math.min(burst, this.#left + (now - this.#countedAt) / everyMs);
    this.#countedAt = now;
  }
}
