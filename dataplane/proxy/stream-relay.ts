// One byte stream's life, of which no protocol is known: a backend, a connection to it, octets both ways until both
// sides have ended. It knows neither the client's socket nor what is said.
import { Fields } from '#dataplane/http/fields.ts';
import { ChannelOpening } from '#dataplane/upstream/channel-opening.ts';
import { proxyHeader } from '#dataplane/upstream/proxy-header.ts';
import { relayRecord } from './record.ts';
import { Tunnel } from './tunnel.ts';
import type { RelayedStream, RunningRelay } from './downstream.ts';
import type { Surroundings } from './surroundings.ts';
import type { TunnelTotals } from './tunnel.ts';
import type { Channel } from '#dataplane/http/channel.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Relay } from '#dataplane/runtime.ts';
import type { OpeningEvents } from '#dataplane/upstream/channel-opening.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { UpstreamEndpoint } from '#dataplane/upstream/endpoint.ts';

/** Endpoints that are tried for one stream, where there are so many. */
const triesMax = 3;

/** Drives one stream; every path ends in #finish, once. A stream without a backend is cut. */
export class StreamRelay implements OpeningEvents, RunningRelay {
  readonly #around: Surroundings;
  readonly #relay: Relay;
  readonly #stream: RelayedStream;
  readonly #startedMs: number;
  /** Null until one has let the stream in. */
  #cluster: UpstreamCluster | null = null;
  /** The one that was tried last, or is used. */
  #endpoint: UpstreamEndpoint | null = null;
  /** The same, while the stream counts as a load of it. */
  #loaded: UpstreamEndpoint | null = null;
  readonly #tried: UpstreamEndpoint[] = [];
  #opening: ChannelOpening | null = null;
  #backend: Channel | null = null;

  constructor(around: Surroundings, relay: Relay, stream: RelayedStream) {
    this.#around = around;
    this.#relay = relay;
    this.#stream = stream;
    this.#startedMs = around.now();
  }

  get buffered(): number {
    return this.#stream.channel.unsent + (this.#backend?.unsent ?? 0);
  }

  /** Looks for a backend, and joins the client with it. */
  start(): void {
    const cluster = this.#relay.pick();
    if (cluster === null) this.#refuse({ kind: 'NoBackend' });
    else if (cluster.began()) this.#startAt(cluster);
    else this.#refuse({ kind: 'Overloaded' });
  }

  close(): void {
    if (this.#opening === null) {
      this.#stream.channel.reset();
      return;
    }
    this.#opening.abort();
    this.#opening = null;
    this.#refuse({ kind: 'ClientGone' });
  }

  opened(backend: Channel): void {
    this.#opening = null;
    this.#backend = backend;
    this.#endpoint?.settled('Answered');
    const { deadlines, now } = this.#around;
    const { channel, times } = this.#stream;
    const watch = { deadlines, now, times };
    const closed = (totals: TunnelTotals): void => this.#finish(null, totals);
    new Tunnel({ client: channel, backend }, watch, closed).start();
  }

  openFailed(failure: Failure): void {
    this.#opening = null;
    if (this.#loaded !== null) this.#tried.push(this.#loaded);
    this.#loaded?.settled('ConnectFailed');
    this.#unload();
    const next = this.#tried.length < triesMax ? this.#pick() : null;
    if (next !== null && !this.#tried.includes(next)) this.#open(next);
    else this.#refuse(failure);
  }

  #startAt(cluster: UpstreamCluster): void {
    this.#cluster = cluster;
    const endpoint = this.#pick();
    if (endpoint === null) this.#refuse({ kind: 'NoEndpoint' });
    else this.#open(endpoint);
  }

  /** Only the client's address can lead a stream to the endpoint of another one. */
  #pick(): UpstreamEndpoint | null {
    const cluster = this.#cluster;
    return cluster?.pick(cluster.hashOf(new Fields(), this.#stream.client.address), this.#tried) ?? null;
  }

  #open(endpoint: UpstreamEndpoint): void {
    const cluster = this.#cluster;
    if (cluster === null) return;
    this.#endpoint = endpoint;
    this.#loaded = endpoint;
    endpoint.load += 1;
    this.#opening = new ChannelOpening(endpoint, cluster, this.#header(cluster), this);
  }

  #unload(): void {
    if (this.#loaded !== null) this.#loaded.load -= 1;
    this.#loaded = null;
  }

  #header({ proxyProtocol }: UpstreamCluster): Buffer | null {
    const { client, destination } = this.#stream;
    return proxyProtocol === null ? null : proxyHeader(proxyProtocol, client, destination);
  }

  /** Cut and not ended: to the client a stream that ended would be one that a backend has served. */
  #refuse(failure: Failure): void {
    this.#stream.channel.reset();
    this.#finish(failure, { bytesIn: 0, bytesOut: 0 });
  }

  #finish(failure: Failure | null, totals: TunnelTotals): void {
    const { observer, now } = this.#around;
    const { client, protocol } = this.#stream;
    this.#unload();
    this.#cluster?.ended();
    const { listener, route, rule } = this.#relay;
    observer.exchangeFinished(
      relayRecord({
        ...totals,
        listener,
        route,
        rule,
        cluster: this.#cluster?.name ?? null,
        endpoint: this.#endpoint?.name ?? null,
        protocol,
        client,
        failure,
        attempts: this.#tried.length + (this.#backend === null ? 0 : 1),
        startedMs: this.#startedMs,
        durationMs: now() - this.#startedMs,
      }),
    );
  }
}
