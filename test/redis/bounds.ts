// What may pass at most, told of the times at which requests passed.

/** By how many more than `perMs` each passed in the worst of all spans of time: a bucket lets its burst. */
export function mostBeyond(admitted: readonly number[], perMs: number): number {
  let least = 0;
  let most = 0;
  for (const [before, ms] of admitted.entries()) {
    least = Math.min(least, before - perMs * ms);
    most = Math.max(most, before + 1 - perMs * ms - least);
  }
  return most;
}

/** How many passed in each of the first `windows` of `lengthMs`. */
export function byWindow(admitted: readonly number[], lengthMs: number, windows: number): readonly number[] {
  const counts = Array.from({ length: windows }, () => 0);
  for (const ms of admitted) {
    const at = Math.floor(ms / lengthMs);
    if (at < windows) counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/** How many passed in the worst of all spans of `lengthMs`. */
export function mostWithin(admitted: readonly number[], lengthMs: number): number {
  let from = 0;
  let most = 0;
  for (const [at, ms] of admitted.entries()) {
    while ((admitted[from] ?? ms) <= ms - lengthMs) from += 1;
    most = Math.max(most, at + 1 - from);
  }
  return most;
}
