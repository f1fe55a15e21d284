import { Turns } from './turns.ts';
import type { Balanced, Balancer, Random } from './balancer.ts';

/** One after the other, by weight. */
export function roundRobin<E extends Balanced>(random: Random): Balancer<E> {
  return new RoundRobin<E>(random);
}

class RoundRobin<E extends Balanced> implements Balancer<E> {
  readonly #turns: Turns;
  #candidates: readonly E[] = [];

  constructor(random: Random) {
    this.#turns = new Turns(random);
  }

  update(_members: readonly E[], candidates: readonly E[]): void {
    this.#candidates = candidates;
    this.#turns.update(candidates.map(({ weight }) => weight));
  }

  pick(): E | null {
    return this.#candidates[this.#turns.next()] ?? null;
  }
}
