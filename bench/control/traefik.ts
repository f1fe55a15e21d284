// Traefik of PyPI by its provider for the Gateway API: one process that is both planes. Its throttle of 2 s is off, or
// it would wait that long for more changes.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startControlPlane } from '#e2e/cluster/control-plane.ts';
import { addressIn } from '#e2e/cluster/namespace.ts';
import { ServerProcess } from '#e2e/cluster/server-process.ts';
import { tokenOf } from '#e2e/turnpike/service-account.ts';
import { storedKinds } from '#e2e/turnpike/stored-kinds.ts';
import { traefikProgram, traefikVersion } from '../peers/traefik.ts';
import type { Start } from './subject.ts';

const account = { namespace: 'default', name: 'traefik' };

const rights: readonly object[] = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'traefik' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', ...account }],
  },
];

const gateway: readonly object[] = [
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name: 'traefik' },
    spec: { controllerName: 'traefik.io/gateway-controller' },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'edge', namespace: 'default' },
    spec: {
      gatewayClassName: 'traefik',
      listeners: [
        { name: 'http', protocol: 'HTTP', port: 80, allowedRoutes: { namespaces: { from: 'All' } } },
      ],
    },
  },
];

export const startTraefik: Start = async () => {
  const cluster = await startControlPlane({ store: await storedKinds() });
  const address = addressIn('dataPlane', 1);
  const apply = (objects: readonly object[]) =>
    cluster.kubectl(['apply', '--server-side', '--filename=-'], {
      input: objects.map((one) => JSON.stringify(one)).join('\n---\n'),
    });
  await apply(rights);
  const authority = path.join(cluster.folder, 'authority.crt');
  await writeFile(authority, cluster.admin.authority);
  const file = path.join(cluster.folder, 'traefik.yaml');
  const configuration = {
    global: { checkNewVersion: false, sendAnonymousUsage: false },
    log: { level: 'ERROR' },
    entryPoints: { web: { address: `${address}:80` }, admin: { address: `${address}:8081` } },
    ping: { entryPoint: 'admin' },
    providers: {
      providersThrottleDuration: '0s',
      kubernetesGateway: {
        endpoint: cluster.url,
        token: await tokenOf(cluster, account, null),
        certAuthFilePath: authority,
        experimentalChannel: true,
        throttleDuration: '0s',
        statusAddress: { ip: address },
      },
    },
  };
  await writeFile(file, JSON.stringify(configuration), { mode: 0o600 });
  const server = new ServerProcess({
    program: await traefikProgram(),
    args: [`--configFile=${file}`],
    logFile: path.join(cluster.folder, 'traefik.log'),
    isReady: async () => (await fetch(`http://${address}:8081/ping`)).ok,
  });
  try {
    await server.whenReady();
    await apply(gateway);
    await cluster.kubectl(['wait', '--for=condition=Programmed', '--timeout=60s', 'gateway/edge']);
  } catch (error) {
    console.error(await server.logEnd());
    await cluster.stop();
    throw error;
  }
  const pid = server.pid ?? 0;
  return {
    name: 'Traefik',
    version: await traefikVersion(),
    cluster,
    address,
    pids: { controller: pid, dataPlane: pid },
    heldMs: () => Promise.resolve(null),
    async stop() {
      await server.stop();
      await cluster.stop();
    },
  };
};
