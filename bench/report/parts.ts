// What a bench of several parts found, as Markdown between its two marks in docs/performance.md, and as JSON.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { table } from './tables.ts';

/** Rows for the table of goals, and a table of its own, if there is more to tell. */
export interface Measured {
  readonly goals: readonly GoalRow[];
  readonly heads?: readonly string[];
  readonly rows?: readonly (readonly string[])[];
}

/** What was aimed at and came out. */
export interface GoalRow {
  readonly what: string;
  readonly measured: string;
  readonly goal: string;
  /** Null: what was measured is too uncertain to say. */
  readonly isMet: boolean | null;
}

/** By the names of parts. */
export interface PartResults {
  readonly machine: string;
  readonly parts: Readonly<Record<string, PartResult>>;
}

export interface PartResult extends Measured {
  readonly title: string;
  readonly measuredAt: string;
}

const docs = path.join(import.meta.dirname, '../../docs');

/** All that there is to tell: what was aimed at and came out, then each part that has more. */
export function partsPage({ machine, parts }: PartResults): string {
  const all = Object.values(parts);
  const goals = all.flatMap((part) => part.goals);
  const rows = goals.map(({ what, measured, goal, isMet }) => [what, measured, goal, verdictOf(isMet)]);
  const more = all.flatMap(({ title, measuredAt, heads, rows }) =>
    heads === undefined || rows === undefined
      ? []
      : [`### ${title}`, `Measured ${measuredAt.slice(0, 10)}.`, table(heads, rows)],
  );
  return [`On ${machine}.`, table(['what', 'measured', 'goal', ''], rows), ...more].join('\n\n');
}

function verdictOf(isMet: GoalRow['isMet']): string {
  if (isMet === null) return 'not measured well enough';
  return isMet ? 'met' : 'missed';
}

/**
 * Writes both for the bench of this name: between `<!-- NAME: begin -->` and its end, and `performance-NAME.json`. Parts
 * that were not measured stay as they were.
 */
export async function publishParts(
  name: string,
  results: PartResults,
  order: readonly string[],
): Promise<void> {
  const file = path.join(docs, `performance-${name}.json`);
  const before = await readFile(file, 'utf8').then(
    (text) => (JSON.parse(text) as PartResults).parts,
    () => ({}),
  );
  const found: Readonly<Record<string, PartResult>> = { ...before, ...results.parts };
  const parts = Object.fromEntries(
    order.flatMap((name) => (found[name] === undefined ? [] : [[name, found[name]]])),
  );
  const page = path.join(docs, 'performance.md');
  const text = await readFile(page, 'utf8');
  const marks = new RegExp(`(<!-- ${name}: begin -->)[^]*(<!-- ${name}: end -->)`);
  if (!marks.test(text)) throw new Error(`docs/performance.md has lost the marks of the bench of ${name}`);
  const whole = { machine: results.machine, parts };
  const between = partsPage(whole);
  await writeFile(
    page,
    text.replace(marks, (_, begin, end) => [begin, between, end].join('\n\n')),
  );
  await writeFile(file, `${JSON.stringify(whole, null, 1)}\n`);
}
