/** How often an entry of `authorize` did not hold. */
export interface RefusalCount {
  readonly policy: string;
  readonly entry: string;
  readonly mode: 'Enforce' | 'Shadow';
  refused: number;
}

/** Counts by policy, entry and mode. Weak: a count lives as long as a filter counts with it. */
export class RefusalCounts {
  readonly #counts = new Map<string, WeakRef<RefusalCount>>();

  /** The count of this entry, which goes on where an earlier filter left it. */
  of(policy: string, entry: string, mode: RefusalCount['mode']): RefusalCount {
    const key = `${policy} ${entry} ${mode}`;
    const count = this.#counts.get(key)?.deref() ?? { policy, entry, mode, refused: 0 };
    this.#counts.set(key, new WeakRef(count));
    return count;
  }

  /** All that still count. */
  all(): readonly Readonly<RefusalCount>[] {
    const counts: RefusalCount[] = [];
    for (const [key, reference] of this.#counts) {
      const count = reference.deref();
      if (count === undefined) this.#counts.delete(key);
      else counts.push(count);
    }
    return counts;
  }
}
