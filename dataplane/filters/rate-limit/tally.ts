/** How the requests of one rule fared. Unknown: the counters could not be asked. Skipped: no key, not limited. */
export type Decision = 'Admitted' | 'Refused' | 'Unknown' | 'Skipped';

/** All decisions, for metrics: a closed list. */
export const decisions = ['Admitted', 'Refused', 'Unknown', 'Skipped'] as const satisfies readonly Decision[];

/** Counts decisions of one rule. */
export class Tally {
  readonly #counts: Record<Decision, number> = { Admitted: 0, Refused: 0, Unknown: 0, Skipped: 0 };

  count(decision: Decision): void {
    this.#counts[decision] += 1;
  }

  get counts(): Readonly<Record<Decision, number>> {
    return this.#counts;
  }
}
