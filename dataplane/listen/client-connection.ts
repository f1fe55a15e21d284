/** One connection of a client, whatever is spoken on it, as listeners keep it. */
export interface ClientConnection {
  /** By the coarse clock. */
  readonly sinceMs: number;
  /** No exchange is under way, and nothing of one is here. */
  readonly isIdle: boolean;
  /** Octets it holds in memory, both ways. */
  readonly buffered: number;
  /**
   * By the coarse clock: since when the client has taken nothing of an answer that waits for it; infinity while none
   * does. Absent where there are no answers.
   */
  readonly stalledSinceMs?: number;
  /** No request shall follow those under way: tells the client so, where its protocol can. */
  drain(): void;
  /** Ends it in an orderly way if it is idle, else as soon as the exchanges under way have ended. */
  endIdle(): void;
  /** Gives up what has been stalled since `sinceMs` or longer. Absent: it has one exchange at a time, and is cut. */
  relieve?(sinceMs: number): void;
  /** Cuts it, whatever is under way. */
  destroy(): void;
  /** Enforces the limits of time; called once a sweep. */
  sweep(nowMs: number): void;
}
