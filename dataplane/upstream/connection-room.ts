import type { Breaker } from './breaker.ts';

/** A request that waits until its cluster may have one connection more. */
export interface RoomWaiter {
  /** It may open a connection, which is counted already. */
  granted(): void;
}

/**
 * How many connections a cluster may have at once, over all its endpoints: idle ones make room, and who comes when
 * all are busy waits in turn. How many wait is bounded by the breaker's `Pending`.
 */
export class ConnectionRoom {
  readonly #breaker: Breaker;
  readonly #yieldOne: () => boolean;
  readonly #waiting: RoomWaiter[] = [];

  /** `yieldOne`: closes an idle connection of the cluster, if there is one. */
  constructor(breaker: Breaker, yieldOne: () => boolean) {
    this.#breaker = breaker;
    this.#yieldOne = yieldOne;
  }

  /** Whose turn it is to get a connection; null when nobody waits. */
  get first(): RoomWaiter | null {
    return this.#waiting[0] ?? null;
  }

  /** Counts a connection that is about to be opened; false when there may be no more. */
  enter(): boolean {
    if (this.#waiting.length > 0) return false;
    return this.#breaker.enter('Connection') || (this.#yieldOne() && this.#breaker.enter('Connection'));
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
}
