/** A port with sessions, of which it can do without the one that was silent longest. */
export interface RoomTaker {
  readonly sessionCount: number;
  endOldest(): void;
}

/**
 * How many sessions there are on all ports: who can name any address as its own fills one port, and takes no room from
 * the others, nor from connections.
 */
export class DatagramRoom {
  readonly #takers = new Set<RoomTaker>();

  enter(taker: RoomTaker): void {
    this.#takers.add(taker);
  }

  leave(taker: RoomTaker): void {
    this.#takers.delete(taker);
  }

  /** Makes room for one more where there are `max` already: the port with the most sessions loses one. */
  make(max: number): void {
    let total = 0;
    let largest: RoomTaker | null = null;
    for (const taker of this.#takers) {
      total += taker.sessionCount;
      if (taker.sessionCount > (largest?.sessionCount ?? 0)) largest = taker;
    }
    if (total >= max) largest?.endOldest();
  }
}
