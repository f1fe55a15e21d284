// Which files there are in a folder of journals, and whose they are. Several data planes may share it: each writes to
// files of its own name alone, and what one leaves behind another makes its own by renaming it, which one alone can do.
import { readdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';

/** A closed or open part of a journal, in the hands of `holder`: the journal itself, or one that has taken it over. */
export interface SegmentFile {
  readonly holder: string;
  readonly journal: string;
  readonly segment: number;
  /** Whoever is told what was used has been told of it. */
  readonly isSent: boolean;
  readonly path: string;
}

/** What a journal has told of segments that are gone. */
export interface SumsFile {
  readonly holder: string;
  readonly journal: string;
  readonly path: string;
}

export interface JournalFiles {
  /** By journal, and by number within. */
  readonly segments: readonly SegmentFile[];
  readonly sums: readonly SumsFile[];
}

const journalName = String.raw`[^~/]+\.[0-9a-f]{12}`;
const pattern = new RegExp(
  `^(?:(${journalName})~)?(${journalName})\\.(?:([0-9]{6,})(\\.sent)?\\.jsonl|sums\\.jsonl)$`,
);

/** The files in `folder`; none where there is no such folder. Rejects as node:fs does for all else. */
export async function filesIn(folder: string): Promise<JournalFiles> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const segments: SegmentFile[] = [];
  const sums: SumsFile[] = [];
  for (const name of names) {
    const [, taker, journal, segment, sent] = pattern.exec(name) ?? [];
    if (journal === undefined) continue;
    const file = { holder: taker ?? journal, journal, path: path.join(folder, name) };
    if (segment === undefined) sums.push(file);
    else segments.push({ ...file, segment: Number(segment), isSent: sent !== undefined });
  }
  segments.sort((a, b) => (a.journal === b.journal ? a.segment - b.segment : a.journal < b.journal ? -1 : 1));
  return { segments, sums };
}

/** The name of the file in which a journal is summed up. */
export function sumsName(journal: string): string {
  return `${journal}.sums.jsonl`;
}

/** The name of a segment of a journal. */
export function segmentName(journal: string, segment: number): string {
  return `${journal}.${String(segment).padStart(6, '0')}.jsonl`;
}

/** Remembers in the name of a segment that it is sent. */
export async function markSent(file: SegmentFile): Promise<void> {
  await rename(file.path, file.path.replace(/\.jsonl$/, '.sent.jsonl'));
}

/** Makes `file` the holder's; false when somebody else was faster. */
export async function takeFile(file: SegmentFile | SumsFile, holder: string): Promise<boolean> {
  const [name = ''] = path.basename(file.path).split('~').slice(-1);
  try {
    await rename(file.path, path.join(path.dirname(file.path), `${holder}~${name}`));
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** When something was written last, by the clock of the file system; 0 where it is gone. */
export async function writtenMs(file: string): Promise<number> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
