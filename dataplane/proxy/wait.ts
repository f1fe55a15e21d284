import type { TimeWatch } from './allowed-time.ts';
import type { Timed } from './deadlines.ts';

/** Waits for so many milliseconds, then calls `over` once, unless it is cancelled before. */
export class Wait implements Timed {
  readonly deadlineMs: number;
  next: Timed | null = null;
  previous: Timed | null = null;
  readonly #watch: TimeWatch;
  readonly #over: () => void;

  constructor(watch: TimeWatch, ms: number, over: () => void) {
    this.deadlineMs = watch.now() + ms;
    this.#watch = watch;
    this.#over = over;
    watch.deadlines.add(this);
  }

  cancel(): void {
    this.#watch.deadlines.remove(this);
  }

  timeOut(): void {
    this.#over();
  }
}
