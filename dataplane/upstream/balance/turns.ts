import type { Random } from './balancer.ts';

/**
 * Whose turn it is among `count` places with weights: strictly in turn while all weigh the same, else exactly by
 * weight on average, still going round (Walker's alias method with the place taken in turn).
 *
 * Hot path: one step and, when weights differ, one draw; it never asks twice, however uneven the weights are.
 */
export class Turns {
  readonly #random: Random;
  #count = 0;
  #turn: number;
  /** How much of a place's turns is its own; the rest is its alias's. Null when all weigh the same. */
  #own: Float64Array | null = null;
  #alias: Int32Array = noPlaces;

  /** Begins at a random place, so that many data planes do not march in step. */
  constructor(random: Random) {
    this.#random = random;
    this.#turn = Math.floor(random() * 0x1_0000);
  }

  /** Takes the weights there are now; goes on from the place it was at. */
  update(weights: readonly number[]): void {
    this.#count = weights.length;
    const [first] = weights;
    const isEven = weights.every((weight) => weight === first);
    if (isEven) this.#own = null;
    else this.#weigh(weights);
  }

  /** The next place; -1 without any. */
  next(): number {
    const turn = this.#turn + 1 < this.#count ? this.#turn + 1 : 0;
    this.#turn = turn;
    return this.#count === 0 ? -1 : this.#at(turn);
  }

  /** Any place, by weight; -1 without any. */
  any(): number {
    return this.#count === 0 ? -1 : this.#at(Math.floor(this.#random() * this.#count));
  }

  #at(place: number): number {
    const own = this.#own;
    if (own === null) return place;
    return this.#random() < (own[place] ?? 1) ? place : (this.#alias[place] ?? place);
  }

  /** Vose: each light place's turns are filled up by one heavy one. */
  #weigh(weights: readonly number[]): void {
    const count = weights.length;
    const sum = weights.reduce((total, weight) => total + weight, 0);
    const left = Float64Array.from(weights, (weight) => (weight * count) / sum);
    const own = new Float64Array(count).fill(1);
    const alias = new Int32Array(count);
    const light: number[] = [];
    const heavy: number[] = [];
    for (let place = 0; place < count; place += 1) ((left[place] ?? 1) < 1 ? light : heavy).push(place);
    for (let small = light.pop(), large = heavy.at(-1); small !== undefined && large !== undefined;) {
      const share = left[small] ?? 1;
      own[small] = share;
      alias[small] = large;
      const rest = (left[large] ?? 1) - (1 - share);
      left[large] = rest;
      if (rest < 1) {
        heavy.pop();
        light.push(large);
      }
      small = light.pop();
      large = heavy.at(-1);
    }
    this.#own = own;
    this.#alias = alias;
  }
}

const noPlaces = new Int32Array(0);
