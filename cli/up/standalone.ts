// Both planes in one process: a controller over folders of manifests, and a data plane for each of its Gateways. They
// speak as they do in a cluster, over TLS with certificates and tokens, but on loopback and made for this run.
import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { DrawnSecrets, ticketDay } from '#controller/authority/gateway-secrets.ts';
import { authorityAt, issueServing, publicBundle } from '#controller/authority/authority.ts';
import { systemClock } from '#controller/clock.ts';
import type { Clock } from '#controller/clock.ts';
import { FolderSource } from '#controller/files/folder-source.ts';
import type { FolderReport } from '#controller/files/folder-source.ts';
import { createControlPlane } from '#controller/plane.ts';
import { createPublisher } from '#controller/publish/publisher.ts';
import type { ObjectReader } from '#controller/translate/input.ts';
import type { DesiredStatus, Notice } from '#controller/translate/translation.ts';
import { decodeManifest, kinds } from '#crds/kind.ts';
import { HeapMode } from '#dataplane/listen/heap-mode.ts';
import { startDataPlane } from '#dataplane/plane.ts';
import type { DataPlane, DataPlaneEvent, UsageReceiver } from '#dataplane/plane.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import { standaloneSettings } from '../standalone-settings.ts';

export interface StandaloneOptions {
  readonly folders: readonly string[];
  /** What listeners bind. */
  readonly address: string;
  /** Where the journal of what Consumers use is kept; null for nowhere. */
  readonly usageJournal: string | null;
  /** Who is told of it; null: nobody. */
  readonly usageEvents: UsageReceiver | null;
  /** A file descriptor for access lines; null for none. */
  readonly accessLog: number | null;
  readonly build: string;
  readonly report: StandaloneReport;
  /** See DataPlaneOptions. */
  readonly quotasEveryMs?: number;
  /** The controller's; this machine's unless told. */
  readonly clock?: Clock;
}

/** Who is told what happens. */
export interface StandaloneReport {
  /** After every scan of the folders that changed something. */
  readonly folder: (report: FolderReport) => void;
  /** All statuses, after every translation, and the objects they are about. */
  readonly statuses: (statuses: readonly DesiredStatus[], objects: ObjectReader) => void;
  /** Those of the same translation, right after its statuses. */
  readonly notices: (notices: readonly Notice[]) => void;
  readonly dataPlane: (gateway: GatewayKey, event: DataPlaneEvent) => void;
  readonly keys: (problem: string) => void;
}

export interface Standalone {
  /** Those that run now, by the Gateway they serve. */
  readonly dataPlanes: ReadonlyMap<GatewayKey, DataPlane>;
  /** Lets requests in flight finish, then ends everything. */
  stop(): Promise<void>;
}

const drain = { acceptMs: 0, idleMs: 200, deadlineMs: 10_000 };
const hour = 3_600_000;

/** @throws {FilesError} when a folder cannot be read. */
export async function startStandalone(options: StandaloneOptions): Promise<Standalone> {
  const { report, clock = systemClock } = options;
  const authority = await authorityAt(null, Date.now());
  const token = randomBytes(32).toString('hex');
  const planes = new Map<GatewayKey, DataPlane>();

  const publisher = createPublisher({
    host: '127.0.0.1',
    port: 0,
    certificate: await issueServing(authority, ['127.0.0.1'], Date.now()),
    authenticate: (shown) => Promise.resolve(authenticated(shown, token)),
    mayServe: () => true,
    isPeer: () => false,
    onObservation: (gateway, dataPlanes) => controlPlane.observe(gateway, dataPlanes),
    onMissingKey: (keySet) => controlPlane.keys.missing(keySet.replace(/^KeySet\//, '')),
    report: () => {},
    now: Date.now,
  });
  const heap = new HeapMode();
  const secrets = new DrawnSecrets();
  const secretsOf = (gateway: GatewayKey) =>
    secrets.of(authority, gateway, { day: ticketDay(Date.now()), nowMs: Date.now() });
  const controlPlane = createControlPlane({
    clock,
    random: Math.random,
    settings: standaloneSettings,
    resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
    snapshots: {
      put(gateway, resources, order) {
        publisher.put(gateway, resources, order);
        if (!planes.has(gateway)) planes.set(gateway, startPlane(gateway));
      },
      remove(gateway) {
        publisher.remove(gateway);
        void planes.get(gateway)?.stop(drain);
        planes.delete(gateway);
      },
    },
    // Sessions end with this process, as its authority does.
    sessionSecret: (gateway) => secretsOf(gateway).sessions,
    loginSecret: (gateway) => secretsOf(gateway).login,
    statuses: { put: (statuses) => report.statuses(statuses, controlPlane.store.objects) },
    notice: report.notices,
    passed: () => {},
    reportKeys: (event) => {
      if (event.kind === 'Failed') report.keys(`${event.id.replace(/^Uri\//, '')}: ${event.error.message}`);
    },
  });
  const { port } = await publisher.listen();

  function startPlane(gateway: GatewayKey): DataPlane {
    return startDataPlane({
      gateway,
      instance: 'standalone',
      build: options.build,
      controllers: () => Promise.resolve([{ host: '127.0.0.1', port, serverName: null }]),
      readCa: () => Promise.resolve(publicBundle(authority)),
      readToken: () => Promise.resolve(token),
      stateFolder: null,
      usageJournal: options.usageJournal,
      usageEvents: options.usageEvents,
      heap,
      address: options.address,
      accessLog: options.accessLog,
      report: (event) => report.dataPlane(gateway, event),
      ...(options.quotasEveryMs === undefined ? {} : { quotasEveryMs: options.quotasEveryMs }),
    });
  }

  controlPlane.store.setLineage(randomUUID());
  const source = new FolderSource({
    folders: options.folders,
    kinds,
    check: decodeManifest,
    sink: controlPlane.store,
    clock,
    report: report.folder,
  });
  controlPlane.keys.lead();
  try {
    await source.start();
  } catch (error) {
    await publisher.stop();
    throw error;
  }
  controlPlane.loop.start();

  return {
    dataPlanes: planes,
    async stop() {
      await source.stop();
      controlPlane.loop.stop();
      controlPlane.quotas.stop();
      controlPlane.keys.follow();
      await Promise.all([...planes.values()].map((plane) => plane.stop(drain)));
      await publisher.stop();
    },
  };
}

function authenticated(shown: string, token: string) {
  const isOurs = shown.length === token.length && timingSafeEqual(Buffer.from(shown), Buffer.from(token));
  return isOurs
    ? ({
        ok: true,
        namespace: 'turnpike-system',
        serviceAccount: 'standalone',
        expiresAtMs: Date.now() + hour,
      } as const)
    : ({ ok: false, reason: 'not the token of this run' } as const);
}
