/** Something whose time can run out. `next` and `previous` belong to {@link Deadlines}. */
export interface Timed {
  /** Monotonic milliseconds. */
  deadlineMs: number;
  next: Timed | null;
  previous: Timed | null;
  /** Its time is over; it has been taken off the list. */
  timeOut(): void;
}

/**
 * Watches deadlines by one coarse timer, which runs only while there is something to watch.
 *
 * Hot path: adding and removing are a few assignments on the timed thing itself, where a timer of Node's for each
 * request would cost more than routing it.
 */
export class Deadlines {
  readonly #tickMs: number;
  readonly #now: () => number;
  #first: Timed | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(tickMs: number, now: () => number) {
    this.#tickMs = tickMs;
    this.#now = now;
  }

  /** Watches `timed`, which must not be watched already. */
  add(timed: Timed): void {
    const first = this.#first;
    timed.next = first;
    if (first !== null) first.previous = timed;
    this.#first = timed;
    if (this.#timer === null) {
      this.#timer = setInterval(() => this.#tick(), this.#tickMs);
      this.#timer.unref();
    }
  }

  /** Watches `timed` no more; harmless when it was not watched. */
  remove(timed: Timed): void {
    const { next, previous } = timed;
    if (previous !== null) previous.next = next;
    else if (this.#first === timed) this.#first = next;
    if (next !== null) next.previous = previous;
    timed.next = null;
    timed.previous = null;
  }

  #watches(timed: Timed): boolean {
    return timed === this.#first || timed.previous !== null;
  }

  #tick(): void {
    if (this.#first === null) {
      if (this.#timer !== null) clearInterval(this.#timer);
      this.#timer = null;
      return;
    }
    const nowMs = this.#now();
    let timed: Timed | null = this.#first;
    const over: Timed[] = [];
    while (timed !== null) {
      if (timed.deadlineMs <= nowMs) over.push(timed);
      timed = timed.next;
    }
    for (const each of over) {
      // what one does when its time is over may have ended another, or given it more
      if (!this.#watches(each) || each.deadlineMs > nowMs) continue;
      this.remove(each);
      each.timeOut();
    }
  }
}
