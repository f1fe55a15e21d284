/**
 * The control group of a cluster: whatever its processes start is in it too, whoever crashed in between, so it tells
 * for certain which processes are the cluster's own. Knows both versions of control groups.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { eventually } from './eventually.ts';

const mountPoint = '/sys/fs/cgroup';
const unified = existsSync(path.join(mountPoint, 'cgroup.controllers'));

/** The group of the servers that the harness starts; pods are in groups beside it. */
const servers = 'servers';

/** The file into which a process writes its id to belong to the cluster. */
export function processesFile(controlGroup: string): string {
  return path.join(mountPoint, unified ? '' : 'pids', controlGroup, servers, 'cgroup.procs');
}

/** Makes the group in each hierarchy, as the kubelet wants to find it. */
export async function createControlGroup(controlGroup: string): Promise<void> {
  for (const root of await hierarchies()) await mkdir(path.join(root, controlGroup), { recursive: true });
  if (unified) await delegate(controlGroup);
  for (const root of await hierarchies()) await weigh(path.join(root, controlGroup));
  await mkdir(path.dirname(processesFile(controlGroup)), { recursive: true });
}

/**
 * Where cores are short a group counts as one process, however many pods it has: beside a few that compute they would hardly
 * go on, as on no node of a cluster. So this counts as eight.
 */
async function weigh(group: string): Promise<void> {
  for (const [file, weight] of [
    ['cpu.shares', 8 * 1024],
    ['cpu.weight', 8 * 100],
  ] as const) {
    const place = path.join(group, file);
    if (existsSync(place)) await writeFile(place, String(weight));
  }
}

/** In the unified hierarchy a group's children are limited only in what its parents pass on. */
async function delegate(controlGroup: string): Promise<void> {
  const controllers = await readFile(path.join(mountPoint, 'cgroup.controllers'), 'utf8');
  const words = controllers.trim().split(/\s+/);
  for (const group of ['', controlGroup]) {
    const file = path.join(mountPoint, group, 'cgroup.subtree_control');
    await writeFile(file, words.map((word) => `+${word}`).join(' ')).catch((cause: unknown) => {
      throw new ClusterError('not-permitted', `Control groups cannot be delegated by ${file}`, { cause });
    });
  }
}

async function hierarchies(): Promise<readonly string[]> {
  if (unified) return [mountPoint];
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return (
    mounts
      // On a machine with both versions runc uses the second one too.
      .filter((line) => / - cgroup2? /.test(line))
      .map((line) => line.split(' ')[4] ?? '')
      .filter((mount) => path.dirname(mount) === mountPoint)
  );
}

/** Whether anything of the group is there. */
export async function controlGroupExists(controlGroup: string): Promise<boolean> {
  return (await hierarchies()).some((root) => existsSync(path.join(root, controlGroup)));
}

/** Kills all that is in the group but this process, waits until it is gone, and removes the group. */
export async function removeControlGroup(controlGroup: string): Promise<void> {
  const roots = (await hierarchies()).map((root) => path.join(root, controlGroup));
  await eventually(`no process is left in ${controlGroup}`, async () => killAll(roots), { intervalMs: 20 });
  for (const root of roots) {
    // A group can be busy for a moment after its last process is gone.
    await eventually(`${root} is removed`, async () => removeTree(root), { intervalMs: 20 });
  }
}

async function killAll(roots: readonly string[]): Promise<true | undefined> {
  const found = new Set<number>();
  for (const root of roots) for (const id of await processesBelow(root)) found.add(id);
  for (const id of found) kill(id);
  return found.size === 0 ? true : undefined;
}

function kill(id: number): void {
  try {
    process.kill(id, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function processesBelow(group: string): Promise<readonly number[]> {
  if (!existsSync(group)) return [];
  const lines = (await readFile(path.join(group, 'cgroup.procs'), 'utf8')).split('\n').filter(Boolean);
  const ids = lines.map(Number).filter((id) => id !== process.pid);
  for (const child of await groupsIn(group)) ids.push(...(await processesBelow(child)));
  return ids;
}

async function groupsIn(group: string): Promise<readonly string[]> {
  const entries = await readdir(group, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(group, name));
}

async function removeTree(group: string): Promise<true> {
  if (!existsSync(group)) return true;
  for (const child of await groupsIn(group)) await removeTree(child);
  await rmdir(group);
  return true;
}
