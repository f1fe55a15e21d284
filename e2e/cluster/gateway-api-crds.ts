import { copyFile, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { cached } from './cache-folder.ts';
import { ClusterError } from './cluster-error.ts';
import { outputOf } from './command.ts';
import { eventually } from './eventually.ts';
import { findGo } from './go.ts';

const module = {
  path: 'sigs.k8s.io/gateway-api',
  version: 'v1.7.0',
  sum: 'h1:duVnm7nO6oXfMMUWfcDoBph47CYR/ME3NGxccOVglaY=',
} as const;

const channels = ['standard', 'experimental'] as const;

export type Channel = (typeof channels)[number];

/**
 * The folder with the Gateway API's CustomResourceDefinitions of one channel, one YAML file each and nothing else in it.
 * They come from the Go module of the release, are checked against its hash, and are kept in the cache.
 */
export async function gatewayApiCrds(channel: Channel): Promise<string> {
  const folder = await cached(`gateway-api-${module.version}`, async (draft) => {
    const source = await downloaded();
    for (const channel of channels)
      await copyCrds(path.join(source, 'config', 'crd', channel), path.join(draft, channel));
  });
  return path.join(folder, channel);
}

async function downloaded(): Promise<string> {
  // The module asks for Go 1.27, even of those who only want its files.
  const go = await findGo('1.27');
  const args = ['mod', 'download', '-json', `${module.path}@${module.version}`];
  const answer: unknown = JSON.parse(await outputOf(go.program, args, { env: go.env, deadlineMs: 300_000 }));
  const { Sum: sum, Dir: folder } = answer as { readonly Sum?: string; readonly Dir?: string };
  if (sum !== module.sum || folder === undefined) {
    throw new ClusterError(
      'command',
      `${module.path} ${module.version} has the hash ${sum}, not ${module.sum}`,
    );
  }
  return folder;
}

async function copyCrds(source: string, target: string): Promise<void> {
  await mkdir(target);
  const names = (await readdir(source)).filter(
    (name) => name.endsWith('.yaml') && name !== 'kustomization.yaml',
  );
  await Promise.all(names.map((name) => copyFile(path.join(source, name), path.join(target, name))));
}

type ControlPlane = { kubectl(args: readonly string[]): Promise<string> };

/** Applies the definitions of one channel, and resolves when the API server serves all of them. */
export async function installGatewayApi(controlPlane: ControlPlane, channel: Channel): Promise<void> {
  // Server-side, as the experimental HTTPRoute is larger than the annotation that a client-side apply leaves.
  await controlPlane.kubectl(['apply', '--server-side', '--filename', await gatewayApiCrds(channel)]);
  await controlPlane.kubectl([
    'wait',
    '--for=condition=Established',
    '--timeout=60s',
    'customresourcedefinitions',
    '--all',
  ]);
}

const admissionPolicy = 'safe-upgrades.gateway.networking.k8s.io';

/**
 * Puts the definitions of one channel in the place of those of the other. Objects stay, without what they have in fields
 * that there are no more; those of kinds that there are no more go.
 */
export async function changeGatewayApi(controlPlane: ControlPlane, channel: Channel): Promise<void> {
  const guards = ['validatingadmissionpolicybindings', 'validatingadmissionpolicies'];
  for (const guard of guards)
    await controlPlane.kubectl(['delete', guard, admissionPolicy, '--ignore-not-found']);
  const folder = await gatewayApiCrds(channel);
  const gateways = path.join(folder, 'gateway.networking.k8s.io_gateways.yaml');
  // The API server goes by the policy for some moments more.
  await eventually('the definitions of the Gateway API may be changed', async () =>
    controlPlane.kubectl(['apply', '--server-side', '--dry-run=server', '--filename', gateways]),
  );
  await installGatewayApi(controlPlane, channel);
  const kept = new Set(await definitionsIn(channel));
  const gone = (await definitionsIn('experimental')).filter((name) => !kept.has(name));
  if (gone.length > 0) await removeDefinitions(controlPlane, gone);
}

const goneWithinMs = 240_000;

/**
 * Deletes them, and resolves when they are gone. An API server that finds the storage of a kind not ready when it is to
 * look for what is left of that kind ("storage is (re)initializing") looks again after minutes, or at a change.
 */
async function removeDefinitions(controlPlane: ControlPlane, names: readonly string[]): Promise<void> {
  const kind = 'customresourcedefinitions';
  await controlPlane.kubectl(['delete', kind, ...names, '--ignore-not-found', '--wait=false']);
  const areGone = async () => {
    const left = await controlPlane.kubectl(['get', kind, ...names, '--ignore-not-found', '--output=name']);
    if (left === '') return true;
    const change = `turnpike.dev/asked-at=${Date.now()}`;
    await controlPlane.kubectl(['annotate', ...left.trim().split('\n'), '--overwrite', change]);
    return undefined;
  };
  await eventually(`${names.join(', ')} are gone`, areGone, { deadlineMs: goneWithinMs, intervalMs: 1_000 });
}

/** Their names, which those of their files tell: GROUP_PLURAL.yaml. */
async function definitionsIn(channel: Channel): Promise<readonly string[]> {
  const files = await readdir(await gatewayApiCrds(channel));
  return files
    .map((file) => path.basename(file, '.yaml').split('_'))
    .flatMap(([group, plural, more]) => (more === undefined ? [`${plural}.${group}`] : []));
}
