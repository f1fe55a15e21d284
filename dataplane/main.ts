// The data plane as a process: reads options, starts the plane and its admin server, and stops them on a signal.
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { hostPortText, parseHostPort } from '#admin/host-port.ts';
import { parseList } from '#admin/list.ts';
import { createLog } from '#admin/log.ts';
import { createAdminServer } from '#admin/server.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { dataPlanePages } from '#dataplane/admin/data-plane-pages.ts';
import { startDataPlane } from '#dataplane/plane.ts';
import type { DataPlaneEvent, UsageReceiver } from '#dataplane/plane.ts';
import { HeapMode } from '#dataplane/listen/heap-mode.ts';
import type { OverloadLevel } from '#dataplane/listen/overload-guard.ts';
import { resolveControllers } from '#dataplane/subscribe/addresses.ts';
import { dataPlaneHelp, dataPlaneOptions } from '#dataplane/usage.ts';
import build from '../package.json' with { type: 'json' };
import type { HostPort } from '#admin/host-port.ts';

const { values } = parseArgs({ options: dataPlaneOptions });

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
  process.stderr.write(`turnpike data plane: ${problem}\n\n${dataPlaneHelp}`);
  process.exit(2);
}

function parseGateway(text: string) {
  const [namespace, name, ...more] = text.split('/');
  if (!namespace || !name || more.length > 0) usage(`--gateway is not NAMESPACE/NAME: ${text}`);
  return gatewayKey(namespace, name);
}

function controllers(): readonly string[] {
  const text = option('controller');
  const urls = parseList(text) ?? usage(`--controller has an empty name in its list: "${text}"`);
  const wrong = urls.find((url) => URL.parse(url)?.protocol !== 'https:');
  return wrong === undefined ? urls : usage(`--controller is no https URL: ${wrong}`);
}

function address(name: Option, fallback: string): HostPort {
  const text = option(name, fallback);
  return parseHostPort(text) ?? usage(`--${name} is not HOST:PORT: ${text}`);
}

/** Whoever an address or a file of --usage-events is. */
async function usageReceiver(): Promise<UsageReceiver | null> {
  const text = optional('usage-events');
  if (text === null) return null;
  if (optional('usage-journal') === null)
    usage('--usage-events needs --usage-journal: what is told is what is there');
  if (!/^https?:/.test(text)) return { kind: 'File', file: text };
  const url = URL.parse(text);
  if (url?.protocol !== 'https:')
    usage(`--usage-events is neither an https URL with a host nor a file: ${text}`);
  const [caFile, tokenFile] = [optional('usage-events-ca'), optional('usage-events-token')];
  return {
    kind: 'Server',
    url,
    authorities: caFile === null ? null : await readFile(caFile, 'utf8'),
    trusted: parseList(option('usage-events-trust', '-'))?.filter((one) => one !== '-') ?? [],
    readToken: () => (tokenFile === null ? Promise.resolve(null) : readFile(tokenFile, 'utf8')),
  };
}

if (values.help === true) {
  process.stdout.write(dataPlaneHelp);
  process.exit(0);
}

const log = createLog((line) => process.stderr.write(line), Date.now);
const gateway = parseGateway(option('gateway'));
const urls = controllers();
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
  usageJournal: optional('usage-journal'),
  usageEvents: await usageReceiver(),
  heap: new HeapMode(),
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
    usage: () => plane.usage(),
    snapshot: () => {
      const { serving } = plane.state();
      return serving === null ? null : { ...serving, resources: plane.resources() };
    },
    bans: () => plane.bans(),
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
  if ('client' in event) {
    reportKeptOut(event);
    return;
  }
  if ('available' in event) {
    reportAvailability(event);
    return;
  }
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
      const { bindPort: port, protocol, code, message: reason } = event;
      log.error('PortUnavailable', { port, protocol, code, reason, note: 'tried again every second' });
      break;
    }
    case 'PortAvailable':
      log.info('PortAvailable', { port: event.port, protocol: event.protocol });
      break;
    case 'Overload':
      reportOverload(event.level);
      break;
    case 'RateLimitStoreEvicts':
      log.warn(event.kind, {
        policy: event.policy,
        note: 'counts may be lost: set maxmemory-policy to noeviction',
      });
      break;
    default:
      event satisfies never;
  }
}

function reportOverload(level: OverloadLevel): void {
  if (level === 'None') log.info('OverloadOver');
  else log.warn('Overload', { level, note: overloadNote(level) });
}

/** Somebody who may not come, or not now. */
type KeptOutEvent = Extract<DataPlaneEvent, { readonly client: string }>;

function reportKeptOut(event: KeptOutEvent): void {
  const { kind, client, policy } = event;
  switch (kind) {
    case 'AuthenticationBlocked':
      log.warn(kind, { client, policy, seconds: event.blockMs / 1000 });
      break;
    case 'ProtectionRefused':
      log.warn(kind, { client, policy, reason: event.reason, mode: event.mode, count: event.count });
      break;
    case 'AddressBanned':
      log.warn(kind, {
        client,
        policy,
        rule: event.rule,
        mode: event.mode,
        seconds: event.durationMs / 1000,
      });
      break;
    default:
      kind satisfies never;
  }
}

/** Something that is there, or away. */
type AvailabilityEvent = Extract<DataPlaneEvent, { readonly available: boolean }>;

/** What holds while it is away. */
const notes = {
  RevocationList: 'what is known of it holds for maxStale',
  RateLimitStore: 'policies say what holds meanwhile (onStoreError)',
  UsageJournal:
    'what Consumers use is counted in memory, and written when that can be; it is lost if this process ends before',
  UsageEvents: 'what is in the journal stays there, and is told later',
  SharedMemory:
    'each data plane goes by what it knows itself of logouts, refreshed sessions, nonces and bans',
} satisfies Record<AvailabilityEvent['kind'], string>;

function reportAvailability(event: AvailabilityEvent): void {
  const { kind, available, reason } = event;
  const which = kind === 'RevocationList' ? { list: event.list } : {};
  if (available) log.info(`${kind}Available`, which);
  else log.error(`${kind}Unavailable`, { ...which, reason, note: notes[kind] });
}

/** What is left undone; see listen/overload-guard.ts. */
function overloadNote(level: Exclude<OverloadLevel, 'None'>): string {
  switch (level) {
    case 'Saving':
      return 'memory for connections is short: none is kept that need not be';
    case 'Shedding':
      return 'there is too much to do: new requests and connections are refused';
    case 'Cutting':
      return 'memory for connections is used up: the newest of those that hold most are cut';
    default:
      return level satisfies never;
  }
}
