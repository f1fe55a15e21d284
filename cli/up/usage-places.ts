// Whether what Consumers use can be written where the options of turnpike up say, asked before anything starts.
import { mkdir, mkdtemp, open, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { UpOptions } from './options.ts';

/** What is wrong with the folder of the journal, or the file of events, and what to do; null: both can be written. */
export async function usagePlaceProblem({
  usageJournal,
  usageEvents,
}: Pick<UpOptions, 'usageJournal' | 'usageEvents'>): Promise<string | null> {
  try {
    if (usageJournal !== null) await writeInto(usageJournal);
  } catch (error) {
    return `--usage-journal ${usageJournal}: nothing can be written into this folder (${reasonOf(error)}): let it be written, or name another folder`;
  }
  try {
    if (usageEvents !== null) await (await open(usageEvents, 'a', 0o600)).close();
  } catch (error) {
    return `--usage-events ${usageEvents}: this file cannot be written (${reasonOf(error)}): let it be written, or name another file`;
  }
  return null;
}

/** Only writing tells: a folder may have all rights and lie on a disk that takes nothing. */
async function writeInto(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await rmdir(await mkdtemp(path.join(folder, '.turnpike-')));
}

/** As node:fs tells it, without the call and the path behind. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/, \w+ '.*$/s, '');
}
