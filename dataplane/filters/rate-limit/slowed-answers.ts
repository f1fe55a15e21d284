// Answers that come late, so that trying is slow work. What waits costs memory here, and who tries has time; so few wait.

import { passed } from './passed.ts';

/** How late they come. */
const slowedMs = 1000;

/** Most that wait at a time; whatever comes beside them is answered at once. */
const waitingMax = 256;

/** Those of the whole process. */
export class SlowedAnswers {
  readonly #wait: (ms: number) => Promise<void>;
  #waiting = 0;

  constructor(wait: (ms: number) => Promise<void> = passed) {
    this.#wait = wait;
  }

  /** Resolves when the answer may go; null: it may at once, since as many wait as may. */
  slow(): Promise<void> | null {
    if (this.#waiting >= waitingMax) return null;
    this.#waiting += 1;
    return this.#wait(slowedMs).finally(() => {
      this.#waiting -= 1;
    });
  }
}
