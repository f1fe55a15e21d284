import type { Breaker } from './breaker.ts';
import type { UpstreamLimits } from './limits.ts';

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

/** A connection whose client takes nothing of the answer that comes by it. */
export interface Stalled {
  /** By the coarse clock: since when. */
  readonly stalledSinceMs: number;
  /** Gives the answer up, and closes the connection. */
  giveUp(): void;
}

/** What a room goes by. */
interface RoomSurroundings {
  /** By the coarse clock. */
  readonly nowMs: number;
  readonly limits: Pick<UpstreamLimits, 'stalledMs'>;
}

/**
 * How many connections a cluster may have at once, over all its endpoints: idle ones make room, then the one that has
 * stalled longest, lest clients that read nothing keep all others from the cluster; and who comes when all are busy
 * waits in turn. How many wait is bounded by the breaker's `Pending`.
 */
export class ConnectionRoom {
  readonly #breaker: Breaker;
  readonly #around: RoomSurroundings;
  /** Longest first; null: there was none yet. */
  #stalled: Set<Stalled> | null = null;
  readonly #waiting: RoomWaiter[] = [];
  /** Those that have, or had when they were asked last, an idle connection. */
  readonly #lenders: Lender[] = [];
  /** Who of them was asked last. */
  #turn = 0;
  /** So far: connections, attempts at one that failed, and how often there was no room for one. */
  opened = 0;
  unconnected = 0;
  refused = 0;

  constructor(breaker: Breaker, around: RoomSurroundings) {
    this.#breaker = breaker;
    this.#around = around;
  }

  /** Whose turn it is to get a connection; null when nobody waits. */
  get first(): RoomWaiter | null {
    return this.#waiting[0] ?? null;
  }

  /** Counts a connection that is about to be opened; false when there may be no more. */
  enter(): boolean {
    const isIn =
      this.#waiting.length === 0 &&
      (this.#breaker.enter('Connection') || this.#enterForIdle() || this.#enterForStalled());
    if (!isIn) this.refused += 1;
    return isIn;
  }

  /** In place of an idle one. */
  #enterForIdle(): boolean {
    return this.#yieldOne() && this.#breaker.enter('Connection');
  }

  /** In place of one whose client takes nothing. */
  #enterForStalled(): boolean {
    return this.yieldStalled() && this.#breaker.enter('Connection');
  }

  /** Takes its connection from whoever has stalled longest, and for long enough; false when nobody has. */
  yieldStalled(): boolean {
    const { nowMs, limits } = this.#around;
    const [longest] = this.#stalled ?? [];
    if (longest === undefined || longest.stalledSinceMs > nowMs - limits.stalledMs) return false;
    this.#stalled?.delete(longest);
    longest.giveUp();
    return true;
  }

  /** The client of `connection` takes nothing from now on. */
  stalls(connection: Stalled): void {
    (this.#stalled ??= new Set()).add(connection);
  }

  /** It takes something again, or the connection is no more; harmless when it did not stall. */
  stallsNot(connection: Stalled): void {
    this.#stalled?.delete(connection);
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
