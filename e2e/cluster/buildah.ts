import path from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { outputOf } from './command.ts';
import { needPackages } from './debian.ts';

const deadlineMs = 600_000;

/** A buildah with a storage of its own in the cache folder: it neither sees nor touches the machine's images. */
export interface Buildah {
  /** Runs one command and resolves with what it printed. */
  run(...words: readonly string[]): Promise<string>;
  has(image: string): Promise<boolean>;
}

/** The buildah of this machine, installed if need be; `storage` names the storage. */
export async function findBuildah(storage: string): Promise<Buildah> {
  const folder = path.join(cacheFolder(), storage);
  const options = [
    '--root',
    path.join(folder, 'root'),
    '--runroot',
    path.join(folder, 'run'),
    '--storage-driver',
    'overlay',
  ];
  // No user namespace, no network of its own: this works in a container as well.
  const env = { ...process.env, BUILDAH_ISOLATION: 'chroot' };
  const run = async (...words: readonly string[]) =>
    outputOf('buildah', [...options, ...words], { env, deadlineMs });
  await needPackages([['buildah', 'buildah']]);
  return {
    run,
    async has(image) {
      const names = await run('images', '--format', '{{.Name}}:{{.Tag}}');
      return names.split('\n').includes(image);
    },
  };
}
