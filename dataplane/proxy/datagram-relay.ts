import { Fields } from '#dataplane/http/fields.ts';
import { DatagramSocket } from '#dataplane/upstream/datagram-socket.ts';
import { relayRecord } from './record.ts';
import type { RelayedDatagrams, RunningDatagrams } from './downstream.ts';
import type { Surroundings } from './surroundings.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { Relay } from '#dataplane/runtime.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { DatagramEvents } from '#dataplane/upstream/datagram-socket.ts';
import type { UpstreamEndpoint } from '#dataplane/upstream/endpoint.ts';

/**
 * What one client sends to a port, and what comes back to it: all to the endpoint that was picked for the first
 * datagram. Ends when the endpoint refuses or the listener has heard nothing for a while; every path ends in
 * #finish, once.
 */
export class DatagramRelay implements DatagramEvents, RunningDatagrams {
  readonly #around: Surroundings;
  readonly #relay: Relay;
  readonly #from: RelayedDatagrams;
  readonly #startedMs: number;
  #cluster: UpstreamCluster | null = null;
  #endpoint: UpstreamEndpoint | null = null;
  #socket: DatagramSocket | null = null;
  #bytesIn = 0;
  #bytesOut = 0;
  #isFinished = false;

  constructor(around: Surroundings, relay: Relay, from: RelayedDatagrams) {
    this.#around = around;
    this.#relay = relay;
    this.#from = from;
    this.#startedMs = around.now();
  }

  /** Looks for an endpoint; false when there is none, and this is over. */
  start(): boolean {
    const failure = this.#begin();
    if (failure !== null) this.#finish(failure);
    return failure === null;
  }

  get isLost(): boolean {
    return this.#endpoint?.hasLeft ?? true;
  }

  send(data: Buffer): void {
    this.#bytesIn += data.length;
    this.#socket?.send(data);
  }

  close(): void {
    this.#finish(null);
  }

  datagram(data: Buffer): void {
    if (this.#bytesOut === 0) this.#endpoint?.settled('Answered');
    this.#bytesOut += data.length;
    this.#from.reply(data);
  }

  /** The client's next datagram finds another endpoint. */
  refused(detail: string): void {
    this.#endpoint?.settled('ConnectFailed');
    this.#endpoint?.doubt();
    this.#finish({ kind: 'ConnectFailed', detail });
  }

  #begin(): Failure | null {
    const cluster = this.#relay.pick();
    if (cluster === null) return { kind: 'NoBackend' };
    if (!cluster.began()) return { kind: 'Overloaded' };
    this.#cluster = cluster;
    const endpoint = cluster.pick(cluster.hashOf(new Fields(), this.#from.client.address), []);
    if (endpoint === null) return { kind: 'NoEndpoint' };
    this.#endpoint = endpoint;
    endpoint.load += 1;
    this.#socket = new DatagramSocket(endpoint, this);
    return null;
  }

  #finish(failure: Failure | null): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#socket?.close();
    if (this.#endpoint !== null) this.#endpoint.load -= 1;
    this.#cluster?.ended();
    const { observer, now } = this.#around;
    const { listener, route, rule } = this.#relay;
    observer.exchangeFinished(
      relayRecord({
        listener,
        route,
        rule,
        cluster: this.#cluster?.name ?? null,
        endpoint: this.#endpoint?.name ?? null,
        protocol: 'UDP',
        client: this.#from.client,
        failure,
        attempts: this.#endpoint === null ? 0 : 1,
        bytesIn: this.#bytesIn,
        bytesOut: this.#bytesOut,
        startedMs: this.#startedMs,
        durationMs: now() - this.#startedMs,
      }),
    );
    this.#from.closed();
  }
}
