/** Counts what each address holds, so that one that takes all it can get leaves room for the others. */
export class ByAddress {
  readonly #max: number;
  readonly #held = new Map<string, number>();

  /** So much at most by one address. */
  constructor(max: number) {
    this.#max = max;
  }

  /** One more for `address`; answers what gives it back, which may be called again; null when it has enough. */
  take(address: string): (() => void) | null {
    const held = this.#held.get(address) ?? 0;
    if (held >= this.#max) return null;
    this.#held.set(address, held + 1);
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      const left = (this.#held.get(address) ?? 1) - 1;
      if (left === 0) this.#held.delete(address);
      else this.#held.set(address, left);
    };
  }
}
