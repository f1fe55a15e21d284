// What was used, as people read it.
import { plainText } from '../plain-text.ts';
import type { UsageKey, UsageLoss, UsageSum } from '#snapshot/usage.ts';

/** Units of one key in the whole period. */
export interface UsedUnits extends UsageKey {
  readonly units: number;
}

/** What was used in a period: a part of a time as ISO 8601 tells it in UTC, such as `2026-11` or `2026-11-23T04`. */
export function usedIn(
  period: string,
  consumer: string | null,
  sums: readonly UsageSum[],
): readonly UsedUnits[] {
  const found = new Map<string, UsedUnits>();
  for (const { consumer: whose, plan, route, units, hourMs } of sums) {
    if (!isIn(period, hourMs) || (consumer !== null && whose !== consumer)) continue;
    const key = `${whose} ${plan} ${route}`;
    found.set(key, { consumer: whose, plan, route, units: units + (found.get(key)?.units ?? 0) });
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, used]) => used);
}

/** What was leased in a period by data planes that did not tell what they used of it. */
export function lostIn(
  period: string,
  consumer: string | null,
  losses: readonly UsageLoss[],
): readonly UsageLoss[] {
  return losses
    .filter((loss) => isIn(period, loss.fromMs) && (consumer === null || loss.consumer === consumer))
    .sort((a, b) => a.fromMs - b.fromMs);
}

/** Whether `text` can be a period. */
export function isPeriod(text: string): boolean {
  return /^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2})?)?)?$/.test(text);
}

function isIn(period: string, timeMs: number): boolean {
  return new Date(timeMs).toISOString().startsWith(period);
}

/** Columns under their titles; numbers to the right. */
export function table(titles: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const widths = titles.map((title, at) =>
    Math.max(title.length, ...rows.map((row) => String(row[at] ?? '').length)),
  );
  const isNumber = titles.map((_, at) => typeof rows[0]?.[at] === 'number');
  const line = (cells: readonly (string | number)[]): string =>
    cells
      .map((cell, at) => {
        const width = widths[at] ?? 0;
        return isNumber[at] === true ? String(cell).padStart(width) : String(cell).padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [titles, ...rows].map((cells) => `${plainText(line(cells))}\n`).join('');
}
