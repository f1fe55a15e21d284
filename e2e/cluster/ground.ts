/** What a cluster stands on and what it leaves: folders, control group, network, mounts. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ClusterError } from './cluster-error.ts';
import { outputOf } from './command.ts';
import { controlGroupExists, createControlGroup, removeControlGroup } from './control-group.ts';
import { noteKernelSettings, restoreKernelSettings } from './kernel-settings.ts';
import { createNetwork, removeNetwork } from './node-network.ts';
import type { Site } from './site.ts';
import { podNetworkName, writeSiteFiles } from './site-files.ts';

/** Whether there is nothing of the cluster, all that it stands on, or what is left of one that was cut off. */
export async function groundOf(site: Site): Promise<'nothing' | 'whole' | 'remains'> {
  const found = [
    existsSync(madeMark(site)),
    existsSync(site.runFolder),
    existsSync(site.network),
    await controlGroupExists(site.controlGroup),
  ];
  if (found.every(Boolean)) return 'whole';
  if (existsSync(site.network) && !existsSync(site.runFolder)) {
    const remedy = 'choose another --name';
    throw new ClusterError('command', `${site.network} is there and not the harness's: ${remedy}`);
  }
  return found.some(Boolean) || existsSync(site.folder) ? 'remains' : 'nothing';
}

/** Makes what the servers of a new cluster need. */
export async function makeGround(site: Site): Promise<void> {
  await noteKernelSettings();
  await mkdir(site.runFolder, { recursive: true, mode: 0o711 });
  await mkdir(site.folder, { recursive: true });
  await Promise.all([createControlGroup(site.controlGroup), createNetwork(site), writeSiteFiles(site)]);
  await writeFile(madeMark(site), '');
}

/** Ends whatever runs in the cluster's control group, unmounts, and removes all there is of the cluster. */
export async function clearGround(site: Site): Promise<void> {
  const sockets = await shimSockets(site);
  await removeControlGroup(site.controlGroup);
  await unmountBelow([site.folder, site.runFolder]);
  for (const network of await networksOf(site)) await removeNetwork(network);
  await Promise.all(sockets.map(async (socket) => rm(socket, { force: true })));
  await removeEntries('/var/log/containers', async (link) =>
    (await readlink(link).catch(() => '')).startsWith(`${site.podLogs}/`),
  );
  await removePodNetworkResults(site);
  await rm(site.folder, { recursive: true, force: true });
  await rm(site.runFolder, { recursive: true, force: true });
  await restoreKernelSettings();
}

/** The names of the network namespaces that belong to the cluster: its own, and its clients'. */
async function networksOf(site: Site): Promise<readonly string[]> {
  if (!existsSync(site.runFolder)) return [];
  const clients = await readdir(path.join(site.runFolder, 'clients')).catch(() => []);
  return [...clients, site.name];
}

function madeMark(site: Site): string {
  return path.join(site.folder, 'made');
}

/** Where the shims of the cluster's containers listen: in a folder that all containerds of a machine share. */
export async function shimSockets(site: Site): Promise<readonly string[]> {
  const tasks = path.join(site.containerd.state, 'io.containerd.runtime.v2.task', 'k8s.io');
  const ids = await readdir(tasks).catch(() => []);
  const files = ids.map(async (id) => readFile(path.join(tasks, id, 'address'), 'utf8').catch(() => ''));
  return (await Promise.all(files)).map((address) => address.replace('unix://', '')).filter(Boolean);
}

async function unmountBelow(folders: readonly string[]): Promise<void> {
  const found = await mountsBelow(folders);
  if (found.length > 0) await outputOf('umount', ['--no-canonicalize', ...found]).catch(() => undefined);
  const busy = await mountsBelow(folders);
  // Whoever still looks into one of them keeps it; nobody finds it any more.
  if (busy.length > 0) await outputOf('umount', ['--lazy', '--no-canonicalize', ...busy]);
  const left = await mountsBelow(folders);
  if (left.length > 0) throw new ClusterError('command', `Still mounted: ${left.join(' ')}`);
}

/** The mount points at or below the folders, the deepest and latest first. */
async function mountsBelow(folders: readonly string[]): Promise<readonly string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const points = lines.map((line) => (line.split(' ')[4] ?? '').replaceAll('\\040', ' '));
  return points
    .filter((point) => folders.some((folder) => point === folder || point.startsWith(`${folder}/`)))
    .reverse();
}

/** CNI notes for each pod what it was given, in a folder that all networks of a machine share. */
async function removePodNetworkResults(site: Site): Promise<void> {
  const folder = '/var/lib/cni/results';
  const [before, after] = [`${podNetworkName(site)}-`, '-eth0'];
  const names = await readdir(folder).catch(() => []);
  const ours = names.filter((name) => name.startsWith(before) && name.endsWith(after));
  const pods = new Set(ours.map((name) => name.slice(before.length, -after.length)));
  await removeEntries(folder, (file) => [...pods].some((pod) => file.includes(`-${pod}-`)));
}

async function removeEntries(
  folder: string,
  isOurs: (file: string) => boolean | Promise<boolean>,
): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const file = path.join(folder, name);
    if (await isOurs(file)) await rm(file, { force: true });
  }
}
