// The data plane as a process: reads options, starts the plane and its admin server, and stops them on a signal.
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { hostPortText, parseHostPort } from '#admin/host-port.ts';
import { createLog } from '#admin/log.ts';
import { createAdminServer } from '#admin/server.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { dataPlanePages } from '#dataplane/admin/data-plane-pages.ts';
import { startDataPlane } from '#dataplane/plane.ts';
import type { DataPlaneEvent } from '#dataplane/plane.ts';
import { resolveControllers } from '#dataplane/subscribe/addresses.ts';
import build from '../package.json' with { type: 'json' };
import type { HostPort } from '#admin/host-port.ts';

const help = `usage: node dataplane/main.ts --gateway NAMESPACE/NAME --controller URL --ca-file FILE --token-file FILE

Serves one Gateway. Each option can also be an environment variable: TURNPIKE_GATEWAY and so on.

  --gateway NAMESPACE/NAME   the Gateway to serve
  --controller URL           https://host:port of the controllers; several separated by commas
  --ca-file FILE             the authorities that controllers' certificates are checked by (PEM)
  --token-file FILE          the service account's token with the audience turnpike.dev
  --state-folder FOLDER      keeps the last good snapshot there; without it none is kept
  --address ADDRESS          what listeners bind; all addresses without it
  --admin-address HOST:PORT  health, metrics and running config (default 127.0.0.1:9901; port 0 takes a free one)
  --reserved-port PORT       a port that listeners do not bind, being taken; one of this number binds 61001 (or the
                             next that no other listener has), and its Service must send there
  --instance NAME            the pod's name (default: the host's)
  --access-log MODE          stdout or off (default stdout)
  --drain-accept SECONDS     in which connections are still taken after SIGTERM (default 5)
  --drain-idle SECONDS       how long silent connections are kept after that: a request that comes on one is still
                             answered, and the answer closes it (default 10)
  --drain-deadline SECONDS   after which what is left is cut (default 60)
`;

const { values } = parseArgs({
  options: {
    gateway: { type: 'string' },
    controller: { type: 'string' },
    'ca-file': { type: 'string' },
    'token-file': { type: 'string' },
    'state-folder': { type: 'string' },
    address: { type: 'string' },
    'admin-address': { type: 'string' },
    'reserved-port': { type: 'string' },
    instance: { type: 'string' },
    'access-log': { type: 'string' },
    'drain-accept': { type: 'string' },
    'drain-idle': { type: 'string' },
    'drain-deadline': { type: 'string' },
    help: { type: 'boolean' },
  },
});

type Option = Exclude<keyof typeof values, 'help'>;

function option(name: Option, fallback: string | null = null): string {
  const value =
    values[name] ?? process.env[`TURNPIKE_${name.toUpperCase().replaceAll('-', '_')}`] ?? fallback;
  if (value === null || value === '') usage(`--${name} is missing`);
  return value;
}

function optional(name: Option): string | null {
  return option(name, '-') === '-' ? null : option(name);
}

function seconds(name: Option, fallback: string): number {
  const value = Number(option(name, fallback));
  if (!Number.isFinite(value) || value < 0) usage(`--${name} is not a number of seconds`);
  return value * 1000;
}

function reservedPort(): number | null {
  const text = optional('reserved-port');
  if (text !== null && !/^[1-9][0-9]{0,4}$/.test(text)) usage(`--reserved-port is not a port: ${text}`);
  return text === null ? null : Number(text);
}

function usage(problem: string): never {
  process.stderr.write(`turnpike data plane: ${problem}\n\n${help}`);
  process.exit(2);
}

function parseGateway(text: string) {
  const [namespace, name, ...more] = text.split('/');
  if (!namespace || !name || more.length > 0) usage(`--gateway is not NAMESPACE/NAME: ${text}`);
  return gatewayKey(namespace, name);
}

function address(name: Option, fallback: string): HostPort {
  const text = option(name, fallback);
  return parseHostPort(text) ?? usage(`--${name} is not HOST:PORT: ${text}`);
}

if (values.help === true) {
  process.stdout.write(help);
  process.exit(0);
}

const log = createLog((line) => process.stderr.write(line), Date.now);
const gateway = parseGateway(option('gateway'));
const urls = option('controller').split(',');
const [caFile, tokenFile] = [option('ca-file'), option('token-file')];
const accessLog = option('access-log', 'stdout');
if (accessLog !== 'stdout' && accessLog !== 'off') usage(`--access-log is stdout or off, not ${accessLog}`);
const drain = {
  acceptMs: seconds('drain-accept', '5'),
  idleMs: seconds('drain-idle', '10'),
  deadlineMs: seconds('drain-deadline', '60'),
};
const adminAddress = address('admin-address', '127.0.0.1:9901');

const plane = startDataPlane({
  gateway,
  instance: option('instance', hostname()),
  build: build.version,
  controllers: () => resolveControllers(urls),
  readCa: () => readFile(caFile, 'utf8'),
  readToken: () => readFile(tokenFile, 'utf8'),
  stateFolder: optional('state-folder'),
  address: optional('address'),
  accessLog: accessLog === 'off' ? null : 1,
  reservedPort: reservedPort(),
  report,
});
let stopping = false;
/**
 * A data plane that drains is ready until it takes no more connections: that it is about to end Kubernetes knows
 * itself, and kube-proxy sends to pods that end, when a node has no others, only as long as they are ready.
 */
let takesConnections = true;
const admin = createAdminServer({
  pages: dataPlanePages({
    ready: () => {
      const reason = takesConnections ? plane.unready() : 'stopping';
      return reason === null ? { ok: true } : { ok: false, reason };
    },
    metrics: () => plane.metrics.text(),
    snapshot: () => {
      const { serving } = plane.state();
      return serving === null ? null : { ...serving, resources: plane.resources() };
    },
  }),
  onError: (page, error) => log.error('AdminPageFailed', { page, error }),
});
// Before anything is waited for: as process 1 of a container it would not even hear of signals that it does not take.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(() => (takesConnections = false), drain.acceptMs).unref();
    log.info('Draining', { signal });
    void plane
      .stop(drain)
      .then(() => admin.close())
      .then(() => process.exit(0));
  });
}

const at = await admin.listen(adminAddress.host, adminAddress.port).catch((error: unknown) => {
  log.error('AdminNotListening', { ...adminAddress, error });
  process.exit(1);
});
log.info('Started', { version: build.version, gateway, admin: hostPortText(at) });

function report(event: DataPlaneEvent): void {
  switch (event.kind) {
    case 'Connected':
      log.info('Connected', { controller: event.controller });
      break;
    case 'Disconnected':
      log.warn('Disconnected', {
        controller: event.controller,
        reason: event.problem.message,
        note: 'what is known is served on',
      });
      break;
    case 'Applied': {
      const { version, source, sinceMs } = event.meta;
      const { refused } = event;
      log[refused.length === 0 ? 'info' : 'warn']('SnapshotServed', { version, source, sinceMs, refused });
      break;
    }
    case 'NotApplied':
      log.error('SnapshotNotServed', {
        version: event.meta.version,
        error: String(event.problem),
        note: 'a fault of ours; the snapshot before is served on',
      });
      break;
    case 'Behind':
      log.warn('ControllerBehind', {
        controller: event.controller,
        lagging: event.lagging,
        note: 'it has seen less than we have; waiting for it',
      });
      break;
    case 'Loaded':
      log.info('LastGoodLoaded', { savedAtMs: event.savedAtMs, unreadable: event.unreadable });
      break;
    case 'LastGoodUnreadable':
      log.warn('LastGoodUnreadable', { file: event.file, reason: event.reason });
      break;
    case 'SaveFailed':
      log.error('LastGoodNotSaved', { reason: event.reason, note: 'serving goes on' });
      break;
    case 'Saved':
      break;
    case 'PortUnavailable': {
      const { bindPort: port, code, message: reason } = event;
      log.error('PortUnavailable', { port, code, reason, note: 'tried again every second' });
      break;
    }
    case 'PortAvailable':
      log.info('PortAvailable', { port: event.port });
      break;
    case 'RateLimitStore':
      if (event.available) log.info('RateLimitStoreAvailable');
      else
        log.error('RateLimitStoreUnavailable', {
          reason: event.reason,
          note: 'policies say what holds meanwhile (onStoreError)',
        });
      break;
    default:
      event satisfies never;
  }
}
