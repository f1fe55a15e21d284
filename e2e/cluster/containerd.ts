import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { outputOf } from './command.ts';
import type { Site } from './site.ts';

/** Runs ctr in the namespace of containerd that Kubernetes uses, and resolves with what it prints. */
export async function ctr(site: Site, args: readonly string[], deadlineMs = 60_000): Promise<string> {
  return outputOf('ctr', ['--address', site.containerd.socket, '--namespace', 'k8s.io', ...args], {
    deadlineMs,
  });
}

/** True when containerd accepts connections, else undefined. */
export async function containerdAnswers(site: Site): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(site.containerd.socket);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(undefined));
  });
}

type ArchiveEntry = { readonly Config: string; readonly RepoTags: readonly string[] };

/** The images in an archive as `docker save` writes it: the digest of each's configuration, and its names. */
async function imagesIn(archive: string): Promise<readonly ArchiveEntry[]> {
  return JSON.parse(
    await outputOf('tar', ['-xOf', archive, 'manifest.json'], { deadlineMs: 60_000 }),
  ) as readonly ArchiveEntry[];
}

/** The names of the images in an archive, in the archive's order. */
export async function namesIn(archive: string): Promise<readonly string[]> {
  return (await imagesIn(archive)).flatMap(({ RepoTags }) => RepoTags);
}

/** Imports the archive unless this containerd has these very images by these names, and resolves with the names. */
export async function importArchive(site: Site, archive: string): Promise<readonly string[]> {
  const images = await imagesIn(archive);
  const marks = images.flatMap(({ Config, RepoTags }) =>
    RepoTags.map((name) =>
      path.join(site.folder, 'images', `${encodeURIComponent(name)}@${path.basename(Config)}`),
    ),
  );
  const names = images.flatMap(({ RepoTags }) => RepoTags);
  if (marks.every((mark) => existsSync(mark))) return names;
  await ctr(site, ['images', 'import', archive], 300_000);
  await mkdir(path.join(site.folder, 'images'), { recursive: true });
  for (const mark of marks) await writeFile(mark, '');
  return names;
}
