import { withLabel } from './exposition.ts';
import type { Sample } from './exposition.ts';

/** Upper bounds in milliseconds; above the last is +Inf. */
const boundsMs = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000] as const;
const boundLabels = boundsMs.map((ms) => String(ms / 1000));

/**
 * How long requests took, in buckets.
 *
 * Hot path: one preallocated typed array, and a search from below, where nearly all requests are.
 */
export class DurationHistogram {
  readonly #counts = new Float64Array(boundsMs.length + 1);
  #sumMs = 0;

  record(ms: number): void {
    let at = 0;
    while (at < boundsMs.length && ms > (boundsMs[at] ?? 0)) at += 1;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sumMs += ms;
  }

  /** The samples in seconds, buckets cumulative (Prometheus histogram). */
  *samples(labels: string): Generator<Sample> {
    let count = 0;
    for (const [at, label] of boundLabels.entries()) {
      count += this.#counts[at] ?? 0;
      yield { suffix: '_bucket', labels: withLabel(labels, 'le', label), value: count };
    }
    count += this.#counts[boundsMs.length] ?? 0;
    yield { suffix: '_bucket', labels: withLabel(labels, 'le', '+Inf'), value: count };
    yield { suffix: '_sum', labels, value: this.#sumMs / 1000 };
    yield { suffix: '_count', labels, value: count };
  }
}
