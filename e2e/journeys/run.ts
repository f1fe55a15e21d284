/**
 * Runs the journeys: finds or starts the cluster, builds and loads the images, installs the chart once for all of them, and
 * runs `node --test` in the cluster's network. Words choose journeys by parts of their names (`!word`: not those), and those with a dash go to
 * `node --test` (write values with `=`); `--name=NAME` is the cluster's, and `--again` takes the installation that is there.
 * `--prepare` brings the cluster up with its images, and that is all.
 */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../cluster/cache-folder.ts';
import { startCluster } from '../cluster/cluster.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { exitOf } from '../cluster/command.ts';
import { extAuthzArchive } from '../engine/ext-authz-image.ts';
import { buildImages } from '../images/images.ts';
import { imageValues, upgrade } from './helm.ts';
import { buildNextVersion } from './next-version.ts';
import { siteVariable, tellSite } from './site.ts';
import type { Installation } from './site.ts';

/**
 * What these do would be noticed by the first ones, or others would disturb what they measure: one row after the other, in
 * this order. Those in one row measure no time, and leave each other alone.
 */
const rows = [
  ['faults'],
  ['upgrade'],
  ['sudden-backends'],
  ['scale', 'mistakes'],
  ['shared-limit'],
  ['plans'],
  ['uninstall'],
  ['guides'],
];
/** The others only use what they have made themselves, and measure no time; this takes longest. */
const longest = ['install'];
const atOnce = 3;

const words = process.argv.slice(2);
const name = words.find((word) => word.startsWith('--name='))?.slice('--name='.length);
const again = words.includes('--again');
const prepareOnly = words.includes('--prepare');
const options = words.filter((word) => word.startsWith('-') && !/^--(?:name=|again$|prepare$)/.test(word));
const wanted = words.filter((word) => !/^[-!]/.test(word));
const unwanted = words.filter((word) => word.startsWith('!')).map((word) => word.slice(1));

/** Builds what has changed, and loads what is not there. */
async function loadImages(cluster: Cluster): Promise<Pick<Installation, 'images' | 'nextImages'>> {
  const built = await buildImages();
  const next = await buildNextVersion();
  const { controller: nextController, dataplane: nextDataPlane } = next.images;
  const names = ['controller', 'dataplane', 'echo', 'redis'] as const;
  const loaded = await cluster.loadImages([
    ...names.map((one) => built.images[one].archive),
    await extAuthzArchive(),
    nextController.archive,
    nextDataPlane.archive,
  ]);
  const [controller = '', dataplane = '', echo = '', redis = '', extAuthz = '', ...ahead] = loaded;
  const [nextControllerName = '', nextDataPlaneName = ''] = ahead;
  return {
    images: { controller, dataplane, echo, redis, extAuthz },
    nextImages: { controller: nextControllerName, dataplane: nextDataPlaneName },
  };
}

async function install(cluster: Cluster): Promise<Installation> {
  const installation: Installation = {
    namespace: 'turnpike-system',
    release: 'turnpike',
    gatewayClass: 'turnpike',
    ...(await loadImages(cluster)),
  };
  await upgrade({ cluster, ...installation }, imageValues(installation.images));
  return installation;
}

async function run(cluster: Cluster, site: string): Promise<boolean> {
  const nameOf = (file: string) => path.basename(file, '.test.ts');
  const files = globSync(path.join(import.meta.dirname, '*.test.ts')).toSorted();
  const has = (file: string) => (part: string) => nameOf(file).includes(part);
  const chosen = files.filter(
    (file) => (wanted.length === 0 || wanted.some(has(file))) && !unwanted.some(has(file)),
  );
  const those = (names: readonly string[]) =>
    names.flatMap((one) => chosen.filter((file) => nameOf(file) === one));
  const others = chosen.filter((file) => ![...longest, ...rows.flat()].includes(nameOf(file)));
  let passed = true;
  for (const files of [[...those(longest), ...others], ...rows.map(those)]) {
    passed = (await test(cluster, site, files)) && passed;
  }
  return passed;
}

async function test(cluster: Cluster, site: string, files: readonly string[]): Promise<boolean> {
  if (files.length === 0) return true;
  const [program, ...entry] = cluster.entry;
  const how = ['--disable-warning=ExperimentalWarning', '--test', `--test-concurrency=${atOnce}`, ...options];
  const child = spawn(program, [...entry, process.execPath, ...how, ...files], {
    stdio: 'inherit',
    env: { ...cluster.env, [siteVariable]: site },
  });
  return (await exitOf(child, program)).code === 0;
}

async function timed<T>(what: string, action: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await action();
  console.log(`${what}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return result;
}

async function runJourneys(cluster: Cluster): Promise<number> {
  const site = path.join(cacheFolder(), `journeys-${cluster.name}.json`);
  if (!again) await tellSite(site, await timed('images and chart', () => install(cluster)));
  return (await timed('journeys', () => run(cluster, site))) ? 0 : 1;
}

try {
  const cluster = await timed('cluster', () => startCluster(name === undefined ? {} : { name }));
  if (prepareOnly) await timed('images', () => loadImages(cluster));
  else process.exitCode = await runJourneys(cluster);
} catch (error) {
  if (!(error instanceof ClusterError)) throw error;
  console.error(`e2e: ${error.message}`);
  process.exitCode = 1;
}
