// The controller as a process in a cluster: reads options, starts it and its admin server, stops them on a signal.
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { hostPortText, parseHostPort } from '#admin/host-port.ts';
import { createLog } from '#admin/log.ts';
import { createAdminServer } from '#admin/server.ts';
import { controllerPages } from '#controller/admin/controller-pages.ts';
import { systemClock } from '#controller/clock.ts';
import { createClusterController } from '#controller/cluster/cluster-controller.ts';
import { KubeError } from '#controller/kube/kube-error.ts';
import { loadConnection } from '#controller/kube/connection.ts';
import build from '../package.json' with { type: 'json' };
import type { HostPort } from '#admin/host-port.ts';
import type { ProvisioningOptions } from '#controller/cluster/options.ts';

const help = `usage: node controller/main.ts [OPTION ...]

One replica of Turnpike's controller. In a pod it finds the API server by itself. Each option can also be an
environment variable: TURNPIKE_PUBLISH_ADDRESS and so on.

  --kubeconfig FILE          how to reach the API server; without it, as a pod does
  --context NAME             of the kubeconfig (default: its current one)
  --namespace NAME           the controller's own (default: that of the pod or context, else turnpike-system)
  --name NAME                another for each replica (default: the host's, which is the pod's)
  --service-account NAME     the controller's own (default turnpike-controller)
  --controller-name NAME     GatewayClasses of it are ours (default turnpike.dev/gateway-controller)
  --publish-address H:P      where data planes are served (default [::]:8443; port 0 takes a free one)
  --advertise-address H:P    where other replicas reach this one (default: the host's name and that port)
  --server-names NAMES       DNS names that data planes know the controllers by, separated by commas
                             (default turnpike-controller.NAMESPACE.svc)
  --token-file FILE          the controller's own token with the audience turnpike.dev
                             (default /var/run/secrets/turnpike.dev/token)
  --admin-address H:P        health, metrics and what is published (default 127.0.0.1:9902)
  --keys-from NETWORKS       networks like 10.0.0.0/8, separated by commas, from which the keys of a uri may be
                             fetched though they are not public
  --watch-namespaces NAMES   read and serve only what is in these namespaces, separated by commas, and in the
                             controller's own (default all); GatewayClasses and Namespaces are read in any case
  --dataplane-image REF      the image of the data planes that are made for each Gateway; without it none are made
  --dataplane-pull-policy P  Always, IfNotPresent or Never (default: as Kubernetes chooses by the image's tag)
  --dataplane-pull-secrets S names of Secrets in the Gateways' namespaces, separated by commas
  --controller-url URL       what these data planes connect to (default https://turnpike-controller.NAMESPACE.svc:8443)
`;

const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    context: { type: 'string' },
    namespace: { type: 'string' },
    name: { type: 'string' },
    'service-account': { type: 'string' },
    'controller-name': { type: 'string' },
    'publish-address': { type: 'string' },
    'advertise-address': { type: 'string' },
    'server-names': { type: 'string' },
    'token-file': { type: 'string' },
    'admin-address': { type: 'string' },
    'keys-from': { type: 'string' },
    'watch-namespaces': { type: 'string' },
    'dataplane-image': { type: 'string' },
    'dataplane-pull-policy': { type: 'string' },
    'dataplane-pull-secrets': { type: 'string' },
    'controller-url': { type: 'string' },
    help: { type: 'boolean' },
  },
});

if (values.help === true) {
  process.stdout.write(help);
  process.exit(0);
}

type Option = Exclude<keyof typeof values, 'help'>;

function optional(name: Option): string | null {
  const value = values[name] ?? process.env[`TURNPIKE_${name.toUpperCase().replaceAll('-', '_')}`];
  return value === undefined || value === '' ? null : value;
}

function words(text: string): readonly string[] {
  return text.split(',').filter((word) => word !== '');
}

function usage(problem: string): never {
  process.stderr.write(`turnpike controller: ${problem}\n\n${help}`);
  process.exit(2);
}

function address(name: Option, fallback: string): HostPort {
  const text = optional(name) ?? fallback;
  return parseHostPort(text) ?? usage(`--${name} is not HOST:PORT: ${text}`);
}

function provisioning(): ProvisioningOptions | null {
  const image = optional('dataplane-image');
  const pullPolicy = optional('dataplane-pull-policy');
  if (pullPolicy !== null && !['Always', 'IfNotPresent', 'Never'].includes(pullPolicy)) {
    usage(`--dataplane-pull-policy is Always, IfNotPresent or Never, not ${pullPolicy}`);
  }
  const controllerUrl = optional('controller-url') ?? `https://turnpike-controller.${namespace}.svc:8443`;
  if (URL.parse(controllerUrl)?.protocol !== 'https:')
    usage(`--controller-url is no https URL: ${controllerUrl}`);
  const pullSecrets = words(optional('dataplane-pull-secrets') ?? '');
  return image === null ? null : { image, pullPolicy, pullSecrets, controllerUrl };
}

const log = createLog((line) => process.stderr.write(line), Date.now);
let stopping = false;
let stop = async (): Promise<void> => {};
// Before anything is waited for: as process 1 of a container it would not even hear of signals that it does not take.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info('Stopping', { signal });
    void stop().then(() => process.exit(0));
  });
}

const kubeconfig = optional('kubeconfig');
const connection = await loadConnection(
  kubeconfig === null
    ? {
        kind: 'Pod',
        host: process.env['KUBERNETES_SERVICE_HOST'] ?? '',
        port: process.env['KUBERNETES_SERVICE_PORT'] ?? '',
        folder: '/var/run/secrets/kubernetes.io/serviceaccount',
      }
    : { kind: 'File', file: kubeconfig, context: optional('context') },
).catch((error: unknown) => {
  if (error instanceof KubeError) usage(error.message);
  throw error;
});
const namespace = optional('namespace') ?? connection.namespace ?? 'turnpike-system';
const name = optional('name') ?? hostname();
const publish = address('publish-address', '[::]:8443');

const watched = words(optional('watch-namespaces') ?? '');

const controller = createClusterController({
  connection,
  clock: systemClock,
  random: Math.random,
  log,
  name,
  namespace,
  serviceAccount: optional('service-account') ?? 'turnpike-controller',
  controllerName: optional('controller-name') ?? 'turnpike.dev/gateway-controller',
  leaseName: 'turnpike-controller',
  publish,
  advertise: address('advertise-address', `${hostname()}:${publish.port}`),
  serverNames: words(optional('server-names') ?? `turnpike-controller.${namespace}.svc`),
  tokenFile: optional('token-file') ?? '/var/run/secrets/turnpike.dev/token',
  audience: 'turnpike.dev',
  keysFrom: words(optional('keys-from') ?? ''),
  watchNamespaces: watched.length === 0 ? null : watched,
  provisioning: provisioning(),
});

const admin = createAdminServer({
  pages: controllerPages(controller.facts),
  onError: (page, error) => log.error('AdminPageFailed', { page, error }),
});
stop = async () => {
  await controller.stop();
  await admin.close();
};
const adminAddress = address('admin-address', '127.0.0.1:9902');
const at = await admin.listen(adminAddress.host, adminAddress.port).catch((error: unknown) => {
  log.error('AdminNotListening', { ...adminAddress, error });
  process.exit(1);
});
log.info('Started', { version: build.version, name, namespace, admin: hostPortText(at) });

const published = await controller.start().catch((error: unknown) => {
  log.error('NotPublishing', { error });
  process.exit(1);
});
log.info('Publishing', { ...published });
