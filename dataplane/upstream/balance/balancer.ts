/** One of those between whom a balancer chooses: an endpoint, as far as balancing must know it. */
export interface Balanced {
  /** Requests under way there. */
  readonly load: number;
  /**
   * Its part beside the others' in percent of a whole one: a whole number from 1 to 100, less than that only while it
   * starts slowly. Hot path: a whole number lies in the object itself, a fraction would be one more place in memory.
   */
  readonly weight: number;
  /** Neither ejected nor failing its checks. */
  readonly healthy: boolean;
  /** It is one of those between whom is chosen now: where they are many, a balancer hears of it later. */
  readonly offered: boolean;
  /** It has not taken a connection of late: others first. */
  readonly doubtful: boolean;
}

/** A way to spread requests. A pick costs the same however many members there are. */
export interface Balancer<E extends Balanced> {
  /**
   * All members in their order, and the candidates among them: those that should be picked now. Costs what all
   * of them cost, so it is told once for many changes; a pick meanwhile may fall on one that should not be.
   */
  update(members: readonly E[], candidates: readonly E[]): void;
  /**
   * One member, or null when this draw fell on nobody. `attempt` is 0 for a request's first draw and grows until
   * the asker is content; `hash` is of what must come to the same member again, and `noHash` when nothing must.
   */
  pick(hash: number, attempt: number): E | null;
}

/** The hash of a request in which there is nothing to hash. */
export const noHash = -1;

/** From 0 (inclusive) to 1 (exclusive). */
export type Random = () => number;
