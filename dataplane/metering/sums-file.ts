// The file of what segments told that are gone: a line of what it holds, then a line for each sum.
import { parseJson } from '#snapshot/decode.ts';
import * as shape from '#snapshot/shape.ts';
import { type Shape, object } from '#snapshot/shape.ts';
import { usageLossShape, usageSumShape, type UsageLoss, type UsageSum } from '#snapshot/usage.ts';
import { open, readFile, rename } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { isMissing } from './folder.ts';

/** What the sums of a file are made of. */
export interface Folding {
  /** What is counted of data planes that did not tell an end; the newest last. */
  readonly losses: readonly UsageLoss[];
  /** By journal, the number of the last segment that is in the sums: such as are there still count no more. */
  readonly folded: Readonly<Record<string, number>>;
  /** Journals whose file of sums is in this one: such as are there still count no more. */
  readonly merged: readonly string[];
}

export interface FoldedUsage extends Folding {
  readonly sums: readonly UsageSum[];
}

const foldingShape: Shape<Folding> = object({
  losses: shape.list(usageLossShape),
  folded: shape.record(/^[^~/]+$/, shape.integer(0), Number.MAX_SAFE_INTEGER),
  merged: shape.list(shape.text),
});

/** Lines after which others get their turn on the loop. */
const linesAtATime = 2000;

/** What the file tells; null where it is gone. Rejects for one that cannot be read. */
export async function readSums(file: string): Promise<FoldedUsage | null> {
  try {
    const [first = '', ...lines] = (await readFile(file, 'utf8')).trimEnd().split('\n');
    const folding = foldingShape(parseJson(first));
    const sums: UsageSum[] = [];
    for (const line of lines) {
      sums.push(usageSumShape(parseJson(line)));
      if (sums.length % linesAtATime === 0) await setImmediate();
    }
    return { ...folding, sums };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Puts it there, whole or not at all. */
export async function writeSums(file: string, folding: Folding, sums: Iterable<UsageSum>): Promise<void> {
  const temporary = `${file}.tmp`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    let text = `${JSON.stringify(folding)}\n`;
    let lines = 0;
    for (const sum of sums) {
      text += `${JSON.stringify(sum)}\n`;
      lines += 1;
      if (lines % linesAtATime !== 0) continue;
      await handle.appendFile(text);
      text = '';
    }
    await handle.appendFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
