// What the bench of limits found, as Markdown between its two marks in docs/performance.md, and as JSON.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { table } from '../report/tables.ts';
import type { Measured } from './part.ts';

/** By the names of parts. */
export interface LimitResults {
  readonly machine: string;
  readonly parts: Readonly<Record<string, PartResult>>;
}

export interface PartResult extends Measured {
  readonly title: string;
  readonly measuredAt: string;
}

const docs = path.join(import.meta.dirname, '../../docs');
const file = path.join(docs, 'performance-limits.json');

/** All that there is to tell: what was aimed at and came out, then each part that has more. */
export function limitsPage({ machine, parts }: LimitResults): string {
  const all = Object.values(parts);
  const goals = all.flatMap((part) => part.goals);
  const rows = goals.map(({ what, measured, goal, isMet }) => [
    what,
    measured,
    goal,
    isMet ? 'met' : 'missed',
  ]);
  const more = all.flatMap(({ title, measuredAt, heads, rows }) =>
    heads === undefined || rows === undefined
      ? []
      : [`### ${title}`, `Measured ${measuredAt.slice(0, 10)}.`, table(heads, rows)],
  );
  return [`On ${machine}.`, table(['what', 'measured', 'goal', ''], rows), ...more].join('\n\n');
}

/** Writes both; parts that were not measured stay as they were. */
export async function publishLimits(results: LimitResults, order: readonly string[]): Promise<void> {
  const before = await readFile(file, 'utf8').then(
    (text) => (JSON.parse(text) as LimitResults).parts,
    () => ({}),
  );
  const found: Readonly<Record<string, PartResult>> = { ...before, ...results.parts };
  const parts = Object.fromEntries(
    order.flatMap((name) => (found[name] === undefined ? [] : [[name, found[name]]])),
  );
  const page = path.join(docs, 'performance.md');
  const text = await readFile(page, 'utf8');
  const marks = /(<!-- limits: begin -->)[^]*(<!-- limits: end -->)/;
  if (!marks.test(text)) throw new Error('docs/performance.md has lost the marks of the bench of limits');
  const whole = { machine: results.machine, parts };
  const between = limitsPage(whole);
  await writeFile(
    page,
    text.replace(marks, (_, begin, end) => [begin, between, end].join('\n\n')),
  );
  await writeFile(file, `${JSON.stringify(whole, null, 1)}\n`);
}
