/**
 * Images of one static program, written as `docker save` writes them: nothing but the program is in them, so nothing is needed
 * to make them but tar.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { outputOf } from './command.ts';

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Writes to `archive` an image named `name` that runs `program` as `user`. */
export async function writeScratchImage(
  archive: string,
  image: { readonly name: string; readonly program: string; readonly user: string },
): Promise<void> {
  const draft = await mkdtemp(`${archive}.`);
  try {
    const layer = path.join(draft, 'layer.tar');
    await mkdir(path.join(draft, 'root'));
    await copyFile(image.program, path.join(draft, 'root', 'program'));
    const same = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name', '--mtime=@0'];
    await outputOf('tar', [...same, '-C', path.join(draft, 'root'), '-cf', layer, 'program']);
    const config = JSON.stringify({
      architecture: architectures[os.arch()] ?? os.arch(),
      os: 'linux',
      config: { User: image.user, Entrypoint: ['/program'], WorkingDir: '/' },
      rootfs: { type: 'layers', diff_ids: [`sha256:${await sha256(layer)}`] },
    });
    const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
    await writeFile(path.join(draft, configName), config);
    const manifest = [{ Config: configName, RepoTags: [image.name], Layers: ['layer.tar'] }];
    await writeFile(path.join(draft, 'manifest.json'), JSON.stringify(manifest));
    await outputOf('tar', [...same, '-C', draft, '-cf', archive, 'manifest.json', configName, 'layer.tar']);
  } finally {
    await rm(draft, { recursive: true });
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
