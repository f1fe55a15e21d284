/**
 * Images with the names of the official Debian and Node ones that the Dockerfile begins with, made of the same things:
 * Debian's packages, and Node and npm as npm's registry has them. So the Dockerfile is built as it stands where no
 * image can be pulled. They know nothing of Turnpike but the version of Node.
 */
import { copyFile, mkdir, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { cached } from '../cluster/cache-folder.ts';
import { outputOf } from '../cluster/command.ts';
import { needPackages } from '../cluster/debian.ts';
import { type Buildah, findBuildah } from '../cluster/buildah.ts';

const suite = 'trixie';
const npmVersion = '11.21.2';
// To be raised when what stands below makes other images than before.
const recipe = 1;
const deadlineMs = 600_000;

/** Where images are built, with the bases in it. */
export interface BuildPlace {
  readonly buildah: Buildah;
  /** The Debian base that also has redis-server. */
  readonly redisBase: string;
  /** Changes when the bases do. */
  readonly version: string;
}

/** Makes what is not there yet: a minute and 300 MB, once for each version of Node. */
export async function buildPlace(nodeVersion: string): Promise<BuildPlace> {
  const version = `${suite}-node-${nodeVersion}-${os.arch()}-${recipe}`;
  const buildah = await findBuildah(`images-${version}`);
  const debian = `docker.io/library/debian:${suite}-slim`;
  const node = `docker.io/library/node:${nodeVersion}-${suite}-slim`;
  const redisBase = 'localhost/debian-with-redis:1';
  // What the official Node image has beyond Debian's: its libraries are in Debian's stand-in as well, so that no
  // build step asks for the network.
  await ensure(buildah, debian, null, async () => debianArchive([]));
  await ensure(buildah, redisBase, null, async () => debianArchive(['redis-server']));
  await ensure(buildah, node, debian, async () => nodeArchive(nodeVersion));
  return { buildah, redisBase, version };
}

/** Makes the image `name` of `base` and a tar archive, when it is not there. */
async function ensure(
  buildah: Buildah,
  name: string,
  base: string | null,
  archive: () => Promise<string>,
): Promise<void> {
  if (await buildah.has(name)) return;
  const file = await archive();
  const container = (await buildah.run('from', '--pull-never', base ?? 'scratch')).trim();
  await buildah.run('add', container, file, '/');
  await buildah.run('config', '--cmd', 'bash', container);
  await buildah.run('commit', '--quiet', '--rm', container, name);
}

/** A minimal Debian of `suite` with these packages, and without what the official slim image leaves out. */
async function debianArchive(packages: readonly string[]): Promise<string> {
  await needPackages([['debootstrap', 'debootstrap']]);
  const name = ['debian', suite, ...packages, os.arch(), recipe].join('-');
  const folder = await cached(name, async (draft) => {
    console.log(`${name}: from Debian's mirror`);
    const root = path.join(draft, 'root');
    const include = ['libatomic1', 'libstdc++6', ...packages].join(',');
    await outputOf('debootstrap', ['--variant=minbase', `--include=${include}`, suite, root], { deadlineMs });
    const left = [
      './dev/*',
      './proc/*',
      './sys/*',
      './var/cache/apt/*',
      './var/lib/apt/lists/*',
      './var/log/*',
    ];
    const unread = ['doc', 'man', 'locale', 'info'].map((word) => `./usr/share/${word}/*`);
    const exclude = [...left, ...unread].map((pattern) => `--exclude=${pattern}`);
    await outputOf('tar', ['-C', root, ...exclude, '-cf', path.join(draft, 'root.tar'), '.'], { deadlineMs });
    await rm(root, { recursive: true });
  });
  return path.join(folder, 'root.tar');
}

/** What the official Node image has in /usr/local. */
async function nodeArchive(version: string): Promise<string> {
  const platform = `node-${os.platform()}-${os.arch()}`;
  const folder = await cached(`${platform}-${version}-npm-${npmVersion}`, async (draft) => {
    console.log(`${platform} ${version}: from npm's registry`);
    const [fetched, local] = [path.join(draft, 'fetched'), path.join(draft, 'root', 'usr', 'local')];
    const wanted = [`npm@${npmVersion}`, `${platform}@${version}`];
    await outputOf('npm', ['install', '--global', '--ignore-scripts', '--prefix', fetched, ...wanted], {
      deadlineMs,
    });
    await mkdir(path.join(local, 'bin'), { recursive: true });
    await mkdir(path.join(local, 'lib', 'node_modules'), { recursive: true });
    const modules = path.join(fetched, 'lib', 'node_modules');
    await copyFile(path.join(modules, platform, 'bin', 'node'), path.join(local, 'bin', 'node'));
    await outputOf('cp', ['-a', path.join(modules, 'npm'), path.join(local, 'lib', 'node_modules', 'npm')]);
    await symlink('../lib/node_modules/npm/bin/npm-cli.js', path.join(local, 'bin', 'npm'));
    const owner = ['--owner=0', '--group=0'];
    await outputOf('tar', [
      '-C',
      path.join(draft, 'root'),
      ...owner,
      '-cf',
      path.join(draft, 'root.tar'),
      '.',
    ]);
    await rm(path.join(draft, 'root'), { recursive: true });
    await rm(fetched, { recursive: true });
  });
  return path.join(folder, 'root.tar');
}
