import type { Cluster } from '../cluster/cluster.ts';
import { buildImages } from '../images/images.ts';
import { imageValues, upgrade } from '../journeys/helm.ts';

/** Namespaces that the suite makes. A run that was cut short leaves them. */
const suiteNamespaces = ['infra', 'app-backend', 'web-backend'].map((part) => `gateway-conformance-${part}`);

/** Installs the chart of this checkout as a user does, or upgrades it, and resolves when the controllers are ready. */
export async function install(cluster: Cluster): Promise<void> {
  const { images } = await buildImages();
  const archives = [images.controller.archive, images.dataplane.archive];
  const [controller = '', dataplane = ''] = await cluster.loadImages(archives);
  const release = { cluster, namespace: 'turnpike-system', release: 'turnpike' };
  await upgrade(release, imageValues({ controller, dataplane }));
}

/** Resolves when nothing is left of a run before: the suite takes what it finds for its own. */
export async function clearAway(cluster: Cluster): Promise<void> {
  const how = ['--ignore-not-found', '--wait', '--timeout=120s'];
  await cluster.kubectl(['delete', 'namespace', ...suiteNamespaces, ...how], { deadlineMs: 150_000 });
}
