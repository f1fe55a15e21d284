// Whose journals are taken over, by the clock of the file system.
import assert from 'node:assert/strict';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { segmentName } from '#dataplane/metering/folder.ts';
import { deadMs } from '#dataplane/metering/read-usage.ts';
import { takeOver } from '#dataplane/metering/take-over.ts';
import { givenFolder } from '#test/given/folder.ts';

const own = 'edge-1.0123456789ab';
const other = 'edge-2.0123456789ab';

test('what time it is tells our own file, written just before: also where ours has rested', async () => {
  await using folder = await givenFolder();
  const file = (journal: string) => path.join(folder.path, segmentName(journal, 0));
  const write = async (journal: string, agoMs: number): Promise<void> => {
    await writeFile(file(journal), '\n');
    const then = (Date.now() - agoMs) / 1000;
    await utimes(file(journal), then, then);
  };
  await write(own, 10 * deadMs);
  await write(other, 2 * deadMs);
  let beats = 0;
  const beat = async (): Promise<void> => {
    beats += 1;
    await write(own, 0);
  };
  await takeOver(folder.path, own, beat);
  assert.equal(beats, 1);
  assert.deepEqual((await readdir(folder.path)).sort(), [
    segmentName(own, 0),
    `${own}~${segmentName(other, 0)}`,
  ]);
  await takeOver(folder.path, own, beat);
  assert.equal(beats, 1, 'there is nobody else whose time it could be about');
});

test('one that has been written to since is left to whoever does', async () => {
  await using folder = await givenFolder();
  await writeFile(path.join(folder.path, segmentName(other, 0)), '\n');
  await takeOver(folder.path, own, () => writeFile(path.join(folder.path, segmentName(own, 0)), '\n'));
  assert.deepEqual((await readdir(folder.path)).sort(), [segmentName(own, 0), segmentName(other, 0)]);
});
