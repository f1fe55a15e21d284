// Journals that nobody keeps any more: whose data plane was killed, or has ended before all of it was told.
import { open } from 'node:fs/promises';
import { filesIn, takeFile, writtenMs, type SegmentFile } from './folder.ts';
import { deadMs } from './read-usage.ts';

/**
 * Makes `own` the holder of what dead journals in `folder` have left. `beat` writes to our own, so that its file shows
 * what time it is by the clock of the file system, whatever those of the nodes show.
 */
export async function takeOver(folder: string, own: string, beat: () => Promise<void>): Promise<void> {
  const before = await filesIn(folder);
  if ([...before.segments, ...before.sums].every(({ holder }) => holder === own)) return;
  await beat();
  const { segments, sums } = await filesIn(folder);
  const others = [...segments, ...sums].filter(({ holder }) => holder !== own);
  const nowMs = await writtenMs(segments.findLast(({ journal }) => journal === own)?.path ?? '');
  for (const holder of new Set(others.map((file) => file.holder))) {
    const files = others.filter((file) => file.holder === holder);
    const written = await Promise.all(files.map((file) => writtenMs(file.path)));
    const isDead = nowMs - Math.max(...written) > deadMs || (await hasEnded(holder, segments));
    if (!isDead) continue;
    for (const file of files) await takeFile(file, own);
  }
}

/** Whether a journal says itself that nothing comes after it. */
async function hasEnded(journal: string, segments: readonly SegmentFile[]): Promise<boolean> {
  const last = segments.findLast((file) => file.journal === journal && file.holder === journal);
  if (last === undefined) return false;
  const handle = await open(last.path).catch(() => null);
  if (handle === null) return false;
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, Math.max(0, size - 64));
    return buffer.subarray(0, bytesRead).includes('"kind":"end"');
  } finally {
    await handle.close();
  }
}
