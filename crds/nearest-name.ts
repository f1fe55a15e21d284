// Which of the names that are known somebody meant who wrote another.

/** So many letters may be wrong, missing or too many. */
const slipsMax = 2;

/** The one of `known` that `name` is nearly, or the beginning or the last words of, or whose first or last words it is; undefined
 * when none is. Case does not count. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const written = singular(name.toLowerCase());
  const [nearest] = known
    .map((one) => ({ one, slips: slipsBetween(written, singular(one.toLowerCase())) }))
    .filter(({ one, slips }) => slips <= slipsMax && slips * 2 < one.length)
    .toSorted((a, b) => a.slips - b.slips);
  if (nearest !== undefined || written.length <= slipsMax) return nearest?.one;
  const begun = known.find((one) => one.toLowerCase().startsWith(written));
  const ended = known.filter((one) => one.endsWith(capitalized(written)));
  const shorter = known.filter(
    (one) =>
      name.endsWith(capitalized(one)) || (name.startsWith(one) && /^[A-Z]/.test(name.slice(one.length))),
  );
  return (
    begun ?? (ended.length === 1 ? ended[0] : undefined) ?? (shorter.length === 1 ? shorter[0] : undefined)
  );
}

function singular(word: string): string {
  return word.replace(/ies$/, 'y');
}

function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** Levenshtein's distance; infinite where the lengths alone tell that it is more than counts. */
function slipsBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > slipsMax) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j += 1) {
      const same = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(same, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
