/**
 * The settings of the whole machine that a kubelet changes when it starts. They are noted before the first cluster comes up
 * and put back when the last one is down.
 */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runRoot } from './site.ts';

const settings = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];

const note = path.join(runRoot, '.kernel-settings.json');

/** Notes what they are, unless that is noted already. */
export async function noteKernelSettings(): Promise<void> {
  await mkdir(runRoot, { recursive: true });
  const found = settings.map(
    async (name) => [name, await readFile(path.join('/proc/sys', name), 'utf8')] as const,
  );
  const values = Object.fromEntries(await Promise.all(found));
  await writeFile(note, JSON.stringify(values), { flag: 'wx' }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
}

/** Puts them back when no cluster is left on the machine. */
export async function restoreKernelSettings(): Promise<void> {
  const clusters = await readdir(runRoot).catch(() => []);
  if (clusters.some((name) => !name.startsWith('.'))) return;
  const text = await readFile(note, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  for (const [name, value] of Object.entries(JSON.parse(text) as Record<string, string>))
    await writeFile(path.join('/proc/sys', name), value);
  await rm(note);
}
