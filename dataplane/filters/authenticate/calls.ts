// Questions to services that are under way, or their content: bounded for the whole process, and shared by namespaces.

/** All of them. */
export class Calls {
  readonly #max: number;
  readonly #shares = new Map<string, CallShare>();
  #running = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Of all policies of a namespace. */
  of(namespace: string): CallShare {
    const share = this.#shares.get(namespace) ?? new CallShare(this);
    this.#shares.set(namespace, share);
    return share;
  }

  /** How many more there may be. */
  get free(): number {
    return this.#max - this.#running;
  }

  /** So many more, or less. */
  count(change: number): void {
    this.#running += change;
  }
}

/**
 * The questions of one namespace: no more than are left for all others, so that whoever's services are slow takes half
 * of them at most, and the next one half of the rest.
 */
export class CallShare {
  readonly #all: Calls;
  #running = 0;

  constructor(all: Calls) {
    this.#all = all;
  }

  /** Whether it may ask nothing more for now. */
  get isFull(): boolean {
    const { free } = this.#all;
    return free <= 0 || this.#running > free;
  }

  /** Asks, and counts `amount` until there is an answer. Whether there may be more is for the caller to look at. */
  async run<T>(ask: () => Promise<T>, amount = 1): Promise<T> {
    this.#count(amount);
    try {
      return await ask();
    } finally {
      this.#count(-amount);
    }
  }

  #count(change: number): void {
    this.#running += change;
    this.#all.count(change);
  }
}
