/** How many connections there are from each address; holds no more entries than there are connections. */
export class AddressCounts {
  readonly #counts = new Map<string, number>();

  /** One more, if it is not more than `max` then (0: any number). */
  enter(group: string, max: number): boolean {
    const count = this.#counts.get(group) ?? 0;
    if (max > 0 && count >= max) return false;
    this.#counts.set(group, count + 1);
    return true;
  }

  /** How many there are of one. */
  of(group: string): number {
    return this.#counts.get(group) ?? 0;
  }

  /** One less; for each that has entered once. */
  leave(group: string): void {
    const count = this.#counts.get(group) ?? 0;
    if (count > 1) this.#counts.set(group, count - 1);
    else this.#counts.delete(group);
  }

  /** Addresses there are. */
  get size(): number {
    return this.#counts.size;
  }
}
