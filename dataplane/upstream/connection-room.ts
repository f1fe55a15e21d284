import type { Breaker } from './breaker.ts';

/** A request that waits until its cluster may have one connection more. */
export interface RoomWaiter {
  /** It may open a connection, which is counted already. */
  granted(): void;
}

/** Who may have idle connections. `lendsAt` belongs to {@link ConnectionRoom}: -1 at first. */
export interface Lender {
  lendsAt: number;
  /** Closes an idle connection, if there is one. */
  yieldOne(): boolean;
}

/**
 * How many connections a cluster may have at once, over all its endpoints: idle ones make room, and who comes when
 * all are busy waits in turn. How many wait is bounded by the breaker's `Pending`.
 */
export class ConnectionRoom {
  readonly #breaker: Breaker;
  readonly #waiting: RoomWaiter[] = [];
  /** Those that have, or had when they were asked last, an idle connection. */
  readonly #lenders: Lender[] = [];
  /** Who of them was asked last. */
  #turn = 0;
  /** So far: connections, attempts at one that failed, and how often there was no room for one. */
  opened = 0;
  unconnected = 0;
  refused = 0;

  constructor(breaker: Breaker) {
    this.#breaker = breaker;
  }

  /** Whose turn it is to get a connection; null when nobody waits. */
  get first(): RoomWaiter | null {
    return this.#waiting[0] ?? null;
  }

  /** Counts a connection that is about to be opened; false when there may be no more. */
  enter(): boolean {
    const isIn = this.#waiting.length === 0 && (this.#breaker.enter('Connection') || this.#enterForIdle());
    if (!isIn) this.refused += 1;
    return isIn;
  }

  /** In place of an idle one. */
  #enterForIdle(): boolean {
    return this.#yieldOne() && this.#breaker.enter('Connection');
  }

  /**
   * `lender` has an idle connection.
   *
   * Hot path: once it is on the list this is one comparison, and it stays there while its connections come and go.
   */
  lends(lender: Lender): void {
    if (lender.lendsAt !== -1) return;
    lender.lendsAt = this.#lenders.length;
    this.#lenders.push(lender);
  }

  /** `lender` has none, and is not asked until it {@link lends} again. */
  lendsNot(lender: Lender): void {
    const { lendsAt } = lender;
    if (lendsAt === -1) return;
    lender.lendsAt = -1;
    const last = this.#lenders.pop();
    if (last === undefined || last === lender) return;
    last.lendsAt = lendsAt;
    this.#lenders[lendsAt] = last;
  }

  /** A connection, or an attempt at one, is no more. */
  leave(): void {
    this.#breaker.leave('Connection');
    this.widened();
  }

  /** There may be more of them than before. */
  widened(): void {
    while (this.#waiting.length > 0 && this.#breaker.enter('Connection')) this.#waiting.shift()?.granted();
  }

  wait(waiter: RoomWaiter): void {
    this.#waiting.push(waiter);
  }

  /** `waiter` waits no more; harmless when it did not. */
  remove(waiter: RoomWaiter): void {
    const at = this.#waiting.indexOf(waiter);
    if (at !== -1) this.#waiting.splice(at, 1);
  }

  /** Who is asked in vain had to have an idle connection first: so that costs no more than those were. */
  #yieldOne(): boolean {
    while (this.#lenders.length > 0) {
      this.#turn = (this.#turn + 1) % this.#lenders.length;
      const lender = this.#lenders[this.#turn];
      if (lender === undefined || lender.yieldOne()) return lender !== undefined;
      this.lendsNot(lender);
    }
    return false;
  }
}
