import { Turns } from './turns.ts';
import type { Balanced, Balancer, Random } from './balancer.ts';

/**
 * The one whose turn it is, unless another, drawn at random, has strictly less to do for its weight: exactly in turn
 * while nothing is under way, two choices (Mitzenmacher) under uneven load.
 */
export function leastRequest<E extends Balanced>(random: Random): Balancer<E> {
  return new LeastRequest<E>(random);
}

class LeastRequest<E extends Balanced> implements Balancer<E> {
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
    const first = this.#candidates[this.#turns.next()];
    if (first === undefined) return null;
    if (first.load === 0) return first;
    const second = this.#candidates[this.#turns.any()];
    if (second === undefined) return first;
    return second.load * first.weight < first.load * second.weight ? second : first;
  }
}
