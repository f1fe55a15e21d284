import { LRUCache } from 'lru-cache';

/** The oldest are forgotten beyond that; their codes are long spent at the provider. */
const spentMax = 10_000;

/** Attempts that have come back to this data plane: none does so twice. */
export class SpentStates {
  readonly #spent = new LRUCache<string, true>({ max: spentMax });

  /** Whether it was not spent before. */
  spend(state: string): boolean {
    if (this.#spent.has(state)) return false;
    this.#spent.set(state, true);
    return true;
  }
}
