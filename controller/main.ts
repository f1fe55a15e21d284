// The controller as a process in a cluster: reads options, starts it and its admin server, stops them on a signal.
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { hostPortText, parseHostPort } from '#admin/host-port.ts';
import { parseList } from '#admin/list.ts';
import { createLog } from '#admin/log.ts';
import { createAdminServer } from '#admin/server.ts';
import { controllerPages } from '#controller/admin/controller-pages.ts';
import { systemClock } from '#controller/clock.ts';
import { createClusterController } from '#controller/cluster/cluster-controller.ts';
import { KubeError } from '#controller/kube/kube-error.ts';
import { loadConnection } from '#controller/kube/connection.ts';
import { controllerHelp, controllerOptions } from '#controller/usage.ts';
import build from '../package.json' with { type: 'json' };
import type { HostPort } from '#admin/host-port.ts';
import type { ProvisioningOptions } from '#controller/cluster/options.ts';

const { values } = parseArgs({ options: controllerOptions });

if (values.help === true) {
  process.stdout.write(controllerHelp);
  process.exit(0);
}

type Option = Exclude<keyof typeof values, 'help'>;

function optional(name: Option): string | null {
  const value = values[name] ?? process.env[`TURNPIKE_${name.toUpperCase().replaceAll('-', '_')}`];
  return value === undefined || value === '' ? null : value;
}

/** Null when nothing is said. A list that names nothing is no list: `--watch-namespaces=,` must not come to mean all. */
function list(name: Option): readonly string[] | null {
  const text = values[name] === '' ? '' : optional(name);
  return text === null
    ? null
    : (parseList(text) ?? usage(`--${name} has an empty name in its list: "${text}"`));
}

function usage(problem: string): never {
  process.stderr.write(`turnpike controller: ${problem}\n\n${controllerHelp}`);
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
  return image === null ? null : { image, pullPolicy, pullSecrets: lists.pullSecrets ?? [], controllerUrl };
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

const lists = {
  serverNames: list('server-names'),
  keysFrom: list('keys-from'),
  watchNamespaces: list('watch-namespaces'),
  pullSecrets: list('dataplane-pull-secrets'),
};
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
  serverNames: lists.serverNames ?? [`turnpike-controller.${namespace}.svc`],
  tokenFile: optional('token-file') ?? '/var/run/secrets/turnpike.dev/token',
  audience: 'turnpike.dev',
  keysFrom: lists.keysFrom ?? [],
  watchNamespaces: lists.watchNamespaces,
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
