/** Something and its share of the picks. */
export interface Weighted<T> {
  readonly value: T;
  readonly weight: number;
}

/**
 * Picks by smooth weighted round robin (nginx's balancer): over as many picks as the weights sum up to, each value
 * comes exactly as often as it weighs, spread as evenly as can be. Null when there is nothing with a weight above 0.
 * It counts on from pick to pick, so it belongs to one thread and one set of weights.
 *
 * Hot path: a pick makes nothing; its cost is one pass over the values.
 */
export function weightedPick<T>(all: readonly Weighted<T>[]): () => T | null {
  const candidates = all.filter(({ weight }) => weight > 0);
  const [only] = candidates;
  if (only === undefined) return () => null;
  // What is made for one of them keeps nothing else: of thousands of backends nearly all are alone.
  return candidates.length === 1 ? always(only.value) : roundRobin(candidates);
}

function always<T>(value: T): () => T {
  return () => value;
}

function roundRobin<T>(candidates: readonly Weighted<T>[]): () => T | null {
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  const credits = new Float64Array(candidates.length);
  return () => {
    let best = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < credits.length; index += 1) {
      const credit = (credits[index] ?? 0) + (candidates[index]?.weight ?? 0);
      credits[index] = credit;
      if (credit > most) {
        most = credit;
        best = index;
      }
    }
    credits[best] = most - total;
    return candidates[best]?.value ?? null;
  };
}
