import path from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';
import { buildImages } from '../images/images.ts';

const chart = path.join(import.meta.dirname, '../../charts/turnpike');

/** Namespaces that the suite makes. A run that was cut short leaves them. */
const suiteNamespaces = ['infra', 'app-backend', 'web-backend'].map((part) => `gateway-conformance-${part}`);

/** Installs the chart of this checkout as a user does, or upgrades it, and resolves when the controllers are ready. */
export async function install(cluster: Cluster): Promise<void> {
  const { images } = await buildImages();
  const { controller, dataplane } = images;
  const names = await cluster.loadImages([controller.archive, dataplane.archive]);
  const values = ['controller', 'dataplane'].flatMap((plane, at) => imageValues(plane, names[at] ?? ''));
  const command = [
    'upgrade',
    'turnpike',
    chart,
    '--install',
    '--namespace=turnpike-system',
    '--create-namespace',
  ];
  await cluster.helm([...command, '--wait', '--timeout=120s', ...values], { deadlineMs: 150_000 });
}

function imageValues(plane: string, name: string): readonly string[] {
  const at = name.lastIndexOf(':');
  return [
    `--set=${plane}.image.repository=${name.slice(0, at)}`,
    `--set-string=${plane}.image.tag=${name.slice(at + 1)}`,
  ];
}

/** Resolves when nothing is left of a run before: the suite takes what it finds for its own. */
export async function clearAway(cluster: Cluster): Promise<void> {
  const how = ['--ignore-not-found', '--wait', '--timeout=120s'];
  await cluster.kubectl(['delete', 'namespace', ...suiteNamespaces, ...how], { deadlineMs: 150_000 });
}
