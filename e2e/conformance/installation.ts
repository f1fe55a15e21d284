import type { Cluster } from '../cluster/cluster.ts';
import { buildImages } from '../images/images.ts';
import { imageValues, upgrade } from '../journeys/helm.ts';

const release = { namespace: 'turnpike-system', release: 'turnpike' };

/** Namespaces that the suite and its tests make. A run that was cut short leaves them. */
const suiteNamespaces = [
  ...['infra', 'app-backend', 'web-backend'].map((part) => `gateway-conformance-${part}`),
  ...[
    'listenerset-not-allowed-ns',
    'listenerset-selector-allowed-ns',
    'listenerset-selector-not-allowed-ns',
    'routes-allowed-ns',
    'routes-not-allowed-ns',
    'ls-cross-ns',
    'listener-sets-test-reference-grant-ns',
  ].map((part) => `gateway-api-${part}`),
];

/** Installs the chart of this checkout as a user does, or upgrades it, and resolves when the controllers are ready. */
export async function install(cluster: Cluster): Promise<void> {
  const { images } = await buildImages();
  const archives = [images.controller.archive, images.dataplane.archive];
  const [controller = '', dataplane = ''] = await cluster.loadImages(archives);
  await upgrade({ cluster, ...release }, imageValues({ controller, dataplane }));
}

/** The GatewayClass of the suite's Gateways, beside the one of the chart. */
export const ownClass = 'turnpike-conformance';

/** Makes {@link ownClass}: its Gateways are small, as the suite has a dozen of them at once and one node may have two cores. */
export async function makeClass(cluster: Cluster): Promise<void> {
  const parameters = { name: ownClass, namespace: release.namespace };
  await cluster.apply([
    {
      apiVersion: 'turnpike.dev/v1alpha1',
      kind: 'GatewayParameters',
      metadata: parameters,
      spec: {
        replicas: 1,
        resources: { requests: { cpu: '10m' } },
        // The suite gives its namespaces 30 s to go, and Kubernetes looks again after half of what pods may take.
        drain: { accept: '1s', deadline: '10s' },
      },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: ownClass },
      spec: {
        controllerName: 'turnpike.dev/gateway-controller',
        parametersRef: { group: 'turnpike.dev', kind: 'GatewayParameters', ...parameters },
      },
    },
  ]);
  await cluster.waitFor({ for: 'condition=Accepted', resource: ['gatewayclass', ownClass] });
}

/** The features that a GatewayClass tells. */
export async function featuresOf(cluster: Cluster, gatewayClass: string): Promise<readonly string[]> {
  const names = '{.status.supportedFeatures[*].name}';
  const told = await cluster.kubectl(['get', 'gatewayclass', gatewayClass, `--output=jsonpath=${names}`]);
  return told.split(' ').filter((one) => one !== '');
}

/** Takes {@link ownClass} away again: journeys on the same cluster count what is Turnpike's. */
export async function removeClass(cluster: Cluster): Promise<void> {
  await cluster.kubectl(['delete', 'gatewayclass', ownClass]);
  await cluster.kubectl(['delete', 'gatewayparameters', ownClass, `--namespace=${release.namespace}`]);
}

/** Resolves when nothing is left of a run before: the suite takes what it finds for its own. */
export async function clearAway(cluster: Cluster): Promise<void> {
  const how = ['--ignore-not-found', '--wait', '--timeout=120s'];
  await cluster.kubectl(['delete', 'namespace', ...suiteNamespaces, ...how], { deadlineMs: 150_000 });
}
