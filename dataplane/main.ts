// The data plane as a process: reads options, starts the plane and its admin server, and stops them on a signal.
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { createLog } from '#admin/log.ts';
import { createAdminServer } from '#admin/server.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { dataPlanePages } from '#dataplane/admin/data-plane-pages.ts';
import { startDataPlane } from '#dataplane/plane.ts';
import type { DataPlaneEvent } from '#dataplane/plane.ts';
import { resolveControllers } from '#dataplane/subscribe/addresses.ts';
import build from '../package.json' with { type: 'json' };

const help = `usage: node dataplane/main.ts --gateway NAMESPACE/NAME --controller URL --ca-file FILE --token-file FILE

Serves one Gateway. Each option can also be an environment variable: TURNPIKE_GATEWAY and so on.

  --gateway NAMESPACE/NAME   the Gateway to serve
  --controller URL           https://host:port of the controllers; several separated by commas
  --ca-file FILE             the authorities that controllers' certificates are checked by (PEM)
  --token-file FILE          the service account's token with the audience turnpike.dev
  --state-folder FOLDER      keeps the last good snapshot there; without it none is kept
  --address ADDRESS          what listeners bind; all addresses without it
  --admin-address HOST:PORT  health, metrics and running config (default 127.0.0.1:9901; port 0 takes a free one)
  --instance NAME            the pod's name (default: the host's)
  --access-log MODE          stdout or off (default stdout)
  --drain-accept DURATION    seconds in which connections are still taken after SIGTERM (default 5)
  --drain-deadline DURATION  seconds after which what is left is cut (default 60)
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
    instance: { type: 'string' },
    'access-log': { type: 'string' },
    'drain-accept': { type: 'string' },
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

function usage(problem: string): never {
  process.stderr.write(`turnpike data plane: ${problem}\n\n${help}`);
  process.exit(2);
}

function parseGateway(text: string) {
  const [namespace, name, ...more] = text.split('/');
  if (!namespace || !name || more.length > 0) usage(`--gateway is not NAMESPACE/NAME: ${text}`);
  return gatewayKey(namespace, name);
}

function parseHostPort(text: string) {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    usage(`--admin-address is not HOST:PORT: ${text}`);
  }
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port };
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
  idleMs: 1_000,
  deadlineMs: seconds('drain-deadline', '60'),
};
const adminAddress = parseHostPort(option('admin-address', '127.0.0.1:9901'));

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
  event: report,
});
let stopping = false;
const admin = createAdminServer({
  pages: dataPlanePages({
    ready: () => {
      const reason = stopping ? 'stopping' : plane.unready();
      return reason === null ? { ok: true } : { ok: false, reason };
    },
    metrics: () => plane.metrics.text(),
    snapshot: () => {
      const { serving } = plane.state();
      return serving === null ? null : { ...serving, resources: plane.resources() };
    },
  }),
  onError: (path, error) => log.error('an admin page failed', { path, error: String(error) }),
});
const at = await admin.listen(adminAddress.host, adminAddress.port);
log.info('data plane started', { version: build.version, gateway, admin: `${at.host}:${at.port}` });

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info('draining', { signal });
    void plane
      .stop(drain)
      .then(() => admin.close())
      .then(() => process.exit(0));
  });
}

function report(event: DataPlaneEvent): void {
  switch (event.kind) {
    case 'Connected':
      log.info('connected to a controller', { controller: event.controller });
      break;
    case 'Disconnected':
      log.warn('lost the controller; serving what is known', {
        controller: event.controller,
        reason: event.problem.message,
      });
      break;
    case 'Applied':
      log[event.refused.length === 0 ? 'info' : 'warn']('snapshot served', {
        version: event.meta.version,
        source: event.meta.source,
        sinceMs: event.meta.sinceMs,
        refused: event.refused,
      });
      break;
    case 'NotApplied':
      log.error('snapshot not served: a fault of ours', {
        version: event.meta.version,
        error: String(event.problem),
      });
      break;
    case 'Behind':
      log.warn('the controller has seen less than we have; waiting for it', {
        controller: event.controller,
        lagging: event.lagging,
      });
      break;
    case 'Loaded':
      log.info('last good snapshot loaded', { savedAtMs: event.savedAtMs, unreadable: event.unreadable });
      break;
    case 'LastGoodUnreadable':
      log.warn('a last good snapshot cannot be used', { file: event.file, reason: event.reason });
      break;
    case 'SaveFailed':
      log.error('the last good snapshot cannot be saved; serving goes on', { reason: event.reason });
      break;
    case 'Saved':
      break;
    case 'PortUnavailable':
      log.error(`port ${event.bindPort} cannot be bound; tried again every second`, {
        code: event.code,
        reason: event.message,
      });
      break;
    case 'RateLimitStore':
      if (event.available) log.info('the rate-limit store answers');
      else
        log.error('the rate-limit store does not answer; policies say what holds meanwhile', {
          reason: event.reason,
        });
      break;
    default:
      event satisfies never;
  }
}
