// Of what there is only so much for the whole process (questions to services under way, octets that they tell): how
// namespaces share it.

/** All of it. */
export class Capacity {
  readonly #max: number;
  readonly #shares = new Map<string, CapacityShare>();
  #used = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Of all policies of a namespace. */
  of(namespace: string): CapacityShare {
    const share = this.#shares.get(namespace) ?? new CapacityShare(this);
    this.#shares.set(namespace, share);
    return share;
  }

  /** How much more there may be. */
  get free(): number {
    return this.#max - this.#used;
  }

  /** So much more, or less. */
  count(change: number): void {
    this.#used += change;
  }
}

/**
 * What one namespace has: no more than is left for all others, so that whoever's services are slow takes half of it at
 * most, and the next one half of the rest.
 */
export class CapacityShare {
  readonly #all: Capacity;
  #used = 0;

  constructor(all: Capacity) {
    this.#all = all;
  }

  /** Whether it may take nothing more for now. */
  get isFull(): boolean {
    const { free } = this.#all;
    return free <= 0 || this.#used > free;
  }

  /** Asks, and takes `amount` until there is an answer. Whether there may be more is for the caller to look at. */
  async run<T>(ask: () => Promise<T>, amount = 1): Promise<T> {
    this.#count(amount);
    try {
      return await ask();
    } finally {
      this.#count(-amount);
    }
  }

  #count(change: number): void {
    this.#used += change;
    this.#all.count(change);
  }
}
