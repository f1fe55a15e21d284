import { WeakValues } from '#dataplane/http/weak-values.ts';

/** How often an entry of `authorize` did not hold. */
export interface RefusalCount {
  readonly policy: string;
  readonly entry: string;
  readonly mode: 'Enforce' | 'Shadow';
  refused: number;
}

/** Counts by policy, entry and mode. Weak: a count lives as long as a filter counts with it. */
export class RefusalCounts {
  readonly #counts = new WeakValues<string, RefusalCount>();

  /** The count of this entry, which goes on where an earlier filter left it. */
  of(policy: string, entry: string, mode: RefusalCount['mode']): RefusalCount {
    return this.#counts.of(`${policy} ${entry} ${mode}`, () => ({ policy, entry, mode, refused: 0 }));
  }

  /** All that still count. */
  all(): readonly Readonly<RefusalCount>[] {
    return Array.from(this.#counts, ([, count]) => count);
  }
}
