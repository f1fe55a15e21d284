import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { exitOf } from './command.ts';

/** Where what was built is kept between runs: `$TURNPIKE_CACHE`, else `turnpike` in the user's cache folder. */
export function cacheFolder(): string {
  const named = process.env['TURNPIKE_CACHE'];
  if (named) return path.resolve(named);
  return path.join(process.env['XDG_CACHE_HOME'] || path.join(os.homedir(), '.cache'), 'turnpike');
}

/**
 * The folder `name` in the cache, filled by `fill` when it is not there yet. It appears whole or not at all;
 * of two runs at once, one fills and the other waits for it.
 */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const target = path.join(cacheFolder(), name);
  if (existsSync(target)) return target;
  await mkdir(cacheFolder(), { recursive: true });
  const notice = `${name}: another run is building it; waiting`;
  const release = await lock(path.join(cacheFolder(), `${name}.lock`), notice);
  try {
    if (!existsSync(target)) await fillAtomically(target, fill);
    return target;
  } finally {
    await release();
  }
}

async function fillAtomically(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const draft = `${target}.draft`;
  // The lock is ours, so what stands here is of a run that was killed.
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft);
  try {
    await fill(draft);
    await rename(draft, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/**
 * Holds a kernel lock on `file` until the returned function is called, or this process ends in whatever way.
 * Prints `notice` when it has to wait for longer than a second.
 */
export async function lock(file: string, notice: string): Promise<() => Promise<void>> {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = exitOf(holder, 'flock');
  const patience = setTimeout(() => console.log(notice), 1000);
  await Promise.race([once(holder.stdout, 'data'), ended]);
  clearTimeout(patience);
  return async () => {
    holder.stdin.end();
    await ended;
  };
}
