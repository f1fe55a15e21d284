/**
 * Brings a cluster of one node up and takes it down: a real Kubernetes in a network namespace of its own, without Docker.
 * It knows the order of things; what each server is started with stands in servers.ts, what they read in site-files.ts.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cached, lock } from './cache-folder.ts';
import { ClusterError } from './cluster-error.ts';
import { outputOf } from './command.ts';
import { containerdAnswers, importArchive } from './containerd.ts';
import { ensureDaemon, pidOf, stopDaemon, whenReady } from './daemon.ts';
import { needPackages } from './debian.ts';
import { type Channel, changeGatewayApi, gatewayApiCrds, installGatewayApi } from './gateway-api-crds.ts';
import { clearGround, groundOf, makeGround } from './ground.ts';
import { type ClusterPrograms, clusterPrograms } from './node-programs.ts';
import { writeScratchImage } from './scratch-image.ts';
import { type ServerName, serverCommands, serverNames } from './servers.ts';
import { type Site, inNetwork, siteOf } from './site.ts';
import { cniPlugins, nodeName, pauseImage } from './site-files.ts';

const corednsManifest = path.join(import.meta.dirname, 'coredns.yaml');
const corednsImage = 'turnpike.dev/e2e/coredns:1.15.0';

/** The image of a server for tests of the cluster itself (hello/main.go); it is there in every cluster. */
export const helloImage = 'turnpike.dev/e2e/hello:1';

export type UpOptions = {
  /** Which definitions the cluster is to have; null: what it has, and a new one the experimental ones. */
  readonly gatewayApi: Channel | null;
};

/** What an `up` needs from the network: packages, programs, manifests. All of it is kept, so that it is needed once. */
export type Prepared = {
  readonly programs: ClusterPrograms;
  readonly imageArchives: readonly string[];
};

/** Gets all that a cluster is made of. Takes minutes the first time, and tells them. */
export async function prepareCluster(): Promise<Prepared> {
  await needPackages([
    ['containerd', 'containerd'],
    ['ctr', 'containerd'],
    ['runc', 'runc'],
    [`${cniPlugins}/bridge`, 'containernetworking-plugins'],
    ['ip', 'iproute2'],
    ['nft', 'nftables'],
    ['iptables', 'iptables'],
    ['nsenter', 'util-linux'],
    ['flock', 'util-linux'],
    ['mount', 'mount'],
    ['openssl', 'openssl'],
    ['tar', 'tar'],
  ]);
  const programs = await clusterPrograms();
  for (const channel of ['standard', 'experimental'] as const) await gatewayApiCrds(channel);
  const images = [
    { name: pauseImage, program: programs.pause, user: '65535:65535' },
    { name: corednsImage, program: programs.coredns, user: '65532:65532' },
    { name: helloImage, program: programs.hello, user: '65532:65532' },
  ];
  return { programs, imageArchives: await Promise.all(images.map(archiveOf)) };
}

/** The archive of an image, named for the program in it, so that another program is another archive. */
async function archiveOf(image: Parameters<typeof writeScratchImage>[1]): Promise<string> {
  const folder = await cached(`image-${path.basename(path.dirname(image.program))}`, async (draft) =>
    writeScratchImage(path.join(draft, 'image.tar'), image),
  );
  return path.join(folder, 'image.tar');
}

/**
 * Brings the cluster up, or what of it is missing, and resolves when its node and its DNS are ready. What is left of a
 * cluster that was cut off is cleared away first.
 */
export async function up(name: string, options: UpOptions): Promise<void> {
  needRoot();
  const startedAt = performance.now();
  const site = siteOf(name);
  const prepared = await timed('prepared', prepareCluster);
  await locked(site, async () => {
    const ground = await groundOf(site);
    if (ground === 'remains') await timed('cleared what was left of it', async () => clear(site));
    if (ground !== 'whole') await timed('network, keys, configuration', async () => makeGround(site));
    await startServers(site, prepared);
    await timed('node and DNS ready', async () => furnish(site, prepared.programs, options));
  });
  console.log(`cluster ${name} is up (${seconds(startedAt)})`);
}

async function startServers(site: Site, { programs, imageArchives }: Prepared): Promise<void> {
  const commands = serverCommands(site, programs);
  const start = async (server: ServerName) => ensureDaemon(site, commands[server]);
  const apiServer = async () => {
    await Promise.all([start('etcd'), start('kube-apiserver')]);
    await apiServerReady(site, programs);
    await Promise.all((['kube-controller-manager', 'kube-scheduler', 'load-balancer'] as const).map(start));
  };
  const containers = async () => {
    await start('containerd');
    await whenReady(site, 'containerd', async () => containerdAnswers(site));
    for (const archive of imageArchives) await importArchive(site, archive);
  };
  await Promise.all([
    timed('etcd, API server and controllers', apiServer),
    timed('containerd and its images', containers),
  ]);
  // Both wait for seconds before they try again: the kubelet to register its node, kube-proxy to find it.
  await start('kubelet');
  await whenReady(site, 'kubelet', async () => {
    await kubectlIn(site, programs)(['get', 'node', nodeName]);
    return true;
  });
  await start('kube-proxy');
}

async function apiServerReady(site: Site, programs: ClusterPrograms): Promise<void> {
  await whenReady(site, 'kube-apiserver', async () => {
    const answer = await kubectlIn(site, programs)(['get', '--raw=/readyz', '--request-timeout=5s']);
    return answer === 'ok' || undefined;
  });
}

/** Puts into the cluster what every cluster has, once, and waits until it can be used. */
async function furnish(site: Site, programs: ClusterPrograms, options: UpOptions): Promise<void> {
  const kubectl = kubectlIn(site, programs);
  const mark = path.join(site.folder, 'furnished');
  const channel = existsSync(mark) ? await readFile(mark, 'utf8') : null;
  if (channel === null) {
    const wanted = options.gatewayApi ?? 'experimental';
    await Promise.all([
      kubectl(['apply', '--server-side', '--filename', corednsManifest]),
      installGatewayApi({ kubectl }, wanted),
    ]);
    await writeFile(mark, wanted);
  } else if (options.gatewayApi !== null && options.gatewayApi !== channel) {
    await changeGatewayApi({ kubectl }, options.gatewayApi);
    await writeFile(mark, options.gatewayApi);
  }
  await kubectl(['wait', '--for=condition=Ready', '--timeout=60s', 'node', nodeName]);
  await kubectl([
    'wait',
    '--namespace=kube-system',
    '--for=condition=Available',
    '--timeout=60s',
    'deployment/coredns',
  ]);
}

/** Ends all processes of the cluster and removes all there is of it. Resolves when nothing is left. */
export async function down(name: string): Promise<void> {
  needRoot();
  const startedAt = performance.now();
  const site = siteOf(name);
  await locked(site, async () => {
    if ((await groundOf(site)) === 'nothing') console.log(`there is no cluster ${name}`);
    else await clear(site);
  });
  console.log(`cluster ${name} is down (${seconds(startedAt)})`);
}

async function clear(site: Site): Promise<void> {
  // The kubelet first: it would start again what is ended.
  await stopDaemon(site, 'kubelet');
  await clearGround(site);
}

export type Status = {
  readonly ground: 'nothing' | 'whole' | 'remains';
  /** The process id of each server; null for one that does not run. */
  readonly servers: Readonly<Record<ServerName, number | null>>;
};

/** What there is of the cluster. */
export async function statusOf(name: string): Promise<Status> {
  const site = siteOf(name);
  const found = serverNames.map(async (server) => [server, (await pidOf(site, server)) ?? null] as const);
  const servers = Object.fromEntries(await Promise.all(found)) as Status['servers'];
  return { ground: await groundOf(site), servers };
}

/** Starts one server of a cluster again, and resolves when it can be used. Does nothing when it runs. */
export async function startServer(site: Site, programs: ClusterPrograms, server: ServerName): Promise<void> {
  const commands = serverCommands(site, programs);
  if ((await pidOf(site, server)) !== undefined) return;
  const leaders = server === 'kube-apiserver' ? await stopLeaders(site) : [];
  await ensureDaemon(site, commands[server]);
  if (server === 'kube-apiserver') await apiServerReady(site, programs);
  if (server === 'containerd') await whenReady(site, server, async () => containerdAnswers(site));
  await Promise.all(leaders.map(async (leader) => ensureDaemon(site, commands[leader])));
}

/**
 * Stops those that elsewhere end when they can't renew their lease, and resolves with those that ran. Theirs is no lease, and one
 * that remembers how long the API server was away would take the node for dead, and its pods with it.
 */
async function stopLeaders(site: Site): Promise<readonly ServerName[]> {
  const leaders: readonly ServerName[] = ['kube-controller-manager', 'kube-scheduler'];
  const ran: ServerName[] = [];
  for (const leader of leaders) if ((await pidOf(site, leader)) !== undefined) ran.push(leader);
  await Promise.all(ran.map(async (leader) => stopDaemon(site, leader)));
  return ran;
}

type Kubectl = (
  args: readonly string[],
  options?: { readonly input?: string; readonly deadlineMs?: number },
) => Promise<string>;

/** kubectl as the cluster's administrator, in the cluster's network. */
function kubectlIn(site: Site, programs: ClusterPrograms): Kubectl {
  const cache = path.join(site.folder, 'kubectl-cache');
  const [nsenter, ...rest] = [...inNetwork(site), programs.kubectl];
  const as = ['--kubeconfig', site.kubeconfig, '--cache-dir', cache];
  // What follows a `--` is for a program in a pod, so what is ours stands in front.
  return async (args, options) => outputOf(nsenter, [...rest, ...as, ...args], options);
}

async function locked(site: Site, action: () => Promise<void>): Promise<void> {
  await mkdir(path.dirname(site.folder), { recursive: true });
  const release = await lock(`${site.folder}.lock`, `${site.name}: another run is at it; waiting`);
  try {
    await action();
  } finally {
    await release();
  }
}

function needRoot(): void {
  if (process.platform === 'linux' && process.getuid?.() === 0) return;
  throw new ClusterError(
    'not-permitted',
    'A cluster is made of namespaces, mounts and control groups, so this needs root on Linux. ' +
      'To use a cluster that is there, set E2E_KUBECONFIG and E2E_IMAGE_REGISTRY instead.',
  );
}

async function timed<T>(what: string, action: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await action();
  console.log(`  ${what}: ${seconds(startedAt)}`);
  return result;
}

function seconds(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}
