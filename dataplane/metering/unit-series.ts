import { otherConsumer, type UsageKey } from '#snapshot/usage.ts';

/** Most series of the metric; others are counted together. */
const seriesMax = 1000;

/** Units of a consumer by one plan, over all routes. */
export interface UnitSeries {
  readonly plan: string;
  readonly consumer: string;
  units: number;
}

/** What is told of units in metrics: as many series as there may be, whoever calls. */
export class UnitsBySeries {
  readonly #series = new Map<string, UnitSeries>();

  /** The series that the units of `key` go to, from now on and for ever. */
  of({ plan, consumer }: UsageKey): UnitSeries {
    const found = this.#series.get(`${plan} ${consumer}`);
    if (found !== undefined) return found;
    const isOther = this.#series.size >= seriesMax || consumer === otherConsumer;
    const [name, its] = isOther ? [otherConsumer, ''] : [consumer, plan];
    const known = this.#series.get(`${its} ${name}`);
    if (known !== undefined) return known;
    const made: UnitSeries = { plan: its, consumer: name, units: 0 };
    this.#series.set(`${its} ${name}`, made);
    return made;
  }

  /** With what the accounts have that is not told yet. */
  with(open: Iterable<UsageKey & { readonly units: number }>): readonly Readonly<UnitSeries>[] {
    const told = new Map([...this.#series.values()].map((series) => [series, series.units]));
    for (const usage of open) {
      const series = this.of(usage);
      told.set(series, (told.get(series) ?? 0) + usage.units);
    }
    return [...told].map(([{ plan, consumer }, units]) => ({ plan, consumer, units }));
  }
}
