// Hands each data plane its own Gateway's snapshot over an authenticated stream, and gathers what they say of it.
// Every replica publishes; one that follows passes on what it hears to the leader (relay.ts). Knows neither what a
// resource means nor the cluster: whose token it is and who may have which Gateway is answered by its caller.
import type { GatewayKey } from '#snapshot/ids.ts';
import { type MissingKey, dataPlaneMessage, peerMessage, protocolNumber } from '#snapshot/message.ts';
import type { Order, ResourceSet } from '#snapshot/snapshot.ts';
import type { Authenticate, Identity } from './admission.ts';
import { DataPlaneStream } from './data-plane-stream.ts';
import { GatewayHearing, type Heard } from './gateway-hearing.ts';
import { type PublishLimits, publishLimits } from './limits.ts';
import { type DataPlaneRecord, type DataPlanes, ObservationTable } from './observation-table.ts';
import { PeerStream } from './peer-stream.ts';
import { type Encoder, Published, createEncoder } from './published.ts';
import { type Call, type Opened, type PublishEvent, type ServerCertificate, StreamServer } from './server.ts';
import { Waiters } from './waiters.ts';

export interface PublisherOptions {
  readonly host: string;
  /** 0 for any. */
  readonly port: number;
  readonly certificate: ServerCertificate;
  /** Whose token it is; rejects when that cannot be told now. */
  readonly authenticate: Authenticate;
  /** Whether the data planes of this ServiceAccount may have the Gateway's snapshot. */
  readonly mayServe: (identity: Identity, gateway: GatewayKey) => boolean;
  /** Whether this ServiceAccount is the controller's own. */
  readonly isPeer: (identity: Identity) => boolean;
  /** Something changed in what is known of a Gateway's data planes, over all replicas that tell this one. */
  readonly onObservation: (gateway: GatewayKey, dataPlanes: DataPlanes) => void;
  /** A data plane met a token signed by an unknown key. `keySet` is an id, not checked. */
  readonly onMissingKey: (keySet: string, kid: string) => void;
  readonly report: (event: PublishEvent) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly limits?: Partial<PublishLimits>;
}

/** What happens to the data planes of this replica, told as the messages by which a follower tells the leader. */
export type LocalObservation =
  | { readonly kind: 'Seen'; readonly connection: string; readonly record: DataPlaneRecord }
  | { readonly kind: 'Gone'; readonly connection: string }
  | { readonly kind: 'MissingKey'; readonly message: MissingKey };

/** The snapshots of all Gateways, and what is known of the data planes that take them. */
export interface Publisher {
  /** Resolves with the port once it listens. */
  listen(): Promise<{ readonly port: number }>;
  /** Publishes the Gateway's whole set; resources that are the same objects as before cost next to nothing. */
  put(gateway: GatewayKey, resources: ResourceSet, order: Order): void;
  /** The Gateway is gone: its data planes are told nothing more. */
  remove(gateway: GatewayKey): void;
  /** The version that was put last; null when none was. */
  version(gateway: GatewayKey): string | null;
  dataPlanes(gateway: GatewayKey): DataPlanes;
  /** Whether every ready data plane serves `version`; true when there is none. */
  allReadyHave(gateway: GatewayKey, version: string): boolean;
  /** Resolves as soon as every ready data plane serves `version` (true), or after `waitMs` (false). */
  whenAllReadyHave(gateway: GatewayKey, version: string, waitMs: number): Promise<boolean>;
  useCertificate(certificate: ServerCertificate): void;
  /** Calls `listener` for all data planes of this replica, then for each change. The answer ends it. */
  watchLocal(listener: (observation: LocalObservation) => void): () => void;
  stop(): Promise<void>;
}

/** A publisher that listens once {@link Publisher.listen} is called. */
export function createPublisher(options: PublisherOptions): Publisher {
  return new SnapshotPublisher(options);
}

const here = 'here';

class SnapshotPublisher implements Publisher {
  readonly #options: PublisherOptions;
  readonly #limits: PublishLimits;
  readonly #encode: Encoder = createEncoder();
  readonly #published = new Map<GatewayKey, Published>();
  readonly #streams = new Map<GatewayKey, Set<DataPlaneStream>>();
  /** Outlive their streams: a data plane that comes back is heard no more often for it. */
  readonly #hearings = new Map<GatewayKey, GatewayHearing>();
  readonly #table: ObservationTable;
  readonly #waiters: Waiters;
  readonly #listeners = new Set<(observation: LocalObservation) => void>();
  readonly #server: StreamServer;
  readonly #newOrders = new Set<GatewayKey>();
  #orderTimer: NodeJS.Timeout | null = null;
  #connections = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#limits = { ...publishLimits, ...options.limits };
    this.#table = new ObservationTable((gateway) => this.#observe(gateway));
    this.#waiters = new Waiters((gateway, version) => this.allReadyHave(gateway, version));
    this.#server = new StreamServer({
      ...options,
      limits: this.#limits,
      endpoints: new Map([
        ['/v1/snapshots', (call) => this.#openDataPlane(call)],
        ['/v1/observations', (call) => this.#openPeer(call)],
      ]),
    });
  }

  async listen(): Promise<{ readonly port: number }> {
    return { port: await this.#server.listen() };
  }

  put(gateway: GatewayKey, resources: ResourceSet, order: Order): void {
    const published = this.#published.get(gateway);
    if (published === undefined) {
      this.#published.set(gateway, new Published(resources, order, this.#encode));
      this.#wake(gateway);
    } else {
      const leftOut = published.tooLarge.size;
      this.#changed(gateway, published.replace(resources, order));
      if (leftOut + published.tooLarge.size === 0) return;
    }
    this.#observe(gateway);
  }

  remove(gateway: GatewayKey): void {
    this.#published.delete(gateway);
  }

  version(gateway: GatewayKey): string | null {
    return this.#published.get(gateway)?.version ?? null;
  }

  dataPlanes(gateway: GatewayKey): DataPlanes {
    const told = this.#table.dataPlanes(gateway);
    const tooLarge = this.#published.get(gateway)?.tooLarge ?? [];
    return Object.freeze({ ...told, refused: new Map([...told.refused, ...tooLarge]) });
  }

  allReadyHave(gateway: GatewayKey, version: string): boolean {
    return this.#table.allReadyHave(gateway, version);
  }

  whenAllReadyHave(gateway: GatewayKey, version: string, waitMs: number): Promise<boolean> {
    return this.#waiters.wait(gateway, version, waitMs);
  }

  useCertificate(certificate: ServerCertificate): void {
    this.#server.useCertificate(certificate);
  }

  watchLocal(listener: (observation: LocalObservation) => void): () => void {
    for (const [connection, record] of this.#table.recordsOf(here))
      listener({ kind: 'Seen', connection, record });
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    if (this.#orderTimer !== null) clearTimeout(this.#orderTimer);
    this.#waiters.stop();
    await this.#server.stop();
    for (const hearing of this.#hearings.values()) hearing.end();
  }

  #changed(gateway: GatewayKey, versionChanged: boolean): void {
    if (versionChanged) return this.#wake(gateway);
    this.#newOrders.add(gateway);
    this.#orderTimer ??= setTimeout(() => {
      this.#orderTimer = null;
      for (const gateway of this.#newOrders) this.#wake(gateway);
      this.#newOrders.clear();
    }, this.#limits.orderDelayMs);
  }

  #wake(gateway: GatewayKey): void {
    for (const stream of this.#streams.get(gateway) ?? []) stream.wake();
  }

  #observe(gateway: GatewayKey): void {
    this.#options.onObservation(gateway, this.dataPlanes(gateway));
    this.#waiters.check(gateway);
  }

  #tellLocal(observation: LocalObservation): void {
    for (const listener of this.#listeners) listener(observation);
  }

  #openDataPlane(call: Call): Opened {
    const hello = dataPlaneMessage(call.line);
    if (hello?.type !== 'hello') return { ok: false, status: 400, reason: 'the first line must be a hello' };
    const { gateway, instance, protocol } = hello;
    if (protocol !== protocolNumber)
      return { ok: false, status: 400, reason: `protocol ${protocol} is not spoken` };
    if (!this.#options.mayServe(call.identity, gateway)) {
      const account = `${call.identity.namespace}/${call.identity.serviceAccount}`;
      return { ok: false, status: 403, reason: `ServiceAccount ${account} may not have Gateway ${gateway}` };
    }
    this.#connections += 1;
    const connection = String(this.#connections);
    return {
      ok: true,
      peer: `${gateway} ${instance}`,
      rate: this.#limits,
      ...this.#dataPlane(call, connection, () => {
        return new DataPlaneStream(call.stream, {
          hello,
          limits: this.#limits,
          published: () => this.#published.get(gateway) ?? null,
          onRecord: (record) => this.#hearingOf(gateway).said(connection, record),
          onMissingKey: (message) => this.#hearingOf(gateway).misses(message),
          onToken: call.renew,
          onFailure: call.end,
        });
      }),
    };
  }

  #dataPlane(
    call: Call,
    connection: string,
    create: () => DataPlaneStream,
  ): Pick<Extract<Opened, { ok: true }>, 'start' | 'onLine' | 'onClose'> {
    let stream: DataPlaneStream | null = null;
    return {
      start: () => {
        stream = create();
        const streams = this.#streams.get(stream.gateway) ?? new Set();
        this.#streams.set(stream.gateway, streams.add(stream));
        stream.wake();
      },
      onLine: (line) => {
        const message = dataPlaneMessage(line);
        if (message?.type === 'hello') call.end('a second hello');
        else if (message !== null) stream?.take(message);
      },
      onClose: () => {
        if (stream === null) return;
        const streams = this.#streams.get(stream.gateway);
        streams?.delete(stream);
        if (streams?.size === 0) this.#streams.delete(stream.gateway);
        this.#hearingOf(stream.gateway).said(connection, null);
      },
    };
  }

  #hearingOf(gateway: GatewayKey): GatewayHearing {
    const known = this.#hearings.get(gateway);
    if (known !== undefined) return known;
    for (const [other, hearing] of this.#hearings) if (hearing.isRested()) this.#hearings.delete(other);
    const hearing = new GatewayHearing({
      limits: this.#limits,
      onHeard: (heard) => this.#hear(heard),
      onMissingKey: (message) => this.#missingKey(message),
    });
    this.#hearings.set(gateway, hearing);
    return hearing;
  }

  #hear(heard: Heard): void {
    for (const connection of this.#table.change(here, heard)) {
      const record = heard.get(connection) ?? null;
      this.#tellLocal(record === null ? { kind: 'Gone', connection } : { kind: 'Seen', connection, record });
    }
  }

  #openPeer(call: Call): Opened {
    const hello = peerMessage(call.line);
    if (hello?.type !== 'peer') return { ok: false, status: 400, reason: 'the first line must be a peer' };
    if (hello.protocol !== protocolNumber) {
      return { ok: false, status: 400, reason: `protocol ${hello.protocol} is not spoken` };
    }
    if (!this.#options.isPeer(call.identity)) return { ok: false, status: 403, reason: 'not a controller' };
    this.#connections += 1;
    // The stream's number: a replica that comes back is heard before its old stream is known to be dead.
    const source = `${hello.replica} ${this.#connections}`;
    const { peerRecordsMax, peerLinesPerSecondMax, peerBytesPerSecondMax } = this.#limits;
    const peer = new PeerStream(source, {
      table: this.#table,
      recordsMax: peerRecordsMax,
      onMissingKey: (keySet, kid) => this.#options.onMissingKey(keySet, kid),
      onToken: call.renew,
    });
    return {
      ok: true,
      peer: `replica ${hello.replica}`,
      rate: { linesPerSecondMax: peerLinesPerSecondMax, bytesPerSecondMax: peerBytesPerSecondMax },
      start: () => {},
      onLine: (line) => peer.take(line),
      onClose: () => this.#table.deleteSource(source),
    };
  }

  #missingKey(message: MissingKey): void {
    this.#options.onMissingKey(message.keySet, message.kid);
    this.#tellLocal({ kind: 'MissingKey', message });
  }
}
