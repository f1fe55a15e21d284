// A backend whose capacity is known, under a clock that is told: so many requests are worked on at a time, and others queue.
import type { Bound } from '#dataplane/filters/rate-limit/algorithms/bound.ts';

/** What holds from `fromMs` on. */
export interface Phase {
  readonly fromMs: number;
  /** Requests that are worked on at a time, each for `workMs` on average. */
  readonly workers: number;
  readonly workMs: number;
  /** Requests that come in a second. */
  readonly comeEachS: number;
  /** With more under way it answers at once that it fails; never unless told. */
  readonly failsBeyond?: number;
}

/** A request: `latencyMs` is null where it was refused. */
export interface Fate {
  readonly cameMs: number;
  readonly latencyMs: number | null;
  readonly failed: boolean;
}

/** What becomes of all requests that come until `endMs`. `random`: 0 to 1. */
export function simulated(
  bound: Bound,
  phases: readonly Phase[],
  { endMs, random }: { readonly endMs: number; readonly random: () => number },
): readonly Fate[] {
  const fates: Fate[] = [];
  const queue: number[] = [];
  const working: { readonly sentMs: number; readonly doneMs: number }[] = [];
  let now = 0;
  const phase = (): Phase => phases.findLast(({ fromMs }) => fromMs <= now) ?? fail();
  const some = (mean: number): number => -Math.log(1 - random()) * mean;
  const over = (cameMs: number, failed: boolean): void => {
    bound.answered(cameMs, now, failed);
    fates.push({ cameMs, latencyMs: now - cameMs, failed });
  };
  const work = (): void => {
    while (working.length < phase().workers && queue.length > 0) {
      working.push({ sentMs: queue.shift() ?? 0, doneMs: now + some(phase().workMs) });
    }
    working.sort((a, b) => a.doneMs - b.doneMs);
  };
  const come = (): void => {
    if (!bound.hasRoom) {
      fates.push({ cameMs: now, latencyMs: null, failed: false });
      return;
    }
    bound.sent();
    if (queue.length + working.length >= (phase().failsBeyond ?? Infinity)) over(now, true);
    else queue.push(now);
    work();
  };
  let comesMs = 0;
  while (now < endMs) {
    const [first] = working;
    if (first !== undefined && first.doneMs <= comesMs) {
      now = first.doneMs;
      working.shift();
      over(first.sentMs, false);
      work();
    } else {
      now = comesMs;
      come();
      comesMs = now + some(1000 / phase().comeEachS);
    }
  }
  return fates;
}

function fail(): never {
  throw new RangeError('no phase begins at 0');
}

/** Of those that came from `fromMs` until `toMs`: answered well in a second, the 99th percentile, and the part refused. */
export function told(
  fates: readonly Fate[],
  fromMs: number,
  toMs: number,
): { readonly goodEachS: number; readonly p99Ms: number; readonly refused: number } {
  const came = fates.filter(({ cameMs }) => cameMs >= fromMs && cameMs < toMs);
  const good = came.flatMap(({ latencyMs, failed }) => (latencyMs === null || failed ? [] : [latencyMs]));
  good.sort((a, b) => a - b);
  const refused = came.filter(({ latencyMs }) => latencyMs === null).length;
  return {
    goodEachS: (good.length * 1000) / (toMs - fromMs),
    p99Ms: good[Math.floor(good.length * 0.99)] ?? 0,
    refused: refused / came.length,
  };
}

/** Random numbers that are the same each time. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
