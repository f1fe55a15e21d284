// One replica of the controller in a cluster, put together: the API server's objects come in, snapshots go out to
// data planes, and, while it leads, statuses and what the platform keeps are written back. Decides nothing.
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { hostPortText, parseHostPort } from '#admin/host-port.ts';
import { kinds } from '#crds/kind.ts';
import { createControllerMetrics } from '#controller/admin/controller-metrics.ts';
import { LeaseElection } from '#controller/election/lease-election.ts';
import { EventWriter } from '#controller/events/event-writer.ts';
import { KubeClient } from '#controller/kube/kube-client.ts';
import { KubeLeaseClient } from '#controller/kube/lease-client.ts';
import { KubeSource } from '#controller/kube/kube-source.ts';
import { KubeStatusClient } from '#controller/kube/status-client.ts';
import { reviewToken } from '#controller/kube/token-review.ts';
import { createControlPlane } from '#controller/plane.ts';
import { Provisioner } from '#controller/provision/provisioner.ts';
import { createPublisher } from '#controller/publish/publisher.ts';
import { createObservationRelay } from '#controller/publish/relay.ts';
import { StatusWriter } from '#controller/status/status-writer.ts';
import { Announcer } from './announcer.ts';
import { AuthorityKeeper } from './authority-keeper.ts';
import { KeyKeeper } from './key-keeper.ts';
import { mayServe } from './may-serve.ts';
import { SnapshotTable } from './snapshot-table.ts';
import { liveStatus, sharedStatusObjects } from './status-objects.ts';
import type { HostPort } from '#admin/host-port.ts';
import type { Health } from '#admin/pages.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { ControllerFacts } from '#controller/admin/controller-pages.ts';
import type { ControllerMetrics } from '#controller/admin/controller-metrics.ts';
import type { ServingCertificate } from '#controller/authority/authority.ts';
import type { ControlPlane } from '#controller/plane.ts';
import type { LeaderAddress, ObservationRelay } from '#controller/publish/relay.ts';
import type { Publisher } from '#controller/publish/publisher.ts';
import type { ClusterControllerOptions } from './options.ts';
import {
  reportAuthority,
  reportKeys,
  reportProvision,
  reportPublish,
  reportReflector,
  reportRelay,
  reportStatus,
} from './reports.ts';

/** One replica; `start` once, `stop` once. */
export interface ClusterController {
  readonly facts: ControllerFacts;
  /** Resolves with where it publishes, once it does: all kinds listed, translated, and a certificate at hand. */
  start(): Promise<HostPort>;
  /** Gives up the lead, then all else. */
  stop(): Promise<void>;
}

/** A replica that begins with {@link ClusterController.start}. */
export function createClusterController(options: ClusterControllerOptions): ClusterController {
  return new Controller(options);
}

/** Data planes of a leader that died come back to others, who tell the new one, within this time. */
const takeOverMs = 3_000;
const servedWaitMs = 1_000;
const keySetPrefix = 'KeySet/';

class Controller implements ClusterController {
  readonly #options: ClusterControllerOptions;
  readonly #client: KubeClient;
  readonly #plane: ControlPlane;
  readonly #source: KubeSource;
  readonly #statuses: StatusWriter;
  readonly #announcer: Announcer;
  readonly #authority: AuthorityKeeper;
  readonly #keyKeeper: KeyKeeper;
  readonly #provisioner: Provisioner | null;
  readonly #metrics: ControllerMetrics;
  readonly #election: LeaseElection;
  readonly #snapshots = new SnapshotTable();
  readonly #certificate = Promise.withResolvers<ServingCertificate>();
  readonly #synced = Promise.withResolvers<void>();
  readonly #translated = Promise.withResolvers<void>();
  #publisher: Publisher | null = null;
  #relay: ObservationRelay | null = null;
  #leader: LeaderAddress | null = null;
  /** Where this replica is reached; null before it listens. */
  #advertised: HostPort | null = null;
  #stopping = false;

  constructor(options: ClusterControllerOptions) {
    this.#options = options;
    const { clock, random, log, namespace } = options;
    this.#client = new KubeClient(options.connection, clock);
    const client = this.#client;
    this.#plane = this.#createPlane();
    const { store, keys } = this.#plane;
    this.#source = new KubeSource({
      client,
      kinds,
      sink: store,
      namespaces: namespacesOf(options),
      clock,
      random,
      report: reportReflector(log),
    });
    this.#statuses = this.#createStatuses();
    this.#announcer = new Announcer({
      log,
      clock,
      store,
      events: new EventWriter({
        client,
        clock,
        instance: options.name,
        report: (error) => log.warn('EventsNotWritten', { error }),
      }),
      leading: () => this.#election.leading,
    });
    this.#authority = new AuthorityKeeper({
      client,
      store,
      clock,
      namespace,
      names: [...new Set([...options.serverNames, options.advertise.host])],
      onCertificate: (serving) => {
        this.#certificate.resolve(serving);
        this.#publisher?.useCertificate(serving);
      },
      onBundle: (bundle) => this.#provisioner?.useAuthorities(bundle),
      onSecrets: () => this.#plane.loop.renew(),
      report: reportAuthority(log),
    });
    this.#provisioner = this.#createProvisioner();
    this.#keyKeeper = new KeyKeeper({
      client,
      store,
      clock,
      keys,
      namespace,
      report: (error) => log.warn('KeysNotKept', { error }),
    });
    this.#election = this.#createElection();
    this.#metrics = createControllerMetrics({
      leader: () => this.#election.leading,
      objects: () =>
        Object.fromEntries(Object.values(kinds).map(({ kind }) => [kind, store.objects.list(kind).length])),
      dataPlanes: () => this.#snapshots.figures(),
    });
  }

  get facts(): ControllerFacts {
    return {
      ready: () => this.#health(),
      metrics: () => this.#metrics.text(),
      snapshots: () => this.#snapshots.all(),
      dataPlanes: (gateway) => this.#snapshots.dataPlanes(gateway),
      leader: () => this.#election.leading,
    };
  }

  async start(): Promise<HostPort> {
    const { log, publish, advertise } = this.#options;
    this.#watchStore();
    this.#source.start();
    await this.#synced.promise;
    log.info('Synced', { order: this.#plane.store.order });
    this.#keyKeeper.read();
    this.#election.start();
    this.#authority.look();
    const publisher = this.#createPublisher(await this.#certificate.promise);
    this.#publisher = publisher;
    this.#snapshots.publishTo(publisher);
    this.#plane.loop.start();
    await this.#translated.promise;
    const { port } = await publisher.listen();
    this.#advertised = { host: advertise.host, port: advertise.port === 0 ? port : advertise.port };
    this.#relay = this.#createRelay(publisher);
    this.#relay.start();
    return { host: publish.host, port };
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#statuses.stop();
    this.#authority.stop();
    this.#keyKeeper.follow();
    await this.#provisioner?.follow();
    await this.#relay?.stop();
    await this.#election.stop();
    this.#plane.loop.stop();
    this.#plane.quotas.stop();
    await this.#publisher?.stop();
    await this.#source.stop();
    await this.#client.close();
  }

  #createPlane(): ControlPlane {
    const { clock, random, log, controllerName, keysFrom, provisioning } = this.#options;
    return createControlPlane({
      clock,
      random,
      settings: {
        controllerName,
        dataPlanes: provisioning === null ? 'External' : 'Provisioned',
        trustedNetworks: keysFrom,
      },
      resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
      snapshots: this.#snapshots,
      statuses: { put: (statuses) => this.#statuses.put(statuses) },
      ticketSecret: (gateway) => this.#authority.ticketSecret(gateway),
      sessionSecret: (gateway) => this.#authority.sessionSecret(gateway),
      loginSecret: (gateway) => this.#authority.loginSecret(gateway),
      provision: (infrastructure) => this.#provisioner?.put(infrastructure),
      notice: (notices) => this.#announcer.announce(notices),
      passed: ({ kind, durationMs }) => {
        if (kind === 'Translation') this.#metrics.translated(durationMs);
        this.#translated.resolve();
      },
      reportKeys: reportKeys(log),
    });
  }

  #createStatuses(): StatusWriter {
    const { clock, random, log, controllerName } = this.#options;
    const { store } = this.#plane;
    const report = reportStatus(log);
    return new StatusWriter({
      clock,
      random,
      controllerName,
      live: (object) => liveStatus(store, object),
      all: () => sharedStatusObjects(store),
      client: new KubeStatusClient(this.#client, kinds),
      whenServed: (gateways) => Promise.all(gateways.map((gateway) => this.#whenServed(gateway))),
      report: (event) => {
        this.#metrics.written(event.kind);
        report(event);
      },
    });
  }

  #createProvisioner(): Provisioner | null {
    const { clock, random, log, controllerName, audience, provisioning } = this.#options;
    if (provisioning === null) {
      return null;
    }
    return new Provisioner({
      client: this.#client,
      clock,
      random,
      platform: { ...provisioning, controllerName, audience },
      namespaces: namespacesOf(this.#options),
      observe: (gateway, problem) => this.#plane.store.observeProvisioning(gateway, problem),
      report: reportProvision(log),
      reportWatch: reportReflector(log),
    });
  }

  async #whenServed(gateway: GatewayKey): Promise<void> {
    const version = this.#publisher?.version(gateway) ?? null;
    if (version !== null) {
      await this.#publisher?.whenAllReadyHave(gateway, version, servedWaitMs);
    }
  }

  #createElection(): LeaseElection {
    const { clock, random, log, name, namespace, leaseName } = this.#options;
    return new LeaseElection({
      client: new KubeLeaseClient(this.#client, namespace, leaseName),
      clock,
      random,
      identity: name,
      address: () => (this.#advertised === null ? null : hostPortText(this.#advertised)),
      onLead: () => this.#lead(),
      onFollow: () => this.#follow(),
      onHolder: (holder) => {
        log.info('Leader', { leader: holder?.identity ?? null, address: holder?.address ?? null });
        const at = holder === null || holder.identity === name ? null : parseHostPort(holder.address ?? '');
        this.#leader = at === null ? null : { ...at, serverName: this.#options.serverNames[0] ?? null };
        this.#relay?.leaderChanged();
      },
      report: (error) => log.warn('LeaseNotHeld', { error }),
    });
  }

  #createPublisher(certificate: ServingCertificate): Publisher {
    const { publish, log, namespace, serviceAccount, audience, clock } = this.#options;
    const { store, keys } = this.#plane;
    return createPublisher({
      ...publish,
      certificate,
      authenticate: (token) => reviewToken(this.#client, token, audience),
      mayServe: (identity, gateway) =>
        this.#snapshots.has(gateway) && mayServe(store.objects, identity, gateway),
      isPeer: (identity) => identity.namespace === namespace && identity.serviceAccount === serviceAccount,
      onObservation: (gateway, dataPlanes) => this.#plane.observe(gateway, dataPlanes),
      onMissingKey: (keySet) => {
        if (keySet.startsWith(keySetPrefix)) keys.missing(keySet.slice(keySetPrefix.length));
      },
      report: reportPublish(log, () => clock.now()),
      now: () => clock.now(),
    });
  }

  #createRelay(publisher: Publisher): ObservationRelay {
    const { name, tokenFile, random, log } = this.#options;
    return createObservationRelay({
      publisher,
      replica: name,
      leader: () => Promise.resolve(this.#election.leading ? null : this.#leader),
      readCa: () => Promise.resolve(this.#authority.bundle ?? ''),
      readToken: async () => (await readFile(tokenFile, 'utf8')).trim(),
      report: reportRelay(log),
      random,
    });
  }

  #watchStore(): void {
    const { log, namespace } = this.#options;
    const { store } = this.#plane;
    store.subscribe((change) => {
      if (change.kind === 'Served' && store.synced) {
        // Its identity is the cluster's: resource versions of another cluster are of another order.
        store.setLineage(store.objects.get('Namespace', '', 'kube-system')?.metadata.uid ?? '');
        this.#synced.resolve();
      } else if (change.kind === 'Status') {
        this.#statuses.touched({ kind: change.of, namespace: change.namespace, name: change.name });
      } else if (change.kind === 'Refused') {
        const { of, name, problems } = change;
        log.warn('ObjectNotRead', { object: `${of} ${change.namespace}/${name}`, problems });
      } else if (change.kind === 'Object') {
        this.#statuses.changed({ kind: change.of, namespace: change.namespace, name: change.name });
        if (change.of === 'Secret' && change.namespace === namespace) this.#authority.look();
      }
    });
  }

  #lead(): void {
    const { clock, log } = this.#options;
    log.info('Leading');
    this.#authority.lead();
    this.#keyKeeper.lead();
    this.#provisioner?.lead();
    void this.#translated.promise.then(() => {
      clock.after(this.#election.transitions === 0 ? 0 : takeOverMs, () => {
        if (this.#election.leading && !this.#stopping) this.#statuses.lead();
      });
      return null;
    });
  }

  #follow(): void {
    this.#options.log.info('Following');
    this.#statuses.follow();
    this.#authority.follow();
    this.#keyKeeper.follow();
    void this.#provisioner?.follow();
  }

  #health(): Health {
    const { store } = this.#plane;
    if (this.#stopping) {
      return { ok: false, reason: 'stopping' };
    }
    if (!store.synced) {
      return { ok: false, reason: `waiting for the first list of ${store.missing.join(', ')}` };
    }
    return this.#advertised === null
      ? { ok: false, reason: 'waiting for a certificate: has a leader made the authority?' }
      : { ok: true };
  }
}

/** Its own holds the authority and the keys, whatever it is to serve. */
function namespacesOf({ watchNamespaces, namespace }: ClusterControllerOptions): readonly string[] | null {
  return watchNamespaces === null ? null : [...new Set([...watchNamespaces, namespace])];
}
