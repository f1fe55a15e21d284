// Puts results where readers find them: docs/performance.md (the tables between its two marks), the plot, all figures as JSON.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { plotOf } from './plot.ts';
import type { Results } from './results.ts';
import { pageOf } from './tables.ts';

const docs = path.join(import.meta.dirname, '../../docs');

const pictured =
  '![Cost of each proxy in each work, in relation to nginx or what else the work is measured by](performance.svg)';
const allFigures = 'All figures of all rounds are in [performance.json](performance.json).';

/** The file with all figures of what was published last. */
export const publishedFile = path.join(docs, 'performance.json');

/** Writes the three of them. */
export async function publish(results: Results): Promise<void> {
  const file = path.join(docs, 'performance.md');
  const text = await readFile(file, 'utf8');
  const marks = /(<!-- bench: begin -->)[^]*(<!-- bench: end -->)/;
  if (!marks.test(text)) throw new Error('docs/performance.md has lost the marks of the bench');
  await writeFile(
    file,
    text.replace(marks, (_, begin, end) =>
      [begin, pictured, pageOf(results).trim(), allFigures, end].join('\n\n'),
    ),
  );
  await writeFile(path.join(docs, 'performance.svg'), plotOf(results));
  await writeFile(publishedFile, `${JSON.stringify(results)}\n`);
}
